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

// The configuration and callers name repositories by patterns. A pattern is
// `[HOST/]OWNER/NAME`, where `*` matches anything but `/`. Case does not
// matter. Without a host a pattern means github.com. `*` alone matches every
// repository of every host.
//
// Checks a pattern that came from outside, in `field`. INVALID_ARGUMENT, reason
// INVALID_PATTERN: it has another form.
absl::Status CheckRepositoryPattern(absl::string_view field,
                                    absl::string_view pattern);
bool RepositoryMatches(absl::string_view pattern, const CanonicalName& name);

// Whether the pattern matches every repository that the account can have: its
// name is `*`, and its host and owner match.
bool AccountMatches(absl::string_view pattern, const std::string& host,
                    const std::string& account);

// An item of `repositories` in the configuration: what holds for the
// repositories that match a pattern.
struct RepositoryRule {
  std::string match;  // A repository pattern.
  // The contexts that farms will report for the head of a pull request.
  std::vector<std::string> contexts = {"ci/build"};
  // The pushes whose commits get the contexts, too: branch names, where `*`
  // matches anything. A pattern that begins with `refs/` is compared with the
  // whole ref, so `refs/tags/v*` means tags.
  std::vector<std::string> push_branches;
  bool drafts = false;  // Draft pull requests get the contexts.
  bool forks = true;    // Pull requests from forks get the contexts.
  // Run the contexts again when a pull request gets another base branch.
  bool rerun_on_base_change = false;
  // How long a pending waits for its result: 1 minute to 30 days; nothing: 6 h.
  std::optional<absl::Duration> pending_expires_after;
};

// RepositoryRules decides which contexts are expected of a commit: the server
// shows them as pending as soon as a webhook announces the commit. It also says
// why, for `signalbox doctor`.
//
// Pure and immutable.
class RepositoryRules {
 public:
  // The first rule that matches a repository decides. `default_contexts` are
  // for repositories that match none.
  explicit RepositoryRules(
      std::vector<RepositoryRule> rules = {},
      std::vector<std::string> default_contexts = {"ci/build"})
      : rules_(std::move(rules)),
        default_contexts_(std::move(default_contexts)) {}

  // The repositories whose full name is a rule's pattern.
  std::vector<Repository> NamedRepositories() const;

  // The first rule that matches; nullptr: none does.
  const RepositoryRule* Find(const Repository& repository) const;

  struct Expectation {
    std::vector<std::string> contexts;  // Empty: none is expected.
    std::string why;                    // A sentence for people.
  };

  // The contexts that are expected of the commit of `change`. nullptr: the
  // caller does not know the change.
  //
  // If no rule matches, these are the default contexts, except for the push of
  // a tag, which gets none. If only the base of a pull request has changed,
  // there are none unless the rule has `rerun_on_base_change`.
  Expectation Expect(const Repository& repository,
                     const CodeChange* change) const;

  // How long a pending of the repository waits for its result, unless its
  // report says something else: as the rule says, or else `otherwise`.
  absl::Duration ExpiresAfter(const Repository& repository,
                              absl::Duration otherwise = kDefaultExpiry) const;

  static constexpr absl::Duration kDefaultExpiry = absl::Hours(6);

 private:
  std::vector<RepositoryRule> rules_;
  std::vector<std::string> default_contexts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REPOSITORY_RULES_H_
