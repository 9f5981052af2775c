#ifndef SIGNALBOX_SERVER_DIAGNOSIS_FINDINGS_H_
#define SIGNALBOX_SERVER_DIAGNOSIS_FINDINGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/rate_limiter.h"
#include "server/outbox/recovery_notes.h"
#include "server/report/diagnosis.h"
#include "server/report/status_key.h"

namespace signalbox {

// A question to GitHub, and the answer.
struct Finding {
  bool asked = false;
  std::optional<GitHubReply> reply;  // Nothing: no answer in time.
};

// GitHub did not answer the question, and may do so later.
bool WasTrouble(const Verdict& verdict);

// The facts about a repository for a diagnosis. `state.app` says whether the
// credential is an App's.
struct Findings {
  Repository repository;
  std::string credential;  // Empty: none posts.
  CredentialState state;   // The credential's.
  RateLimiter::BudgetView budget;
  absl::Time now;                                   // Wall, as all times here.
  absl::Time limited_until = absl::InfinitePast();  // By GitHub.

  Finding repository_answer;   // GET /repos/OWNER/NAME
  Finding repository_hooks;    // GET /repos/OWNER/NAME/hooks
  Finding organization_hooks;  // GET /orgs/OWNER/hooks
  Finding app_hook;            // GET /app/hook/config
  Finding app;                 // GET /app
  std::vector<SeenHook> seen_hooks;
  std::vector<std::string> hook_urls;  // Globs, for MayBeOurHookUrl.
};

// Turns the findings into a diagnosis for people. Text from GitHub gets into it
// only if it is printable and short. Pure.
Diagnosis Conclude(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_FINDINGS_H_
