#ifndef SIGNALBOX_SERVER_RECOVERY_FINDINGS_H_
#define SIGNALBOX_SERVER_RECOVERY_FINDINGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/rate_limiter.h"
#include "server/outbox/outbox.h"
#include "server/report/diagnosis.h"
#include "server/report/status_key.h"

namespace signalbox {

// Something that GitHub was asked.
struct Finding {
  bool asked = false;
  std::optional<GitHubReply> reply;  // Nothing: it did not answer in time.
};

// GitHub did not answer what it was asked, and may do so later.
bool WasTrouble(const Verdict& verdict);

// What was found out about a repository, before it is said in words. Of the
// state `app` tells whether the credential is an App's.
struct Findings {
  Repository repository;
  std::string credential;  // Empty: none posts.
  CredentialState state;   // The credential's.
  RateLimiter::BudgetView budget;
  absl::Time now;                                   // Wall, as all of these.
  absl::Time limited_until = absl::InfinitePast();  // By GitHub.

  Finding repository_answer;   // GET /repos/OWNER/NAME
  Finding repository_hooks;    // GET /repos/OWNER/NAME/hooks
  Finding organization_hooks;  // GET /orgs/OWNER/hooks
  Finding app_hook;            // GET /app/hook/config
  Finding app;                 // GET /app
  std::vector<SeenHook> seen_hooks;
  std::vector<std::string> hook_urls;  // As Recovery::Options has them.
};

// What all that means for somebody who wants statuses to be set. Nothing of
// GitHub's text gets into it that is not printable, or long. Pure.
Diagnosis Conclude(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_FINDINGS_H_
