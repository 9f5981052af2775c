#include "server/rpc/authorizer.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/secret.h"
#include "server/base/glob.h"
#include "server/identity/token_text.h"
#include "server/report/repository_rules.h"
#include "server/rpc/method_rights.h"

namespace signalbox {
namespace {

bool MayUse(const Caller& caller, absl::string_view context) {
  return std::ranges::any_of(caller.contexts,
                             [context](const std::string& glob) {
                               return GlobMatches(glob, context);
                             });
}

std::string Sha256(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
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

std::vector<Caller> WithoutTokens(std::vector<Caller> callers) {
  for (Caller& caller : callers) caller.tokens.clear();
  return callers;
}

std::vector<std::vector<CallerToken>> TokensOf(std::vector<Caller> callers) {
  std::vector<std::vector<CallerToken>> tokens;
  for (Caller& caller : callers) tokens.push_back(std::move(caller.tokens));
  return tokens;
}

absl::Status TokenExpired(const Caller& caller, absl::Time expire_time) {
  return Error(
      absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
      absl::StrCat("this token of caller ", caller.name, " was valid until ",
                   absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", expire_time,
                                    absl::UTCTimeZone()),
                   "; send the caller's newer token"));
}

bool Has(const Caller& caller, Right right) {
  return std::ranges::find(caller.rights, right) != caller.rights.end();
}

absl::Status CheckRight(const Caller& caller, Right right) {
  if (Has(caller, right)) return absl::OkStatus();
  return NotGranted(
      "right", absl::StrCat("caller ", caller.name, " does not have the right ",
                            NameOf(right)));
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
    const Caller* caller, Right right, const Repository& asked,
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

Authorizer::Authorizer(std::vector<Caller> callers, Metrics* metrics)
    : callers_(WithoutTokens(callers)), tokens_(TokensOf(std::move(callers))) {
  if (metrics == nullptr) return;
  github_tokens_ = metrics->CounterOf(
      "signalbox_github_tokens_refused_total",
      "Calls with an unknown token that looks like one of GitHub's.");
}

absl::StatusOr<Identity> Authorizer::Authenticate(
    absl::string_view authorization, absl::Time now) const {
  if (callers_.empty()) return Identity();
  const Secret token = TokenIn(authorization);
  if (token.empty()) {
    return Error(absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
                 "no token was sent: give --token-file (metadata "
                 "authorization: Bearer TOKEN)");
  }
  std::optional<Identity> found = Find(token.Reveal());
  if (found.has_value() && now < found->token_expire_time) {
    // A token of Signalbox's must not leave, even if the configuration is
    // wrong.
    found->forward =
        found->caller->forward && LooksLikeGitHubToken(token.Reveal());
    return *found;
  }
  if (found.has_value()) {
    return TokenExpired(*found->caller, found->token_expire_time);
  }
  const bool is_github_token = LooksLikeGitHubToken(token.Reveal());
  if (is_github_token && github_tokens_.has_value()) github_tokens_->Add();
  return Error(
      absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
      absl::StrCat(
          is_github_token ? "this token is GitHub's, and " : "this token ",
          "belongs to no configured caller; send the token of one of "
          "the `callers` in the server's configuration"));
}

std::optional<Identity> Authorizer::Find(absl::string_view token) const {
  std::optional<Identity> found;
  // `sha256sum FILE` includes the line end after the token.
  for (const char* line_end : {"", "\n", "\r\n"}) {
    const std::string digest = Sha256(absl::StrCat(token, line_end));
    MutexLock lock(&mu_);
    for (size_t i = 0; i < callers_.size(); ++i) {
      for (const CallerToken& known : tokens_[i]) {
        if (known.sha256.size() == digest.size() &&
            CRYPTO_memcmp(known.sha256.data(), digest.data(), digest.size()) ==
                0) {
          found = Identity{&callers_[i], known.expire_time, {}, false};
          std::ranges::copy(digest, found->token_sha256.begin());
        }
      }
    }
    if (found.has_value()) break;
  }
  return found;
}

absl::Status Authorizer::Recheck(const Identity& identity,
                                 absl::Time now) const {
  if (identity.caller == nullptr) return absl::OkStatus();
  const absl::string_view digest(identity.token_sha256.data(),
                                 identity.token_sha256.size());
  MutexLock lock(&mu_);
  for (const CallerToken& known :
       tokens_[static_cast<size_t>(identity.caller - callers_.data())]) {
    if (known.sha256 != digest) continue;
    return now < known.expire_time
               ? absl::OkStatus()
               : TokenExpired(*identity.caller, known.expire_time);
  }
  return Error(
      absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
      absl::StrCat("this token is no longer that of caller ",
                   identity.caller->name, "; send the caller's newer token"));
}

void Authorizer::SetTokens(absl::string_view caller,
                           std::vector<CallerToken> tokens) {
  MutexLock lock(&mu_);
  for (size_t i = 0; i < callers_.size(); ++i) {
    if (callers_[i].name == caller) tokens_[i] = tokens;
  }
}

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
  const bool repository_granted = std::ranges::any_of(
      caller->repositories,
      [name = repository.Canonical()](const std::string& pattern) {
        return RepositoryMatches(pattern, name);
      });
  if (!repository_granted) {
    return NotGranted(
        "repository",
        absl::StrCat("caller ", caller->name, " has no grant for repository ",
                     repository.Display()));
  }
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

absl::Status Authorizer::AuthorizeReports(const Caller* caller,
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

absl::Status Authorizer::AuthorizeEvent(const Caller* caller,
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
