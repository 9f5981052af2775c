#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace signalbox {

// A pull request, as far as its webhooks tell of it.
struct PullRequest {
  int number = 0;
  std::string title;
  std::string head_sha = "";
  std::string head_branch = "changes";
  std::string base_branch = "main";
  bool is_draft = false;
  bool is_open = true;
  bool is_from_fork = false;
};

// The pull requests that were opened by way of the control API.
//
// Not thread-safe. Pointers stay valid as long as the object.
class PullRequests {
 public:
  // `number` 0: the newest of the repository. Null: there is none.
  PullRequest* Find(absl::string_view full_name, int number);
  // `number` 0: the next one of the repository.
  PullRequest* Add(absl::string_view full_name, int number);
  // The newest that has or had this commit as its head; null: none.
  const PullRequest* ByCommit(absl::string_view full_name,
                              absl::string_view sha) const;
  void SetHead(absl::string_view full_name, PullRequest* pull_request,
               absl::string_view sha);

 private:
  using Key = std::pair<std::string, int>;  // Lower-case name, number.

  std::map<Key, PullRequest> by_number_;
  std::map<std::pair<std::string, std::string>, const PullRequest*> by_commit_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUESTS_H_
