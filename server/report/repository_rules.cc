#include "server/report/repository_rules.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/base/glob.h"

namespace signalbox {
namespace {

constexpr char kEverything[] = "*";
constexpr char kBranchPrefix[] = "refs/heads/";
constexpr char kTagPrefix[] = "refs/tags/";

// The name of the branch that was pushed; empty if it was none.
absl::string_view BranchOf(absl::string_view ref) {
  if (absl::ConsumePrefix(&ref, kBranchPrefix)) return ref;
  return absl::StartsWith(ref, "refs/") ? absl::string_view() : ref;
}

bool PushMatches(absl::string_view pattern, absl::string_view ref) {
  if (absl::StartsWithIgnoreCase(pattern, "refs/")) {
    return GlobMatches(pattern, ref);
  }
  const absl::string_view branch = BranchOf(ref);
  return !branch.empty() && GlobMatches(pattern, branch);
}

std::string Names(const std::vector<std::string>& contexts) {
  return contexts.empty() ? "no contexts" : absl::StrJoin(contexts, ", ");
}

// Names the push, for the middle of a sentence.
std::string PushOf(absl::string_view ref) {
  if (absl::ConsumePrefix(&ref, kTagPrefix)) {
    return absl::StrCat("the push of tag ", Quoted(ref));
  }
  const absl::string_view branch = BranchOf(ref);
  return branch.empty() ? absl::StrCat("the push of ", Quoted(ref))
                        : absl::StrCat("the push to branch ", Quoted(branch));
}

}  // namespace

absl::Status CheckRepositoryPattern(absl::string_view field,
                                    absl::string_view pattern) {
  if (pattern == kEverything) return absl::OkStatus();
  // A `*` can stand for a letter, so a pattern is well formed if letters in
  // place of its stars make it a repository.
  const std::string sample = absl::StrReplaceAll(pattern, {{"*", "x"}});
  if (ParseRepository(sample).ok()) return absl::OkStatus();
  return InvalidField(field, pattern,
                      "is not a pattern; wanted [HOST/]OWNER/NAME, where * "
                      "stands for anything but /, or * alone for every "
                      "repository",
                      "INVALID_PATTERN");
}

bool RepositoryMatches(absl::string_view pattern, const CanonicalName& name) {
  if (pattern == kEverything) return true;
  const bool names_host = std::ranges::count(pattern, '/') > 1;
  return GlobMatches(names_host ? std::string(pattern)
                                : absl::StrCat(kDefaultHost, "/", pattern),
                     name.text(), '/');
}

bool AccountMatches(absl::string_view pattern, const std::string& host,
                    const std::string& account) {
  const absl::string_view name = pattern.substr(pattern.rfind('/') + 1);
  const bool any_name =
      !name.empty() && name.find_first_not_of('*') == absl::string_view::npos;
  return any_name && RepositoryMatches(
                         pattern, Repository{host, account, "any"}.Canonical());
}

std::vector<Repository> RepositoryRules::NamedRepositories() const {
  std::vector<Repository> named;
  for (const RepositoryRule& rule : rules_) {
    absl::StatusOr<Repository> repository = ParseRepository(rule.match);
    if (repository.ok()) named.push_back(*std::move(repository));
  }
  return named;
}

const RepositoryRule* RepositoryRules::Find(
    const Repository& repository) const {
  if (rules_.empty()) return nullptr;
  const CanonicalName name = repository.Canonical();
  for (const RepositoryRule& rule : rules_) {
    if (RepositoryMatches(rule.match, name)) return &rule;
  }
  return nullptr;
}

RepositoryRules::Expectation RepositoryRules::Expect(
    const Repository& repository, const CodeChange* change) const {
  const RepositoryRule* const rule = Find(repository);
  const bool push = change != nullptr && change->event == "push";
  if (change != nullptr && change->base_changed &&
      (rule == nullptr || !rule->rerun_on_base_change)) {
    return {{},
            absl::StrCat("A pull request of ", repository.Display(),
                         " has a new base branch and the same commits, and "
                         "no rule asks for a rerun then "
                         "(rerun_on_base_change: false).")};
  }
  if (rule == nullptr) {
    if (push && absl::StartsWith(change->base_ref, kTagPrefix)) {
      return {
          {},
          absl::StrCat("No rule of the configuration matches ",
                       repository.Display(), ", so ", PushOf(change->base_ref),
                       " makes no context pending.")};
    }
    return {default_contexts_,
            absl::StrCat(
                "No rule of the configuration matches ", repository.Display(),
                ", so the default applies: ", Names(default_contexts_), ".")};
  }

  const std::string matched = absl::StrCat(
      repository.Display(), " matches the rule for ", Quoted(rule->match));
  const auto nothing = [&](absl::string_view why) {
    return Expectation{{}, absl::StrCat(matched, ", ", why, ".")};
  };
  if (rule->contexts.empty()) return nothing("which expects no contexts");
  if (change == nullptr) {
    return {rule->contexts, absl::StrCat(matched, ", which expects ",
                                         Names(rule->contexts), ".")};
  }
  if (push) {
    for (const std::string& pattern : rule->push_branches) {
      if (!PushMatches(pattern, change->base_ref)) continue;
      return {rule->contexts,
              absl::StrCat(matched, ", whose push_branches name ",
                           Quoted(pattern), ": ", PushOf(change->base_ref),
                           " gets ", Names(rule->contexts), ".")};
    }
    return nothing(absl::StrCat("but none of its push_branches fits ",
                                PushOf(change->base_ref)));
  }
  if (change->draft && !rule->drafts) {
    return nothing("which leaves out draft pull requests (drafts: false)");
  }
  if (change->fork && !rule->forks) {
    return nothing("which leaves out pull requests from forks (forks: false)");
  }
  return {
      rule->contexts,
      absl::StrCat(matched, ", which expects ", Names(rule->contexts),
                   change->event == "merge_group" ? " of every merge group."
                                                  : " of every pull request.")};
}

absl::Duration RepositoryRules::ExpiresAfter(const Repository& repository,
                                             absl::Duration otherwise) const {
  const RepositoryRule* const rule = Find(repository);
  return rule == nullptr ? otherwise
                         : rule->pending_expires_after.value_or(otherwise);
}

}  // namespace signalbox
