#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// The simulator's HTML pages, which show a commit as GitHub would show it at a
// pull request. They refresh themselves. All texts are escaped, and only http
// and https URLs become links. Pure.

// What a page shows of a commit.
struct CommitView {
  std::string full_name;
  std::string sha;
  std::string title = "";       // Of the pull request; empty: unknown.
  int pull_request_number = 0;  // 0: there is none.
  std::vector<GitHubRules::Row> shown = {};
};

// The page of one commit.
std::string CommitPage(const CommitView& commit);

// The page that lists commits, with links to their pages.
std::string IndexPage(const std::vector<CommitView>& commits);

// The sentence that GitHub shows above the list of checks.
std::string CombinedSentence(const std::vector<GitHubRules::Row>& shown);

// The path of a commit's page.
std::string CommitPath(absl::string_view full_name, absl::string_view sha);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PAGE_H_
