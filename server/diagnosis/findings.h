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

// A question to GitHub for a diagnosis, and the answer.
struct Finding {
  bool asked = false;
  std::optional<GitHubReply> reply;  // Nothing: no answer in time.
};

// Whether a question failed for a transient reason: the server could not ask,
// GitHub did not answer, or a rate limit came first.
bool WasTrouble(const Verdict& verdict);

// What Diagnostician has found out about a repository: all that a diagnosis is
// made from. All times are by the wall clock.
struct Findings {
  Repository repository;
  std::string credential;  // Empty: none is configured for the repository.
  CredentialState state;   // Of this credential. `app` set: it is an App's.
  RateLimiter::BudgetView budget;  // Of this credential.
  absl::Time now;
  // Until when GitHub wants no requests of this credential. Not after `now`:
  // there is no limit.
  absl::Time limited_until = absl::InfinitePast();

  // GitHub's answers to these questions:
  Finding repository_answer;           // GET /repos/OWNER/NAME
  Finding repository_hooks;            // GET /repos/OWNER/NAME/hooks
  Finding organization_hooks;          // GET /orgs/OWNER/hooks
  Finding app_hook;                    // GET /app/hook/config
  Finding app;                         // GET /app
  std::vector<SeenHook> seen_hooks;    // Those that reached the server.
  std::vector<std::string> hook_urls;  // Globs, for MayBeOurHookUrl.
};

// Turns the findings into a diagnosis for people: facts and problems, each with
// what to do. Text from GitHub gets into it only if it is printable and short.
// Pure.
Diagnosis Conclude(const Findings& findings);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_FINDINGS_H_
