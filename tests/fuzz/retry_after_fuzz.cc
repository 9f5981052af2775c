#include <algorithm>
#include <string>

#include "server/github/classify.h"
#include "server/github/rate_limiter.h"
#include "server/github/waiting_times.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

constexpr char kCredential[] = "github.com/acme";

// The longest wait that GitHub can cause: a reset, and a second.
const absl::Duration kLongest = absl::Minutes(65) + absl::Seconds(1);

PaceOptions PaceFrom(FuzzInput& in) {
  constexpr double kPaces[] = {0, 1.0 / 60, 1, 80, 10000};
  PaceOptions pace;
  pace.per_minute = kPaces[in.UpTo(4)];
  pace.burst = in.Byte();
  pace.max_in_flight = in.UpTo(20);
  pace.reserve = in.Byte() / 255.0;
  return pace;
}

// A limiter under any answers at any times, and what the target knows of it.
class World {
 public:
  explicit World(FuzzInput* in)
      : in_(*in),
        pace_(PaceFrom(*in)),
        limiter_([this](absl::string_view) { return pace_; }) {}

  void Step() {
    switch (in_.UpTo(6)) {
      case 0:
        now_ += absl::Milliseconds(in_.Byte());
        break;
      case 1:
        now_ += absl::Seconds(in_.Byte()) * (1 + in_.Byte());
        break;
      case 2:
        if (in_flight_ > 0) {
          limiter_.Return(kCredential);
          --in_flight_;
        }
        break;
      case 3: {
        // As after a restart: at most as far away as it was stored.
        const absl::Duration wait =
            std::min<absl::Duration>(absl::Seconds(in_.Byte() * 16), kLongest);
        limiter_.Block(kCredential, now_ + wait);
        break;
      }
      case 4:
        Observe();
        break;
      default:
        Admit(in_.Flag());
    }
    Look();
  }

  // Without new answers there is always a moment at which a request is allowed.
  void End() {
    while (in_flight_ > 0) {
      limiter_.Return(kCredential);
      --in_flight_;
    }
    for (int i = 0; i < 5; ++i) {
      const SteadyTime when = limiter_.Admit(kCredential, false, now_);
      FUZZ_CHECK(when < SteadyTime::InfiniteFuture(), "waits for nothing");
      if (when == now_) return;
      FUZZ_CHECK(when > now_, "to be asked again in the past");
      now_ = when;
    }
    FUZZ_CHECK(false, "puts a request off again and again");
  }

 private:
  absl::Duration Slack() const {
    return pace_.per_minute > 0
               ? absl::Minutes(1) / pace_.per_minute * (in_flight_ + 2)
               : absl::ZeroDuration();
  }

  void Admit(bool pending) {
    const SteadyTime when = limiter_.Admit(kCredential, pending, now_);
    if (when == now_) {
      ++in_flight_;
      FUZZ_CHECK(
          limiter_.WaitsFor(kCredential, pending, now_) != "RATE_LIMITED",
          "sent during a limit");
      FUZZ_CHECK(in_flight_ <= std::max(pace_.max_in_flight, 1),
                 "more in flight than allowed");
      return;
    }
    FUZZ_CHECK(when > now_, "to be asked again in the past");
    if (when == SteadyTime::InfiniteFuture()) {
      FUZZ_CHECK(in_flight_ > 0, "waits for the end of nothing");
      return;
    }
    FUZZ_CHECK(when <= now_ + kLongest + Slack(), "waits for ",
               absl::FormatDuration(when - now_));
  }

  void Observe() {
    const absl::StatusOr<HttpResponse> answer = AnswerFrom(in_);
    const Verdict verdict = Classify(answer, RequestContext());
    const SteadyTime before = limiter_.BlockedUntil(kCredential);
    if (in_flight_ > 0) --in_flight_;
    limiter_.Observe(
        kCredential, answer, verdict,
        {absl::FromUnixSeconds(1700000000) + now_.reading(), now_});
    const SteadyTime after = limiter_.BlockedUntil(kCredential);
    if (verdict.action != Action::kWait) {
      FUZZ_CHECK(after == before, "blocked without a limit");
      return;
    }
    const absl::Duration wait = after - now_;
    FUZZ_CHECK(wait >= absl::Seconds(1), "a limit that is over at once");
    FUZZ_CHECK(after >= before, "one limit ends another");
    if (after == before) return;
    const absl::Duration longest =
        verdict.retry_after.has_value()  ? absl::Hours(1) + absl::Seconds(1)
        : verdict.reset_time.has_value() ? kLongest
                                         : absl::Minutes(15);
    FUZZ_CHECK(wait <= longest, "blocked for ", absl::FormatDuration(wait));
    if (verdict.retry_after.has_value()) {
      FUZZ_CHECK(wait == std::min(*verdict.retry_after, absl::Hours(1)) +
                             absl::Seconds(1),
                 "Retry-After is not believed");
    }
  }

  void Look() {
    const RateLimiter::BudgetView view = limiter_.View(kCredential);
    FUZZ_CHECK(view.limit >= 0 && view.remaining >= 0, "a budget below zero");
    FUZZ_CHECK(view.reset_time >= absl::UnixEpoch() &&
                   view.reset_time < absl::InfiniteFuture(),
               "a reset that is no time");
    const SteadyTime blocked = limiter_.BlockedUntil(kCredential);
    FUZZ_CHECK(blocked <= now_ + kLongest, "blocked for ",
               absl::FormatDuration(blocked - now_));
    for (const bool pending : {false, true}) {
      const absl::string_view why =
          limiter_.WaitsFor(kCredential, pending, now_);
      FUZZ_CHECK((why == "RATE_LIMITED") == (now_ < blocked), why);
    }
  }

  FuzzInput& in_;
  const PaceOptions pace_;
  RateLimiter limiter_;
  SteadyTime now_{absl::Hours(1)};
  int in_flight_ = 0;
};

}  // namespace

// Input: the pace, then steps until it ends.
FUZZ_TARGET(retry_after) {
  FuzzInput in(input);
  World world(&in);
  for (int i = 0; i < 64 && !in.empty(); ++i) world.Step();
  world.End();
}

}  // namespace signalbox
