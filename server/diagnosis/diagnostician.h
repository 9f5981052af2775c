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

// Diagnostician finds out whether the server can set statuses in a repository,
// while a caller waits. It looks at the credential and its permissions, at what
// GitHub shows of the repository, and at the hooks for it. It changes nothing
// at GitHub.
//
// Diagnostician has no thread of its own: the thread that calls
// Questions::RunOnce also calls RunOnce. Diagnose and Close are thread-safe.
// The questions must not run any more when it is destroyed.
class Diagnostician {
 public:
  struct Options {
    std::vector<std::string> hook_urls;  // Globs, for MayBeOurHookUrl.
    // The diagnosis uses the answers that have arrived by then.
    absl::Duration time_limit = absl::Seconds(8);
    // How long a diagnosis is reused for other callers.
    absl::Duration reuse_for = absl::Seconds(10);
    // Diagnoses over this number at a time are refused, with a problem that
    // says so.
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

  // `done` runs once, on any thread, perhaps within this call, and at the
  // latest shortly after the time limit.
  void Diagnose(const Repository& repository,
                std::function<void(Diagnosis)> done);

  // Answers the callers whose time is over, and returns when to call it again.
  absl::Time RunOnce();

  // Answers all waiting callers now, and later callers at once.
  void Close();

 private:
  using Done = std::function<void(Diagnosis)>;

  // A repository that is being diagnosed, or was.
  struct Case {
    Findings findings;
    absl::Time give_up;  // Steady.
    int open_questions = 0;
    std::vector<Done> waiting;

    // Set once the diagnosis is finished.
    std::optional<Diagnosis> diagnosis;
    absl::Time forget_time;  // Steady.
  };
  using CasePointer = std::shared_ptr<Case>;

  void Ask(const CasePointer& one, Finding Findings::*finding,
           const std::string& credential, std::string path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void HaveAnswer(const CasePointer& one, Finding Findings::*finding,
                  const GitHubReply& reply);
  // GitHub has answered the question about the repository, or refused it.
  void AskForHooks(const CasePointer& one) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Adds what the server knows without a question.
  void Complete(Findings* findings) const;
  void Finish(const CasePointer& one);

  const Options options_;
  RecoveryNotes* const notes_;
  Credentials* const credentials_;
  Questions* const questions_;
  RequestGate* const gate_;
  Clock* const clock_;

  Mutex mu_;
  // By canonical name.
  std::map<std::string, CasePointer> cases_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_DIAGNOSIS_DIAGNOSTICIAN_H_
