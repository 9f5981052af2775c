#ifndef SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_
#define SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/code_change.h"
#include "server/report/status_key.h"

namespace signalbox {

// Repository patterns are written `[HOST/]OWNER/NAME`, where `*` matches
// anything but `/`. Case does not matter. Without a host a pattern means
// github.com. `*` alone matches every repository of every host.
//
// CheckRepositoryPattern is for patterns from outside. INVALID_ARGUMENT, reason
// INVALID_PATTERN.
absl::Status CheckRepositoryPattern(absl::string_view pattern);
bool RepositoryMatches(absl::string_view pattern, const Repository& repository);

// Whether the pattern matches every repository that the account has or will
// have.
bool AccountMatches(absl::string_view pattern, const std::string& host,
                    const std::string& account);

// The configuration for the repositories that match a pattern.
struct RepositoryRule {
  std::string match;  // A repository pattern.
  // The contexts that a pull request is expected to have.
  std::vector<std::string> contexts = {"ci/build"};
  // Which pushes get the contexts, too: branch names, where `*` matches
  // anything. A pattern that begins with `refs/` is compared with the whole
  // ref, so `refs/tags/v*` means tags.
  std::vector<std::string> push_branches;
  bool drafts = false;  // Whether draft pull requests get the contexts.
  bool forks = true;    // Whether pull requests from forks do.
  // Whether the contexts are run again when a pull request gets another base.
  bool rerun_on_base_change = false;
  // 1 minute to 30 days; nothing: 6 h.
  std::optional<absl::Duration> pending_expires_after;
};

// RepositoryRules decides which contexts are expected of a commit, and says
// why. Pure and immutable.
class RepositoryRules {
 public:
  explicit RepositoryRules(
      std::vector<RepositoryRule> rules = {},
      std::vector<std::string> default_contexts = {"ci/build"})
      : rules_(std::move(rules)),
        default_contexts_(std::move(default_contexts)) {}

  // The repositories that a rule names without a pattern.
  std::vector<Repository> NamedRepositories() const;

  // The first rule that matches; nullptr if none does.
  const RepositoryRule* Find(const Repository& repository) const;

  struct Expectation {
    std::vector<std::string> contexts;
    std::string why;  // A sentence for people.
  };

  // The contexts expected of `change`; nullptr: the caller names no change. If
  // no rule matches, these are the default contexts, but none for the push of a
  // tag. If only the base of a pull request changed, they are none unless the
  // rule has `rerun_on_base_change`.
  Expectation Expect(const Repository& repository,
                     const CodeChange* change) const;

  // How long a pending of the repository waits for its result.
  absl::Duration ExpiresAfter(const Repository& repository) const;

 private:
  std::vector<RepositoryRule> rules_;
  std::vector<std::string> default_contexts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_
