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

// A pull request, with the facts that the simulator shows.
struct PullRequest {
  int number = 0;
  std::string title = "Say hello";
  std::string head_sha = "";
  std::string head_branch = "changes";
  std::string base_branch = "main";
  bool is_draft = false;
  bool is_open = true;
  bool is_merged = false;  // Then it is not open.
  bool is_from_fork = false;
  bool is_fork_gone = false;  // Then `head.repo` is null.
  std::string author = "octocat";
  absl::Time created_at = absl::UnixEpoch();
  // When the head moved, or anything else changed. GitHub sorts by it.
  absl::Time updated_at = absl::UnixEpoch();
};

// The pull requests of all repositories, by the repository's id.
//
// Not thread-safe. Pointers stay valid as long as the object.
class PullRequests {
 public:
  // `number` 0: the newest of the repository. Null: there is none.
  PullRequest* Find(int64_t repository, int number);
  const PullRequest* Find(int64_t repository, int number) const;
  // Replaces the one of the same number; 0: takes the repository's next number.
  PullRequest* Put(int64_t repository, PullRequest pull_request);
  // By number.
  std::vector<const PullRequest*> Of(int64_t repository) const;
  // The newest one that has or had this commit as its head; null: none.
  const PullRequest* ByCommit(int64_t repository, absl::string_view sha) const;
  void SetHead(int64_t repository, PullRequest* pull_request,
               absl::string_view sha);

 private:
  std::map<std::pair<int64_t, int>, PullRequest> by_number_;
  std::map<std::pair<int64_t, std::string>, const PullRequest*> by_commit_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_
