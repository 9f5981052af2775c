#include "server/github/questions.h"

#include <algorithm>

#include "common/error.h"
#include "common/log.h"
#include "server/base/doubling_wait.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

// How often to ask again for a token that is being fetched, or the gate.
constexpr absl::Duration kLookAgain = absl::Seconds(1);
// If GitHub refuses a token, the credential renews it or stops. One question
// tries at most this often.
constexpr int kMostRefusals = 3;

bool WillPass(Action action, bool once) {
  return action == Action::kRetry || action == Action::kWait ||
         (action == Action::kRetryAmbiguous && !once);
}

}  // namespace

bool IsRefused(const Verdict& verdict) {
  switch (verdict.action) {
    case Action::kDone:
    case Action::kRetry:
    case Action::kRetryAmbiguous:
    case Action::kReauthenticate:
    case Action::kStop:
    case Action::kWait:
      return false;
    case Action::kRedirect:
    case Action::kHold:
    case Action::kFitDescription:
    case Action::kDropTargetUrl:
    case Action::kRetryBriefly:
    case Action::kAbandon:
      return true;
  }
  return false;
}

void Questions::Ask(Question question, Answered answered) {
  auto waiting = std::make_unique<Waiting>();
  waiting->give_up = clock_->Steady() + question.patience;
  waiting->question = std::move(question);
  waiting->answered = std::move(answered);
  waiting->last = Unanswered(Action::kRetry, "NOT_ASKED",
                             "other questions came first, so the server did "
                             "not send this one in time");
  {
    MutexLock lock(&mu_);
    new_.push_back(std::move(waiting));
  }
  wake_up_->Wake();
}

void Questions::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

GitHubReply Questions::Unanswered(Action action, std::string reason,
                                  std::string message) {
  GitHubReply reply;
  reply.answer = absl::FailedPreconditionError(message);
  reply.verdict.action = action;
  reply.verdict.reason = std::move(reason);
  reply.verdict.message = std::move(message);
  return reply;
}

absl::Time Questions::RunOnce() {
  TakeEnded();
  TakeNew();
  {
    MutexLock lock(&mu_);
    if (closed_) return absl::InfiniteFuture();
  }
  const SteadyTime now = clock_->Steady();
  SteadyTime next = SteadyTime::InfiniteFuture();
  for (auto it = lines_.begin(); it != lines_.end();) {
    Line& line = it->second;
    GiveUp(line, now, next);
    next = std::min(next, Begin(it->first, line));
    const bool idle = line.urgent.empty() && line.patient.empty() &&
                      !line.asking && line.rest_end <= now;
    it = idle ? lines_.erase(it) : std::next(it);
  }
  {
    // An answer may have led to more questions.
    MutexLock lock(&mu_);
    if (!new_.empty()) return clock_->Now();
  }
  return clock_->Now() + (next - now);
}

void Questions::TakeNew() {
  std::vector<std::unique_ptr<Waiting>> taken;
  {
    MutexLock lock(&mu_);
    taken.swap(new_);
  }
  for (std::unique_ptr<Waiting>& waiting : taken) {
    if (waiting_count_ >= options_.max_waiting) {
      waiting->answered(waiting->last);
      continue;
    }
    ++waiting_count_;
    Line& line = lines_[waiting->question.credential];
    (waiting->question.urgent ? line.urgent : line.patient)
        .push_back(std::move(waiting));
  }
}

void Questions::TakeEnded() {
  std::vector<Ended> ended;
  {
    MutexLock lock(&mu_);
    ended.swap(ended_);
  }
  for (Ended& one : ended) NoteEnd(std::move(one));
}

void Questions::NoteEnd(Ended ended) {
  const Moment now = clock_->Look();
  const Verdict& verdict = ended.reply.verdict;
  Line& line = lines_[ended.credential];
  line.asking = false;
  gate_->LeaveQuestion(ended.credential, ended.token, ended.reply,
                       /*proves_token=*/ended.waiting == nullptr, now);
  freed_->Wake();
  metrics_->Add("signalbox_reads_total",
                "Other finished requests to GitHub, by outcome.",
                {{"verdict", verdict.reason}});
  if (verdict.action == Action::kWait) StorePause(ended.credential, now);
  if (ended.waiting == nullptr) return;

  Waiting& waiting = *ended.waiting;
  ++waiting.tries;
  const bool refused = verdict.action == Action::kReauthenticate &&
                       waiting.tries < kMostRefusals;
  if (WillPass(verdict.action, waiting.question.once) || refused) {
    if (verdict.action != Action::kWait) {
      line.retry_time =
          now.steady + DoublingWait(kFirstRetry, kMaxRetry, waiting.tries);
    }
    waiting.last = std::move(ended.reply);
    (waiting.question.urgent ? line.urgent : line.patient)
        .push_front(std::move(ended.waiting));
    return;
  }
  if (!waiting.question.urgent) {
    line.rest_end = now.steady + gate_->QuestionGap(ended.credential);
  }
  --waiting_count_;
  waiting.answered(ended.reply);
}

