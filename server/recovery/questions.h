#ifndef SIGNALBOX_SERVER_RECOVERY_QUESTIONS_H_
#define SIGNALBOX_SERVER_RECOVERY_QUESTIONS_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Something to be asked of GitHub.
struct Question {
  std::string credential;  // In whose name.
  ApiRequest request;
  // A person waits: goes before the others, and without the gap.
  bool urgent = false;
  // It changes something that must not happen twice: an end that nobody knows
  // is its answer (verdict kRetryAmbiguous).
  bool once = false;
  // How long it may wait for its turn and for troubles to pass.
  absl::Duration patience = absl::Minutes(30);
};

// Whether GitHub refused the question itself. False if it worked, and if nobody
// was asked, nobody answered, a limit was met or the token was refused: the
// same question may be answered later.
bool IsRefused(const Verdict& verdict);

// Questions puts questions to GitHub for those who can wait, so that the posts
// do not: one at a time per credential, in order, through the gate that the
// posts go through, without touching what is kept for results, and with a gap
// behind each.
//
// A trouble that passes (5xx, silence, a limit, a token that is being renewed)
// is waited for. What ends a question is any other answer; that its credential
// is stopped (verdict kPark, with the reason of Credentials::Get, or kAbandon
// and NO_CREDENTIAL) or that its patience is over (kRetry, with the reason of
// the last trouble, or of what it waited for: CREDENTIAL_NOT_READY, one of
// RequestGate's, or NOT_ASKED). Then `answer` of the reply is an error if
// GitHub did not answer.
//
// It has no thread of its own: a Worker calls RunOnce, or a simulation does.
//
// RunOnce by one thread at a time; everything else is thread-safe. The
// transport under `github` must have ended before this is destroyed.

class Questions {
 public:
  // Runs within RunOnce, and may ask more.
  using Answered = std::function<void(const GitHubReply&)>;

  struct Options {
    // How long a credential rests after a question that is not urgent.
    std::function<absl::Duration(absl::string_view credential)> gap_of;
    // More questions that wait are refused, as if their patience was over.
    size_t max_waiting = 10'000;
  };

  // All pointers are borrowed. `wake` asks for a call of RunOnce. `freed` is
  // called when a request has ended: who waits at the gate may go on. Both may
  // be called on any thread.
  Questions(Options options, Outbox* outbox, Credentials* credentials,
            GitHubClient* github, RequestGate* gate, Metrics* metrics,
            Clock* clock, std::function<void()> wake,
            std::function<void()> freed);

  void Ask(Question question, Answered answered);

  // Hands out what was answered, asks what may be asked now, and returns when
  // it wants to be called again.
  absl::Time RunOnce();

  // Asks nothing more from the next RunOnce on.
  void Close();

 private:
  struct Waiting {
    Question question;
    Answered answered;
    absl::Time give_up;  // Steady.
    int tries = 0;
    GitHubReply last;  // The trouble it met last.
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

  absl::Time Steady() const { return absl::UnixEpoch() + clock_->Monotonic(); }
  static GitHubReply Unanswered(Action action, std::string reason,
                                std::string message);

  void TakeNew();
  void TakeEnded();
  void NoteEnd(Ended ended);
  void NoteLimit(const std::string& credential, const Verdict& verdict);
  // Begins the first question of a line if that may be; else says when to look
  // again, on the steady clock.
  absl::Time Begin(const std::string& credential, Line& line);
  void Send(const std::string& credential, std::unique_ptr<Waiting> waiting,
            const Token& token);
  void GiveUp(Line& line, absl::Time now, absl::Time& next);
  void RefuseAll(Line& line, const GitHubReply& reply);

  const Options options_;
  Outbox* const outbox_;
  Credentials* const credentials_;
  GitHubClient* const github_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::function<void()> wake_;
  const std::function<void()> freed_;

  // RunOnce's own.
  std::map<std::string, Line> lines_;
  size_t waiting_count_ = 0;

  Mutex mu_;
  std::vector<std::unique_ptr<Waiting>> new_ ABSL_GUARDED_BY(mu_);
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_QUESTIONS_H_
