#include "tests/support/fake_github.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

// Path and query of an absolute URL; empty if it is not one.
absl::string_view TargetOf(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == absl::string_view::npos) return {};
  const size_t path = url.find('/', scheme + 3);
  return path == absl::string_view::npos ? "/" : url.substr(path);
}

}  // namespace

FakeGitHub::FakeGitHub(GitHubRules::Options options, FakeClock* clock)
    : clock_(clock), start_(clock->Look()), rules_(std::move(options)) {}

void FakeGitHub::SetDelay(absl::Duration delay) {
  MutexLock lock(&mu_);
  delay_ = delay;
}

void FakeGitHub::SetApplyDelay(absl::Duration apply_delay) {
  MutexLock lock(&mu_);
  apply_delay_ = apply_delay;
}

void FakeGitHub::SetReachable(bool reachable) {
  MutexLock lock(&mu_);
  reachable_ = reachable;
}

void FakeGitHub::LoseClient() {
  MutexLock lock(&mu_);
  for (auto it = exchanges_.begin(); it != exchanges_.end();) {
    if (it->done) rules_.Close(it->request.exchange, /*is_answered=*/false);
    it->done = nullptr;
    it = it->is_applied ? exchanges_.erase(it) : std::next(it);
  }
}

void FakeGitHub::Send(HttpRequest request, Done done) {
  MutexLock lock(&mu_);
  const SteadyTime now = clock_->Steady();
  Exchange& exchange = exchanges_.emplace_back();
  exchange.done = std::move(done);
  exchange.send_time = now;
  exchange.apply_time = now + apply_delay_;
  exchange.answer_time = SteadyTime::InfiniteFuture();
  exchange.deadline = now + request.timeout;
  exchange.max_body = request.max_body;
  exchange.request = {.method = request.method,
                      .target = std::string(TargetOf(request.url)),
                      .headers = std::move(request.headers),
                      .body = std::move(request.body),
                      .latency = delay_};
  if (!request.bearer.empty()) {
    exchange.request.headers.emplace_back(
        "Authorization", absl::StrCat("Bearer ", request.bearer.Reveal()));
  }
  if (!reachable_ || exchange.request.target.empty()) {
    exchange.is_applied = true;
    exchange.answer_time = now + delay_;
    exchange.answer = absl::FailedPreconditionError("connection refused");
    return;
  }
  exchange.request.exchange = rules_.Open(exchange.request, TimeAt(now));
  if (exchange.apply_time <= now) Apply(&exchange);
}

SteadyTime FakeGitHub::Exchange::NextTime() const {
  SteadyTime next = SteadyTime::InfiniteFuture();
  if (!is_applied) next = apply_time;
  if (done) next = std::min({next, answer_time, deadline});
  return next;
}

void FakeGitHub::Apply(Exchange* exchange) {
  // DeliverDue may run late; the effect still has its own time.
  const SimulatedResponse response =
      rules_.Handle(exchange->request, TimeAt(exchange->apply_time));
  exchange->is_applied = true;
  exchange->answer_time =
      exchange->apply_time + exchange->request.latency + response.delay;
  if (response.reset_connection) {
    exchange->answer = absl::UnavailableError("connection reset by peer");
    return;
  }
  HttpResponse answer;
  answer.status = response.status;
  answer.headers = response.headers;
  answer.body = response.body.substr(0, exchange->max_body);
  answer.elapsed = exchange->answer_time - exchange->send_time;
  exchange->answer = std::move(answer);
}

std::list<FakeGitHub::Exchange>::iterator FakeGitHub::Soonest() {
  return std::min_element(exchanges_.begin(), exchanges_.end(),
                          [](const Exchange& a, const Exchange& b) {
                            return a.NextTime() < b.NextTime();
                          });
}

SteadyTime FakeGitHub::NextTime() {
  const SteadyTime late_time =
      start_.SteadyAt(rules_.ApplyLate(absl::InfinitePast()));
  const auto it = Soonest();
  return it == exchanges_.end() ? late_time
                                : std::min(late_time, it->NextTime());
}

absl::Time FakeGitHub::GitHubTime() { return TimeAt(clock_->Steady()); }

int FakeGitHub::DeliverDue() {
  int delivered = 0;
  for (;;) {
    Done done;
    absl::StatusOr<HttpResponse> answer;
    {
      MutexLock lock(&mu_);
      const SteadyTime time = NextTime();
      if (time > clock_->Steady()) return delivered;
      rules_.ApplyLate(TimeAt(time));
      const auto it = Soonest();
      if (it == exchanges_.end() || it->NextTime() > time) continue;
      if (!it->is_applied && it->apply_time == time) {
        Apply(&*it);
        if (!it->done) exchanges_.erase(it);
        continue;
      }
      answer = it->answer_time <= it->deadline
                   ? std::move(it->answer)
                   : absl::DeadlineExceededError("no answer in time");
      std::swap(done, it->done);
      rules_.Close(it->request.exchange, answer.ok());
      if (it->is_applied) exchanges_.erase(it);
    }
    ++delivered;
    done(std::move(answer));
  }
}

absl::Time FakeGitHub::NextDelivery() {
  MutexLock lock(&mu_);
  return clock_->Look().WallAt(NextTime());
}

int FakeGitHub::InFlight() {
  MutexLock lock(&mu_);
  return static_cast<int>(std::count_if(
      exchanges_.begin(), exchanges_.end(),
      [](const Exchange& exchange) { return exchange.done != nullptr; }));
}

}  // namespace signalbox
