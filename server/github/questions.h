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
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"

namespace signalbox {

// A question: a request to GitHub that sets no commit status.
struct Question {
  // The id of the credential that the request is made with.
  std::string credential = {};
  ApiRequest request = {};
  // A person waits for the answer. Urgent questions of a credential are sent
  // before its other questions, and without the pause between questions.
  bool urgent = false;
  // GitHub must not act on the request twice. If it may have acted and its
  // answer is missing, Questions does not send the request again; the reply has
  // the verdict kRetryAmbiguous.
  bool once = false;
  // How long Questions may try, counted from Ask.
  absl::Duration patience = absl::Minutes(30);
};

// Whether the same question would fail again: GitHub answered it with a
// permanent refusal, or there is no such credential. False if GitHub did what
// was asked. False also if the question may succeed later: GitHub did not
// answer, a rate limit came first, or GitHub refused the token.
bool IsRefused(const Verdict& verdict);

// Questions sends the questions of recovery and of diagnoses to GitHub, and
// hands their answers back. Posts are more urgent: they use the same
// RequestGate, and questions leave them the budget that is kept for results.
// So each credential has at most one question in flight. The others wait in
// line, in the order of the calls of Ask. After a question that is not urgent
// follows a pause (RequestGate::QuestionGap).
//
// Questions repeats a question by itself after a transient failure: a 5xx, no
// answer, a rate limit, or a token that is being renewed. The caller gets a
// reply in these cases:
// - GitHub gave any other answer.
// - The credential is stopped: verdict kStop, with the reason of
//   Credentials::Get.
// - There is no such credential: verdict kAbandon, reason NO_CREDENTIAL.
// - The patience is over: verdict kRetry. The reason is that of the last
//   failure. If the question was never sent, the reason is what it waited for:
//   CREDENTIAL_NOT_READY, a reason of RequestGate, or NOT_ASKED (other
//   questions came first, or Options::may_ask forbade it).
// If GitHub did not answer, `answer` of the reply is an error.
//
// Questions has no thread of its own: a Worker or a simulation calls RunOnce.
//
// Only one thread at a time may call RunOnce; everything else is thread-safe.
// The transport under `github` must have ended before this is destroyed.
class Questions {
 public:
  // Gets the reply. Questions calls it within RunOnce; it may call Ask.
  using Answered = std::function<void(const GitHubReply&)>;

  struct Options {
    // Stores on disk that GitHub wants no requests of this credential for this
    // long. `now` is by the wall clock. Questions calls it within RunOnce.
    // Null: after a restart, requests may begin too early.
    std::function<absl::Status(const std::string& credential,
                               absl::Duration pause_for, absl::Time now)>
        store_pause;
    // Whether this process may send questions now. When that changes to true,
    // wake `wake_up`. Null: it always may.
    std::function<bool()> may_ask = nullptr;
    // While this many questions wait, RunOnce answers further ones as if their
    // patience was over.
    size_t max_waiting = 10'000;
  };

  // All pointers are borrowed. Questions wakes `wake_up` when RunOnce has
  // something to do, and `freed` when a request has ended: the poster's next
  // request may be admitted then.
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

  // Puts the question in line; does not block. Each question gets one reply,
  // except after Close.
  void Ask(Question question, Answered answered);

  // Calls Answered for the replies that have come, and sends the questions that
  // may be sent now. Returns when to call it again, by the wall clock;
  // absl::InfiniteFuture(): only after `wake_up`.
  absl::Time RunOnce();

  // For the shutdown: from the next RunOnce on, Questions sends nothing more.
  // Questions that wait in line then get no reply.
  void Close();

 private:
  struct Waiting {
    Question question;
    Answered answered;
    SteadyTime give_up;
    int tries = 0;
    GitHubReply last;  // The last transient failure.
  };

  // The questions of one credential.
  struct Line {
    std::deque<std::unique_ptr<Waiting>> urgent;
    std::deque<std::unique_ptr<Waiting>> patient;
    bool asking = false;
    SteadyTime rest_end;
    SteadyTime retry_time;
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
  void StorePause(const std::string& credential, const Moment& now);
  // Begins the first question of a line if it may begin; else returns when to
  // look again.
  SteadyTime Begin(const std::string& credential, Line& line);
  void Send(const std::string& credential, std::unique_ptr<Waiting> waiting,
            const Token& token);
  void GiveUp(Line& line, SteadyTime now, SteadyTime& next);
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
