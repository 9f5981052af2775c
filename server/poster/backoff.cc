#include "server/poster/backoff.h"

#include <algorithm>

#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

// The next try has another wording, so it need not wait. Three tries in all are
// enough.
constexpr absl::Duration kRewordedWaits[] = {absl::ZeroDuration(),
                                             absl::ZeroDuration()};

template <size_t kCount>
std::optional<absl::Duration> Nth(const absl::Duration (&waits)[kCount],
                                  int refusal_count) {
  const int index = std::max(refusal_count, 1) - 1;
  if (index >= static_cast<int>(kCount)) return std::nullopt;
  return waits[index];
}

absl::Duration Doubling(int try_count) {
  absl::Duration wait = kFirstRetry;
  for (int i = 1; i < try_count && wait < kMaxRetry; ++i) wait *= 2;
  return std::min(wait, kMaxRetry);
}

}  // namespace

std::optional<absl::Duration> Backoff(const Verdict& verdict, int try_count,
                                      int refusal_count) {
  switch (verdict.action) {
    case Action::kRetry:
    case Action::kRetryAmbiguous:
    case Action::kReauthenticate:
    case Action::kStop:
      return Doubling(try_count);
    case Action::kWait:
      // The credential waits, not the entry.
      return absl::ZeroDuration();
    case Action::kHold:
      return Nth(kNoCommitFoundWaits, refusal_count);
    case Action::kRetryBriefly:
      return Nth(kYoungTokenWaits, refusal_count);
    case Action::kFitDescription:
    case Action::kDropTargetUrl:
      return Nth(kRewordedWaits, refusal_count);
    case Action::kDone:
    case Action::kRedirect:
    case Action::kAbandon:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace signalbox
