#ifndef SIGNALBOX_SERVER_DIAGNOSIS_DIAGNOSTICIAN_H_
#define SIGNALBOX_SERVER_DIAGNOSIS_DIAGNOSTICIAN_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/diagnosis/findings.h"
#include "server/github/credentials.h"
#include "server/github/questions.h"
#include "server/github/request_gate.h"
#include "server/outbox/recovery_notes.h"
#include "server/report/diagnosis.h"
#include "server/report/status_key.h"

namespace signalbox {

// Diagnostician answers the call DiagnoseRepository: can the server set
// statuses in a repository, do webhooks arrive, and if not, what has to be
// done? It looks at the credential and its permissions, at what GitHub shows of
// the repository, and at its hooks (webhooks' settings). It changes nothing at
// GitHub.
//
// Diagnostician has no thread of its own: the thread that calls
// Questions::RunOnce also calls RunOnce. Diagnose and Close are thread-safe.
// The questions must not run any more when it is destroyed.
class Diagnostician {
 public:
  struct Options {
    std::vector<std::string> hook_urls;  // Globs, for MayBeOurHookUrl.
    // How long a diagnosis may take. It then uses the answers that GitHub has
    // given so far.
    absl::Duration time_limit = absl::Seconds(8);
    // For how long later callers get the same diagnosis again.
    absl::Duration reuse_for = absl::Seconds(10);
    // While this many repositories are being diagnosed, a caller with a further
    // one gets a diagnosis with the problem TOO_MANY_QUESTIONS.
    size_t max_at_once = 16;
  };

  // All pointers are borrowed.
  Diagnostician(Options options, RecoveryNotes* notes, Credentials* credentials,
                Questions* questions, RequestGate* gate, Clock* clock)
      : options_(std::move(options)),
        notes_(notes),
        credentials_(credentials),
        questions_(questions),
        gate_(gate),
        clock_(clock) {}

  // Diagnoses a repository, without blocking. Calls `done` once with the
  // diagnosis: within this call or on another thread, at the latest shortly
  // after the time limit.
  void Diagnose(const Repository& repository,
                std::function<void(Diagnosis)> done);

  // Answers the callers whose time limit is over. Returns when to call it
  // again, by the wall clock; absl::InfiniteFuture(): after the next Diagnose.
  absl::Time RunOnce();

  // For the shutdown: all callers that wait, and later ones at once, get a
  // diagnosis with the problem SHUTTING_DOWN.
  void Close();

 private:
  using Done = std::function<void(Diagnosis)>;

  // A repository that is being diagnosed, or whose diagnosis is kept for reuse.
  struct Case {
    Findings findings;
    SteadyTime give_up;         // The end of the time limit.
    int open_questions = 0;     // Not answered yet.
    std::vector<Done> waiting;  // The callers to answer.

    // Set once the diagnosis is finished.
    std::optional<Diagnosis> diagnosis;
    SteadyTime forget_time;  // The end of the reuse.
  };
  using CasePointer = std::shared_ptr<Case>;

  // Asks GitHub for `path`; the answer goes into `finding` of the case.
  void Ask(const CasePointer& one, Finding Findings::*finding,
           const std::string& credential, std::string path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void HaveAnswer(const CasePointer& one, Finding Findings::*finding,
                  const GitHubReply& reply);
  // Asks about the hooks, after the answer to the question about the
  // repository.
  void AskForHooks(const CasePointer& one) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Adds what the server knows without a question.
  void Complete(Findings* findings) const;
  // Makes the diagnosis, and answers the callers.
  void Finish(const CasePointer& one);

  const Options options_;
  RecoveryNotes* const notes_;
  Credentials* const credentials_;
  Questions* const questions_;
  RequestGate* const gate_;
  Clock* const clock_;

  Mutex mu_;
  std::map<CanonicalName, CasePointer> cases_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_DIAGNOSTICIAN_H_
