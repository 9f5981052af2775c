#include "server/poster/parked_credentials.h"

#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace signalbox {
namespace {

constexpr absl::Duration kParkedLook = absl::Seconds(10);
// The most repositories in one transaction, because reports must not wait for
// it.
constexpr int kMostProbesForward = 500;

}  // namespace

absl::StatusOr<absl::Time> ParkedCredentials::Check(const Term& term,
                                                    const Moment& now) {
  if (now.steady >= next_look_) {
    absl::Status found = FindChanged(now);
    if (!found.ok()) return found;
    next_look_ = now.steady + kParkedLook;
  }
  const absl::StatusOr<bool> more = BringProbesForward(term, now.wall);
  if (!more.ok()) return more.status();
  if (*more) return now.wall;
  if (origins_.empty()) return absl::InfiniteFuture();
  return now.WallAt(next_look_);
}

absl::Status ParkedCredentials::FindChanged(const Moment& now) {
  const absl::StatusOr<std::vector<std::string>> credentials =
      outbox_->CredentialsOfParked();
  if (!credentials.ok()) return credentials.status();
  std::map<std::string, std::string> origins;
  for (const std::string& credential : *credentials) {
    const auto known = origins_.find(credential);
    const std::optional<std::string> origin =
        turns_->TokenOrigin(credential, now.wall);
    std::string& kept = origins[credential];
    if (known != origins_.end()) kept = known->second;
    if (!origin.has_value()) continue;
    if (known != origins_.end() && kept == *origin) continue;
    // A new process does not know of earlier changes.
    changed_[credential] = 0;
    kept = *origin;
  }
  origins_ = std::move(origins);
  return absl::OkStatus();
}

absl::StatusOr<bool> ParkedCredentials::BringProbesForward(const Term& term,
                                                           absl::Time now) {
  for (auto it = changed_.begin(); it != changed_.end();) {
    auto& [credential, last] = *it;
    const absl::StatusOr<int64_t> done = outbox_->BringProbesForward(
        term, credential, last, now, kMostProbesForward);
    if (!done.ok()) return done.status();
    last = *done;
    it = last == 0 ? changed_.erase(it) : std::next(it);
  }
  return !changed_.empty();
}

}  // namespace signalbox