void Questions::StorePause(const std::string& credential, const Moment& now) {
  if (!options_.store_pause) return;
  const absl::Duration pause_for = gate_->BlockedUntil(credential) - now.steady;
  const absl::Status kept =
      options_.store_pause(credential, pause_for, now.wall);
  if (!kept.ok()) {
    LogError(
        "the database did not store a rate limit; if the server restarts "
        "before its end, it sends requests too early",
        {{"credential", credential},
         {"until", absl::FormatTime(now.wall + pause_for, absl::UTCTimeZone())},
         {"error", kept.ToString()}});
  }
}

void Questions::GiveUp(Line& line, SteadyTime now, SteadyTime& next) {
  for (auto* queue : {&line.urgent, &line.patient}) {
    std::deque<std::unique_ptr<Waiting>> kept;
    for (std::unique_ptr<Waiting>& waiting : *queue) {
      if (now < waiting->give_up) {
        next = std::min(next, waiting->give_up);
        kept.push_back(std::move(waiting));
        continue;
      }
      --waiting_count_;
      // A limit or a trouble outlasted the patience. GitHub has not refused the
      // question.
      waiting->last.verdict.action = Action::kRetry;
      waiting->answered(waiting->last);
    }
    queue->swap(kept);
  }
}

void Questions::RefuseAll(Line& line, const GitHubReply& reply) {
  for (auto* queue : {&line.urgent, &line.patient}) {
    std::deque<std::unique_ptr<Waiting>> refused;
    refused.swap(*queue);
    for (const std::unique_ptr<Waiting>& waiting : refused) {
      --waiting_count_;
      waiting->answered(reply);
    }
  }
}

SteadyTime Questions::Begin(const std::string& credential, Line& line) {
  const SteadyTime now = clock_->Steady();
  if (line.asking || (line.urgent.empty() && line.patient.empty())) {
    return line.rest_end > now ? line.rest_end : SteadyTime::InfiniteFuture();
  }
  const bool urgent = !line.urgent.empty();
  if (now < line.retry_time) return line.retry_time;
  if (!urgent && now < line.rest_end) return line.rest_end;

  auto& queue = urgent ? line.urgent : line.patient;
  // Sets the reply for the case that the patience ends during this wait.
  const auto wait_for = [&queue](absl::string_view reason,
                                 absl::string_view message) {
    if (queue.front()->tries > 0 || reason.empty()) return;
    queue.front()->last =
        Unanswered(Action::kRetry, std::string(reason), std::string(message));
  };
  if (options_.may_ask && !options_.may_ask()) {
    wait_for(
        "NOT_ASKED",
        "another server does the work now, so this one sends no questions");
    return SteadyTime::InfiniteFuture();
  }
  const absl::StatusOr<Token> token =
      credentials_->Get(credential, clock_->Now());
  if (absl::IsUnavailable(token.status())) {
    wait_for(ReasonOf(token.status()), token.status().message());
    return now + kLookAgain;
  }
  if (!token.ok()) {
    RefuseAll(line,
              Unanswered(absl::IsNotFound(token.status()) ? Action::kAbandon
                                                          : Action::kStop,
                         std::string(ReasonOf(token.status())),
                         std::string(token.status().message())));
    return SteadyTime::InfiniteFuture();
  }
  const RequestGate::Answer gate =
      gate_->AdmitQuestion(credential, *token, now);
  if (gate.when > now) {
    wait_for(gate.reason,
             "the server had to wait, so it did not send the question in time");
    return std::min(gate.when, now + kLookAgain);
  }
  if (token->probe_only) {
    Send(credential, nullptr, *token);
  } else {
    std::unique_ptr<Waiting> first = std::move(queue.front());
    queue.pop_front();
    Send(credential, std::move(first), *token);
  }
  line.asking = true;
  return SteadyTime::InfiniteFuture();
}

void Questions::Send(const std::string& credential,
                     std::unique_ptr<Waiting> waiting, const Token& token) {
  // A std::function must be copyable, so it cannot own `waiting`.
  auto ended = std::make_shared<Ended>();
  ended->credential = credential;
  ended->waiting = std::move(waiting);
  ended->token = token;
  Token sent = token;
  sent.may_send_on = [this, credential] {
    return gate_->BlockedUntil(credential) <= clock_->Steady();
  };
  const Waiting* const asked = ended->waiting.get();
  GitHubClient::Done done = [this, ended](GitHubReply reply) {
    ended->reply = std::move(reply);
    {
      MutexLock lock(&mu_);
      ended_.push_back(std::move(*ended));
    }
    wake_up_->Wake();
  };
  if (asked == nullptr) {
    github_->GetRateLimit(sent, clock_->Now(), std::move(done));
  } else {
    github_->Ask(asked->question.request, sent, clock_->Now(), std::move(done));
  }
}

}  // namespace signalbox
