#include "server/poster/backoff.h"

#include <algorithm>
#include <iterator>

namespace signalbox {
namespace {

// A trouble that passes: the network's, GitHub's, or the token's. Given up
// never, since the status is still wanted when it has passed.
constexpr absl::Duration kFirstWait = absl::Seconds(1);
constexpr absl::Duration kMaxWait = absl::Minutes(5);

// `No commit found` right after a push from a fork passes within seconds; after
// a force-push it never does. (home-assistant/service-hub#394)
constexpr absl::Duration kHoldWaits[] = {absl::Seconds(1), absl::Seconds(2),
                                         absl::Seconds(4), absl::Seconds(8),
                                         absl::Seconds(15)};

// What GitHub's support advises for tokens that are not yet known everywhere
// (akuity/kargo#6630).
constexpr absl::Duration kBriefWaits[] = {absl::Seconds(3), absl::Seconds(10),
                                          absl::Seconds(30)};

// The next try says something else, so there is nothing to wait for; but no
// more than three tries after a refusal, whatever it was.
constexpr absl::Duration kMendedWaits[] = {
    absl::ZeroDuration(), absl::ZeroDuration(), absl::ZeroDuration()};

template <size_t kCount>
std::optional<absl::Duration> Nth(const absl::Duration (&waits)[kCount],
                                  int refusal_count) {
  const int index = std::max(refusal_count, 1) - 1;
  if (index >= static_cast<int>(kCount)) return std::nullopt;
  return waits[index];
}

absl::Duration Doubling(int try_count) {
  absl::Duration wait = kFirstWait;
  for (int i = 1; i < try_count && wait < kMaxWait; ++i) wait *= 2;
  return std::min(wait, kMaxWait);
}

}  // namespace

std::optional<absl::Duration> Backoff(const Verdict& verdict, int try_count,
                                      int refusal_count) {
  switch (verdict.action) {
    case Action::kRetry:
    case Action::kRetryAmbiguous:
    case Action::kReauthenticate:
      return Doubling(try_count);
    case Action::kWait:
      // The credential waits, not the entry.
      return absl::ZeroDuration();
    case Action::kHold:
      return Nth(kHoldWaits, refusal_count);
    case Action::kRetryBriefly:
      return Nth(kBriefWaits, refusal_count);
    case Action::kFitDescription:
    case Action::kDropTargetUrl:
      return Nth(kMendedWaits, refusal_count);
    case Action::kDone:
    case Action::kRedirect:
    case Action::kAbandon:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace signalbox
