#ifndef SIGNALBOX_SERVER_GITHUB_QUESTIONS_H_
#define SIGNALBOX_SERVER_GITHUB_QUESTIONS_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"

namespace signalbox {

// A question to GitHub.
struct Question {
  std::string credential = {};  // The one to ask with.
  ApiRequest request = {};
  // A person waits: the question goes before others, and without the gap.
  bool urgent = false;
  // The question changes something that must not happen twice. So an unknown
  // end is its answer (verdict kRetryAmbiguous), and it is not repeated.
  bool once = false;
  // How long the question may wait for its turn and for transient failures to
  // end.
  absl::Duration patience = absl::Minutes(30);
};

// Whether GitHub refused the question itself. False for success, and if the
// question was not sent, got no answer, met a limit or had its token refused:
// the same question may succeed later.
bool IsRefused(const Verdict& verdict);

// Questions sends questions to GitHub that are less urgent than posts. It sends
// one at a time per credential, in order, with a gap after each that is not
// urgent. It uses the same gate as the posts, and no budget that is kept for
// results.
//
// Questions waits for transient failures (5xx, no answer, a limit, a token that
// is being renewed) to end. It hands out the reply when one of these happens:
// - GitHub gives any other answer.
// - The credential is stopped (verdict kStop, with the reason of
//   Credentials::Get), or there is none (kAbandon, NO_CREDENTIAL).
// - The patience is over (kRetry). The reason is that of the last failure, or
//   what the question waited for: CREDENTIAL_NOT_READY, a reason of
//   RequestGate, or NOT_ASKED.
//
// If GitHub did not answer, `answer` of the reply is an error.
//
// Questions has no thread of its own: a Worker or a simulation calls RunOnce.
//
// Only one thread at a time may call RunOnce; everything else is thread-safe.
// The transport under `github` must have ended before this is destroyed.
class Questions {
 public:
  // Runs within RunOnce, and may call Ask.
  using Answered = std::function<void(const GitHubReply&)>;

  struct Options {
    // Stores until when a credential must make no requests, so that a restart
    // does not forget it. Runs within RunOnce. Null: a restart forgets it.
    std::function<absl::Status(const std::string& credential, absl::Time until,
                               absl::Time now)>
        store_pause;
    // Waiting questions over this number are answered at once, as if their
    // patience was over.
    size_t max_waiting = 10'000;
  };

  // All pointers are borrowed. `wake_up` asks for a call of RunOnce. `freed` is
  // woken when a request has ended, so that others may pass the gate.
  Questions(Options options, Credentials* credentials, GitHubClient* github,
            RequestGate* gate, Metrics* metrics, Clock* clock, WakeUp* wake_up,
            WakeUp* freed)
      : options_(std::move(options)),
        credentials_(credentials),
        github_(github),
        gate_(gate),
        metrics_(metrics),
        clock_(clock),
        wake_up_(wake_up),
        freed_(freed) {}

  void Ask(Question question, Answered answered);

  // Hands out answers, sends the questions that may be sent now, and returns
  // when to call it again.
  absl::Time RunOnce();

  // From the next RunOnce on, sends no more questions.
  void Close();

 private:
  struct Waiting {
    Question question;
    Answered answered;
    absl::Time give_up;  // Steady.
    int tries = 0;
    GitHubReply last;  // The last transient failure.
  };

  // The questions of one credential.
  struct Line {
    std::deque<std::unique_ptr<Waiting>> urgent;
    std::deque<std::unique_ptr<Waiting>> patient;
    bool asking = false;
    absl::Time rest_end = absl::InfinitePast();  // Steady.
    absl::Time retry_time = absl::InfinitePast();
  };

  struct Ended {
    std::string credential;
    std::unique_ptr<Waiting> waiting;  // Null: it was a probe.
    Token token;
    GitHubReply reply;
  };

  static GitHubReply Unanswered(Action action, std::string reason,
                                std::string message);

  void TakeNew();
  void TakeEnded();
  void NoteEnd(Ended ended);
  void NoteLimit(const std::string& credential, const Verdict& verdict);
  // Begins the first question of a line if it may begin; else returns when to
  // look again, on the steady clock.
  absl::Time Begin(const std::string& credential, Line& line);
  void Send(const std::string& credential, std::unique_ptr<Waiting> waiting,
            const Token& token);
  void GiveUp(Line& line, absl::Time now, absl::Time& next);
  void RefuseAll(Line& line, const GitHubReply& reply);

  const Options options_;
  Credentials* const credentials_;
  GitHubClient* const github_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  Clock* const clock_;
  WakeUp* const wake_up_;
  WakeUp* const freed_;

  // Only RunOnce uses these.
  std::map<std::string, Line> lines_;
  size_t waiting_count_ = 0;

  Mutex mu_;
  std::vector<std::unique_ptr<Waiting>> new_ ABSL_GUARDED_BY(mu_);
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_QUESTIONS_H_
