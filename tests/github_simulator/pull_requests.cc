#include "tests/github_simulator/pull_requests.h"

#include <limits>

#include "absl/strings/ascii.h"

namespace signalbox {

const PullRequest* PullRequests::Find(int64_t repository, int number) const {
  if (number != 0) {
    const auto it = by_number_.find({repository, number});
    return it == by_number_.end() ? nullptr : &it->second;
  }
  auto it =
      by_number_.upper_bound({repository, std::numeric_limits<int>::max()});
  if (it == by_number_.begin()) return nullptr;
  --it;
  return it->first.first == repository ? &it->second : nullptr;
}

PullRequest* PullRequests::Find(int64_t repository, int number) {
  return const_cast<PullRequest*>(
      static_cast<const PullRequests*>(this)->Find(repository, number));
}

PullRequest* PullRequests::Put(int64_t repository, PullRequest pull_request) {
  if (pull_request.number == 0) {
    const PullRequest* const newest = Find(repository, 0);
    pull_request.number = newest == nullptr ? 1 : newest->number + 1;
  }
  PullRequest& kept = by_number_[{repository, pull_request.number}];
  kept = std::move(pull_request);
  SetHead(repository, &kept, std::string(kept.head_sha));
  return &kept;
}

std::vector<const PullRequest*> PullRequests::Of(int64_t repository) const {
  std::vector<const PullRequest*> found;
  for (auto it = by_number_.lower_bound({repository, 0});
       it != by_number_.end() && it->first.first == repository; ++it) {
    found.push_back(&it->second);
  }
  return found;
}

const PullRequest* PullRequests::ByCommit(int64_t repository,
                                          absl::string_view sha) const {
  const auto it = by_commit_.find({repository, absl::AsciiStrToLower(sha)});
  return it == by_commit_.end() ? nullptr : it->second;
}

void PullRequests::SetHead(int64_t repository, PullRequest* pull_request,
                           absl::string_view sha) {
  pull_request->head_sha = absl::AsciiStrToLower(sha);
  if (sha.empty()) return;
  by_commit_[{repository, pull_request->head_sha}] = pull_request;
}

}  // namespace signalbox
