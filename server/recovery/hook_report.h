#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_REPORT_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_REPORT_H_

#include <string>
#include <vector>

#include "server/recovery/findings.h"

namespace signalbox {

// What there is to say of the webhooks that tell us of a repository.
struct HookReport {
  std::vector<std::string> settings;  // A sentence each.
  std::vector<Problem> problems;
};

// Reads the answers about hooks. Of a repository's and an organisation's only
// ours count: by their URL, or because their deliveries reach us. That there is
// none of ours is a problem only if one that cannot be read is unlikely: all
// can be read, or nothing has ever reached us from that host. Pure.
HookReport ReportHooks(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_REPORT_H_
