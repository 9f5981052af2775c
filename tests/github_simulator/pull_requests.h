#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A pull request, as far as the simulator shows it.
struct PullRequest {
  int number = 0;
  std::string title = "Say hello";
  std::string head_sha = "";
  std::string head_branch = "changes";
  std::string base_branch = "main";
  bool is_draft = false;
  bool is_open = true;
  bool is_merged = false;  // If true, `is_open` must be false.
  bool is_from_fork = false;
  bool is_fork_gone = false;  // The fork was deleted: `head.repo` is null.
  std::string author = "octocat";
  absl::Time created_at = absl::UnixEpoch();
  // When its head or anything else last changed. GitHub can sort by it.
  absl::Time updated_at = absl::UnixEpoch();
};

// Keeps the pull requests of all repositories. A repository is named by its id.
//
// Not thread-safe. Pointers that it returns stay valid as long as the object.
class PullRequests {
 public:
  // The pull request of this number; 0: the repository's newest. Null: there is
  // none.
  PullRequest* Find(int64_t repository, int number);
  const PullRequest* Find(int64_t repository, int number) const;
  // Adds a pull request, or replaces the one of the same number. Number 0: the
  // repository's next number.
  PullRequest* Put(int64_t repository, PullRequest pull_request);
  // All of the repository, in the order of their numbers.
  std::vector<const PullRequest*> Of(int64_t repository) const;
  // The newest pull request whose head is or was this commit; null: none.
  const PullRequest* ByCommit(int64_t repository, absl::string_view sha) const;
  // Moves the pull request's head to this commit.
  void SetHead(int64_t repository, PullRequest* pull_request,
               absl::string_view sha);

 private:
  std::map<std::pair<int64_t, int>, PullRequest> by_number_;
  std::map<std::pair<int64_t, std::string>, const PullRequest*> by_commit_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_
