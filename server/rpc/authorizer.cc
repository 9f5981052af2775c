#include "server/rpc/authorizer.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/base/glob.h"
#include "server/report/repository_rules.h"
#include "server/rpc/method_rights.h"

namespace signalbox {
namespace {

bool ContextMatches(const std::vector<std::string>& globs,
                    absl::string_view context) {
  return std::ranges::any_of(globs, [context](const std::string& glob) {
    return GlobMatches(glob, context);
  });
}

bool MayUse(const Caller& caller, absl::string_view context) {
  return ContextMatches(caller.contexts, context) &&
         (!caller.narrowing.has_value() || caller.narrowing->contexts.empty() ||
          ContextMatches(caller.narrowing->contexts, context));
}

bool RepositoryMatchesOne(const std::vector<std::string>& patterns,
                          const CanonicalName& name) {
  return std::ranges::any_of(patterns, [&name](const std::string& pattern) {
    return RepositoryMatches(pattern, name);
  });
}

bool MayUse(const Caller& caller, const CanonicalName& name) {
  return RepositoryMatchesOne(caller.repositories, name) &&
         (!caller.narrowing.has_value() ||
          caller.narrowing->repositories.empty() ||
          RepositoryMatchesOne(caller.narrowing->repositories, name));
}

struct RightName {
  Right right;
  absl::string_view name;
};
constexpr RightName kRightNames[] = {{Right::kReport, "report"},
                                     {Right::kRead, "read"},
                                     {Right::kOperate, "operate"},
                                     {Right::kWebhook, "webhook"},
                                     {Right::kAdmin, "admin"}};

constexpr char kNotGrantedPayload[] = "signalbox/not-granted";

absl::Status NotGranted(absl::string_view what, absl::string_view message) {
  absl::Status status =
      Error(absl::StatusCode::kPermissionDenied, "NOT_GRANTED", message);
  status.SetPayload(kNotGrantedPayload, absl::Cord(what));
  return status;
}

bool Has(const Caller& caller, Right right) {
  return std::ranges::find(caller.rights, right) != caller.rights.end();
}

absl::Status NotOfThisToken(absl::string_view what, absl::string_view value) {
  return NotGranted(what, absl::StrCat("this token may not report on another ",
                                       what, " than ", Quoted(value, 256)));
}

// Checks a report against the token that it came with, and completes it.
absl::Status ApplyRun(const Caller& caller, Report* report) {
  if (!caller.narrowing.has_value()) return absl::OkStatus();
  const TokenNarrowing& narrowing = *caller.narrowing;
  if (!narrowing.sha.empty() && report->sha.Hex() != narrowing.sha) {
    return NotOfThisToken("sha", narrowing.sha);
  }
  if (narrowing.attempt == 0) return absl::OkStatus();
  if (report->attempt == 0) {
    report->attempt = narrowing.attempt;
    report->series = narrowing.series;
  }
  if (report->series != narrowing.series) {
    return NotOfThisToken("series", narrowing.series);
  }
  if (report->attempt != narrowing.attempt) {
    return NotOfThisToken("attempt", absl::StrCat(narrowing.attempt));
  }
  return absl::OkStatus();
}

absl::Status CheckRight(const Caller& caller, Right right) {
  if (Has(caller, right)) return absl::OkStatus();
  return NotGranted(
      "right", absl::StrCat("caller ", caller.name, " does not have the right ",
                            NameOf(right)));
}

absl::Status CheckGrant(const Caller& caller, const Repository& repository) {
  if (MayUse(caller, repository.Canonical())) return absl::OkStatus();
  return NotGranted("repository", absl::StrCat("caller ", caller.name,
                                               " has no grant for repository ",
                                               repository.Display()));
}

absl::Status CheckContexts(const Caller& caller,
                           const std::vector<std::string>& contexts) {
  for (const std::string& context : contexts) {
    if (MayUse(caller, context)) continue;
    return NotGranted(
        "context", absl::StrCat("caller ", caller.name,
                                " may not report context ", Quoted(context)));
  }
  return absl::OkStatus();
}

// Checks the right again for the name that the repository turns out to have.
// The error does not reveal that name to the caller.
std::function<absl::Status(const Repository&)> AskAgain(
    const CallerRef& caller, Right right, const Repository& asked,
    std::vector<std::string> contexts) {
  return [caller, right, asked = asked.Display(),
          contexts = std::move(contexts)](const Repository& repository) {
    const absl::Status status =
        Authorizer::Authorize(caller, right, repository, contexts);
    if (NotGrantedOf(status) != "repository") return status;
    return NotGranted(
        "repository",
        absl::StrCat("repository ", asked,
                     " was renamed or transferred, and caller ", caller->name,
                     " has no grant for the new name"));
  };
}

// Checks the grant of everything that an event names.
absl::Status CheckEvent(const Caller& caller, const Event& event) {
  const auto granted = [&caller](const Repository& repository,
                                 const std::vector<std::string>& contexts) {
    return Authorizer::Authorize(&caller, Right::kWebhook, repository,
                                 contexts);
  };
  if (const auto* moved = std::get_if<RepositoryMoved>(&event)) {
    absl::Status from = granted(moved->from, {});
    return from.ok() ? granted(moved->to, {}) : from;
  }
  if (const auto* rerun = std::get_if<RerunRequested>(&event)) {
    return granted(rerun->repository, rerun->contexts);
  }
  if (const auto* archived = std::get_if<RepositoryArchived>(&event)) {
    return granted(archived->repository, {});
  }
  const auto& changed = std::get<InstallationChanged>(event);
  const auto covers = [&changed](const std::string& pattern) {
    return AccountMatches(pattern, changed.host, changed.account);
  };
  if (std::ranges::any_of(caller.repositories, covers)) return absl::OkStatus();
  return NotGranted(
      "account",
      absl::StrCat("caller ", caller.name,
                   " may not report events about a whole account: none of its "
                   "`repositories` covers all of ",
                   Quoted(changed.account)));
}

// The first repository that an event names; nothing: it names an account.
std::optional<Repository> RepositoryOf(const Event& event) {
  const auto find = [](const auto& one) -> std::optional<Repository> {
    if constexpr (requires { one.from; }) return one.from;
    if constexpr (requires { one.repository; }) return one.repository;
    return std::nullopt;
  };
  return std::visit(find, event);
}

}  // namespace

absl::StatusOr<Identity> Authorizer::Admit(absl::string_view method,
                                           absl::string_view authorization,
                                           absl::Time now) const {
  absl::StatusOr<Identity> identity = Authenticate(authorization, now);
  if (!identity.ok()) return identity;
  const auto* const row =
      std::ranges::find(kMethodRights, method, &MethodRight::method);
  if (row == std::end(kMethodRights)) {
    return NotGranted("right", absl::StrCat("nobody may call ", method));
  }
  if (identity->login == Login::kAppJwt && !row->jwt_suffices) {
    return NotGranted("right",
                      absl::StrCat("a JWT does not suffice for ", method,
                                   "; get a token with IssueToken first"));
  }
  if (identity->login == Login::kIssued && !row->issued_token_suffices) {
    return NotGranted("right", absl::StrCat("an issued token does not suffice "
                                            "for ",
                                            method));
  }
  if (identity->caller != nullptr && row->right.has_value()) {
    absl::Status has_right = CheckRight(*identity->caller, *row->right);
    if (!has_right.ok()) return has_right;
  }
  return identity;
}

absl::Status Authorizer::Authorize(const Caller* caller, Right right,
                                   const Repository& repository,
                                   const std::vector<std::string>& contexts) {
  if (caller == nullptr) return absl::OkStatus();
  absl::Status has_right = CheckRight(*caller, right);
  if (!has_right.ok()) return has_right;
  absl::Status granted = CheckGrant(*caller, repository);
  if (!granted.ok()) return granted;
  return CheckContexts(*caller, contexts);
}

absl::Status Authorizer::AuthorizeFound(const Caller* caller, Right right,
                                        const Repository& found,
                                        const Repository& asked) {
  if (Authorize(caller, right, found, {}).ok()) return absl::OkStatus();
  return Error(absl::StatusCode::kNotFound, "NOTHING_REPORTED",
               absl::StrCat("the server has no report for ",
                            Quoted(asked.Display(), 256)));
}

absl::Status Authorizer::AuthorizeReports(const CallerRef& caller,
                                          Converted* converted) {
  if (caller == nullptr) return absl::OkStatus();
  Submission& submission = converted->submission;
  absl::Status authorized = CheckRight(*caller, Right::kReport);
  const bool speaks_as_github = submission.delivery.has_value() ||
                                submission.change.has_value() ||
                                submission.observed.has_value();
  if (authorized.ok() && speaks_as_github) {
    authorized = CheckRight(*caller, Right::kWebhook);
  }
  Report& report = submission.report;
  if (authorized.ok()) {
    authorized = Authorize(caller, Right::kReport, report.repository,
                           submission.contexts);
  }
  if (authorized.ok()) authorized = ApplyRun(*caller, &report);
  if (!authorized.ok()) return authorized;

  if (!Has(*caller, Right::kWebhook) &&
      std::exchange(report.repository_id, 0) != 0) {
    converted->warnings.push_back(
        absl::StrCat("repository_id left out: caller ", caller->name,
                     " does not have the right webhook"));
  }
  if (submission.with_all_reported) {
    submission.may_report_context =
        [caller, repository = report.repository](absl::string_view context) {
          return Authorize(caller, Right::kReport, repository,
                           {std::string(context)})
              .ok();
        };
  }
  submission.caller = caller->name;
  submission.may_report =
      AskAgain(caller, Right::kReport, report.repository, submission.contexts);
  return absl::OkStatus();
}

absl::Status Authorizer::AuthorizeEvent(const CallerRef& caller,
                                        EventSubmission* submission) {
  if (caller == nullptr) return absl::OkStatus();
  absl::Status authorized = CheckRight(*caller, Right::kWebhook);
  if (authorized.ok()) authorized = CheckEvent(*caller, submission->event);
  if (!authorized.ok()) return authorized;
  submission->caller = caller->name;
  const std::optional<Repository> repository = RepositoryOf(submission->event);
  if (repository.has_value()) {
    submission->may_report = AskAgain(caller, Right::kWebhook, *repository, {});
  }
  return absl::OkStatus();
}

absl::Status Authorizer::AuthorizeNarrowing(const Caller& caller,
                                            const TokenNarrowing& narrowing) {
  const auto is_pattern = [](const std::string& text) {
    return absl::StrContains(text, '*');
  };
  absl::Status status;
  for (const std::string& name : narrowing.rights) {
    status.Update(CheckRight(caller, *RightNamed(name)));
  }
  for (const std::string& text : narrowing.repositories) {
    if (is_pattern(text)) continue;
    const absl::StatusOr<Repository> repository = ParseRepository(text);
    status.Update(repository.ok() ? CheckGrant(caller, *repository)
                                  : repository.status());
  }
  std::vector<std::string> contexts = narrowing.contexts;
  std::erase_if(contexts, is_pattern);
  status.Update(CheckContexts(caller, contexts));
  return status;
}

absl::Status Authorizer::AuthorizeLater(
    absl::string_view caller, Right right, const Repository& repository,
    const std::vector<std::string>& contexts) const {
  if (callers_.empty()) return absl::OkStatus();
  for (const Caller& known : callers_) {
    if (known.name == caller) {
      return Authorize(&known, right, repository, contexts);
    }
  }
  return Error(absl::StatusCode::kPermissionDenied, "NOT_GRANTED",
               absl::StrCat("caller ", Quoted(caller),
                            " is no longer in the server's configuration"));
}

bool Authorizer::MayReport(const std::string& caller,
                           const Repository& repository,
                           const std::string& context) const {
  std::vector<std::string> contexts;
  if (!context.empty()) contexts.push_back(context);
  return AuthorizeLater(caller, Right::kReport, repository, contexts).ok();
}

std::optional<Right> RightNamed(absl::string_view name) {
  for (const RightName& one : kRightNames) {
    if (one.name == name) return one.right;
  }
  return std::nullopt;
}

absl::string_view NameOf(Right right) {
  for (const RightName& one : kRightNames) {
    if (one.right == right) return one.name;
  }
  return "";
}

Caller Authorizer::GrantsOf(const Caller* caller) {
  if (caller != nullptr) return *caller;
  Caller everybody;
  everybody.repositories = everybody.contexts = {"*"};
  for (const RightName& one : kRightNames) {
    everybody.rights.push_back(one.right);
  }
  return everybody;
}

std::string NotGrantedOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kNotGrantedPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace signalbox
