#ifndef SIGNALBOX_TESTS_CLIENTS_CLI_DETECTION_FIXTURE_H_
#define SIGNALBOX_TESTS_CLIENTS_CLI_DETECTION_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/detection.h"

namespace signalbox {

using Environment = std::map<std::string, std::string>;

inline const std::string kHead(40, 'a');
inline const std::string kBase(40, 'b');
inline const std::string kMerge(40, 'c');
inline const std::string kCheckout(40, 'd');

// What `git cat-file commit` prints for a commit with these parents.
inline std::string Commit(const std::vector<std::string>& parents,
                          const std::string& message) {
  std::string text = absl::StrCat("tree ", std::string(40, 'e'), "\n");
  for (const std::string& parent : parents) {
    absl::StrAppend(&text, "parent ", parent, "\n");
  }
  return absl::StrCat(text,
                      "author A <a@example.com> 1700000000 +0000\n"
                      "committer GitHub <noreply@github.com> 1700000000 "
                      "+0000\n\n",
                      message, "\n");
}

// Tests of how `signalbox` finds the repository, the commit and the attempt.
// Environment, files and answers of git are only those that a test adds.
class DetectionTest : public testing::Test {
 protected:
  DetectionTest() {
    surroundings_.git = [this](const std::vector<std::string>& arguments)
        -> absl::StatusOr<std::string> {
      const auto found = git_.find(absl::StrJoin(arguments, " "));
      if (found == git_.end()) return absl::NotFoundError("no git here");
      return found->second;
    };
    surroundings_.read_file =
        [this](const std::string& path) -> std::optional<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return std::nullopt;
      return found->second;
    };
  }

  // Adds a git checkout at commit `sha`, whose remote "origin" is `url`.
  void AddCheckout(const std::string& sha, const std::string& url) {
    git_["rev-parse HEAD"] = sha;
    git_["remote"] = "origin";
    git_["config --get remote.origin.url"] = url;
  }

  // What `signalbox` finds; empty or 0: nothing.
  std::string Repository() { return FindRepository(surroundings_).value; }
  std::string Sha() { return FindSha(surroundings_).value; }
  int64_t Attempt() { return FindAttempt(surroundings_).value; }
  std::string Series() { return FindSeries(surroundings_).value; }
  std::string Parallel(const std::string& context) {
    return FindParallel(surroundings_, context);
  }
  std::string TargetUrl() { return FindTargetUrl(surroundings_).value; }

  Environment& environment() { return surroundings_.environment; }

  Surroundings surroundings_;
  Environment git_;    // What git prints, by its arguments.
  Environment files_;  // Contents by path.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_CLIENTS_CLI_DETECTION_FIXTURE_H_
