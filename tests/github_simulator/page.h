#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// HTML pages that look like what GitHub shows at a pull request. They refresh
// themselves. All texts are escaped, and only http and https are links. Pure.

struct CommitView {
  std::string full_name;
  std::string sha;
  std::string title = "";       // Empty: unknown.
  int pull_request_number = 0;  // 0: there is none.
  std::vector<GitHubRules::Row> shown = {};
};

std::string CommitPage(const CommitView& commit);

// The newest commits, each a link to its page.
std::string IndexPage(const std::vector<CommitView>& commits);

// What GitHub says above the list of checks.
std::string CombinedSentence(const std::vector<GitHubRules::Row>& shown);

// Where the page of a commit is.
std::string CommitPath(absl::string_view full_name, absl::string_view sha);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_
