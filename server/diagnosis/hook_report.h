#ifndef SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
#define SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_

#include <string>
#include <vector>

#include "server/diagnosis/findings.h"

namespace signalbox {

// What to say about the webhooks for a repository.
struct HookReport {
  std::vector<std::string> settings;  // A sentence each.
  std::vector<Problem> problems;
};

// Turns the answers about hooks into sentences and problems. Of a repository's
// and an organisation's hooks only the server's own count, by their URL or
// because their deliveries reach the server. A missing hook is a problem only
// if an unreadable one is unlikely: all hooks can be read, or no delivery has
// ever come from that host. Pure.
HookReport ReportHooks(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_HOOK_REPORT_H_
