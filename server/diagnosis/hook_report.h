#ifndef SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
#define SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_

#include "server/diagnosis/findings.h"

namespace signalbox {

// Turns the answers about hooks into `hook_settings` and `problems`; nothing
// else of the result is set. Of a repository's and an organisation's hooks only
// the server's own count, by their URL or because their deliveries reach the
// server. A missing hook is a problem only if an unreadable one is unlikely:
// all hooks can be read, or no delivery has ever come from that host. Pure.
Diagnosis ReportHooks(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
