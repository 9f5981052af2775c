#ifndef SIGNALBOX_SERVER_RECOVERY_DIAGNOSIS_H_
#define SIGNALBOX_SERVER_RECOVERY_DIAGNOSIS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/github/credentials.h"
#include "server/github/request_gate.h"
#include "server/outbox/outbox.h"
#include "server/recovery/findings.h"
#include "server/recovery/questions.h"
#include "server/report/diagnosis.h"
#include "server/report/status_key.h"

namespace signalbox {

// Diagnostician finds out whether statuses can be set in a repository, for
// somebody who waits: what its credential is and may do, what GitHub shows of
// the repository, and how the hooks are set up that tell of it. It changes
// nothing at GitHub.
//
// It has no thread of its own: what calls Questions::RunOnce calls RunOnce as
// well, on the same thread. Diagnose and Close are thread-safe. The questions
// must not be run any more when this is destroyed.
class Diagnostician {
 public:
  struct Options {
    std::vector<std::string> hook_urls;  // As in Recovery::Options.
    // What is not known by then is not waited for.
    absl::Duration time_limit = absl::Seconds(8);
    // A diagnosis serves for so long whoever asks about the same repository.
    absl::Duration reuse_for = absl::Seconds(10);
    // More at a time are refused, with a problem that says so.
    size_t max_at_once = 16;
  };

  // All pointers are borrowed.
  Diagnostician(Options options, Outbox* outbox, Credentials* credentials,
                Questions* questions, RequestGate* gate, Clock* clock);

  // `done` runs once, on any thread, within this call too: at the latest a
  // little after the time limit.
  void Diagnose(const Repository& repository,
                std::function<void(Diagnosis)> done);

  // Answers who has waited too long, and returns when it wants to be called
  // again.
  absl::Time RunOnce();

  // Answers all who wait, now, and everybody from now on.
  void Close();

 private:
  using Done = std::function<void(Diagnosis)>;

  // One repository that is being looked at, or was.
  struct Case {
    Findings findings;
    absl::Time give_up;  // Steady.
    int open_questions = 0;
    std::vector<Done> waiting;

    // Set once it is known.
    std::optional<Diagnosis> diagnosis;
    absl::Time forget_time;  // Steady.
  };
  using CasePointer = std::shared_ptr<Case>;

  absl::Time Steady() const { return absl::UnixEpoch() + clock_->Monotonic(); }
  Case& AddCase(const Repository& repository, const std::string& credential);

  void Ask(const CasePointer& one, Finding Findings::*finding,
           const std::string& credential, std::string path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void HaveAnswer(const CasePointer& one, Finding Findings::*finding,
                  const GitHubReply& reply);
  // The repository was answered about, one way or the other.
  void AskForHooks(const CasePointer& one) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Adds what is known without asking.
  void Complete(Findings* findings) const;
  void Finish(const CasePointer& one);

  const Options options_;
  Outbox* const outbox_;
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

#endif  // SIGNALBOX_SERVER_RECOVERY_DIAGNOSIS_H_
