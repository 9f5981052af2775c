#ifndef SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
#define SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_

#include "server/diagnosis/findings.h"

namespace signalbox {

// The part of a diagnosis about hooks (webhooks' settings at GitHub): do
// webhooks for this repository reach the server? Sets only `hook_settings` and
// `problems` of the result.
//
// GitHub lists the hooks of other programs, too. A hook counts if deliveries of
// it have reached the server, or if its URL looks like the server's own
// (MayBeOurHookUrl). If the report has found no hook, this is a problem only if
// there is hardly one that the server cannot read: it could read all hooks, or
// no delivery has ever come from this host. Pure.
Diagnosis ReportHooks(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
