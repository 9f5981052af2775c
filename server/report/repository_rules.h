#ifndef SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_
#define SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/change.h"
#include "server/report/status_key.h"

namespace signalbox {

// Repository patterns: `[HOST/]OWNER/NAME` with `*` for anything but `/`, in
// any case; no host means github.com. `*` alone is every repository of every
// host. The check is for patterns from outside; INVALID_ARGUMENT, reason
// INVALID_PATTERN.
absl::Status CheckRepositoryPattern(absl::string_view pattern);
bool RepositoryMatches(absl::string_view pattern, const Repository& repository);

// Whether every repository that the account has or will have matches.
bool AccountMatches(absl::string_view pattern, const std::string& host,
                    const std::string& account);

// What the configuration says of the repositories that match a pattern.
struct RepositoryRule {
  std::string match;  // A repository pattern.
  // What a pull request must get.
  std::vector<std::string> contexts = {"ci/build"};
  // Pushes that get them as well: branch names with `*` for anything; a pattern
  // that begins with `refs/` is compared with the whole ref, so that
  // `refs/tags/v*` means tags.
  std::vector<std::string> push_branches;
  bool drafts = false;  // Whether draft pull requests get them.
  bool forks = true;    // Whether pull requests from forks get them.
  // Whether a pull request that gets another base is tested again.
  bool rerun_on_base_change = false;
  // 1 minute to 30 days; nothing: 6 h.
  std::optional<absl::Duration> pending_expires_after;
};

// Which contexts are expected of a commit, and why. Pure and immutable.
class RepositoryRules {
 public:
  explicit RepositoryRules(std::vector<RepositoryRule> rules = {},
                           std::vector<std::string> default_contexts = {
                               "ci/build"});

  // The first rule that matches; nullptr if none does.
  const RepositoryRule* Find(const Repository& repository) const;

  struct Expectation {
    std::vector<std::string> contexts;
    std::string why;  // A sentence for people.
  };

  // What `change` gets; nullptr: a caller who names no change. Where no rule
  // matches: the default contexts, but nothing for the push of a tag. A pull
  // request that only got another base gets something where the rule says so.
  Expectation Expect(const Repository& repository, const Change* change) const;

  // How long a pending of the repository waits for its result.
  absl::Duration ExpiresAfter(const Repository& repository) const;

 private:
  std::vector<RepositoryRule> rules_;
  std::vector<std::string> default_contexts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_
