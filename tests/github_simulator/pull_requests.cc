#include "tests/github_simulator/pull_requests.h"

#include <limits>

#include "absl/strings/ascii.h"

namespace signalbox {

PullRequest* PullRequests::Find(absl::string_view full_name, int number) {
  const std::string name = absl::AsciiStrToLower(full_name);
  if (number != 0) {
    const auto it = by_number_.find({name, number});
    return it == by_number_.end() ? nullptr : &it->second;
  }
  auto it = by_number_.upper_bound({name, std::numeric_limits<int>::max()});
  if (it == by_number_.begin()) return nullptr;
  --it;
  return it->first.first == name ? &it->second : nullptr;
}

PullRequest* PullRequests::Add(absl::string_view full_name, int number) {
  if (number == 0) {
    const PullRequest* const newest = Find(full_name, 0);
    number = newest == nullptr ? 1 : newest->number + 1;
  }
  PullRequest& added = by_number_[{absl::AsciiStrToLower(full_name), number}];
  added.number = number;
  return &added;
}

const PullRequest* PullRequests::ByCommit(absl::string_view full_name,
                                          absl::string_view sha) const {
  const auto it = by_commit_.find(
      {absl::AsciiStrToLower(full_name), absl::AsciiStrToLower(sha)});
  return it == by_commit_.end() ? nullptr : it->second;
}

void PullRequests::SetHead(absl::string_view full_name,
                           PullRequest* pull_request, absl::string_view sha) {
  pull_request->head_sha = absl::AsciiStrToLower(sha);
  by_commit_[{absl::AsciiStrToLower(full_name), pull_request->head_sha}] =
      pull_request;
}

}  // namespace signalbox
