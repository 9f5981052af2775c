// How Authorizer finds out who makes a call.

#include <openssl/crypto.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/secret.h"
#include "server/identity/token_text.h"
#include "server/rpc/authorizer.h"

namespace signalbox {
namespace {

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

// The caller as an issued token limits it.
Caller Narrowed(const Caller& caller, TokenNarrowing narrowing) {
  Caller narrowed = caller;
  // Requests with these rights are stored with the name of the caller, and
  // checked again later, when nothing is known of the token.
  std::erase(narrowed.rights, Right::kWebhook);
  std::erase(narrowed.rights, Right::kAdmin);
  // RetryPost is about a key, not about a run.
  if (!narrowing.sha.empty() || narrowing.attempt != 0) {
    std::erase(narrowed.rights, Right::kOperate);
  }
  if (!narrowing.rights.empty()) {
    std::erase_if(narrowed.rights, [&narrowing](Right right) {
      return std::ranges::find(narrowing.rights, NameOf(right)) ==
             narrowing.rights.end();
    });
  }
  narrowed.narrowing = std::move(narrowing);
  return narrowed;
}

}  // namespace

Authorizer::Authorizer(std::vector<Caller> callers, Metrics* metrics,
                       const TokenKeys* token_keys)
    : callers_(WithoutTokens(callers)),
      token_keys_(token_keys),
      tokens_(TokensOf(std::move(callers))) {
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
    found->forward = found->caller->forward && MayGoToGitHub(authorization);
    return *found;
  }
  if (found.has_value()) {
    return TokenExpired(*found->caller, found->token_expire_time);
  }
  if (absl::StartsWith(token.Reveal(), kIssuedTokenPrefix)) {
    return FindIssued(token.Reveal(), now);
  }
  const Caller* const app = AppOf(token.Reveal());
  if (app != nullptr) return FindApp(*app, token.Reveal(), now);
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
    const Secret line(absl::StrCat(token, line_end));
    const std::string digest = Sha256(line.Reveal());
    MutexLock lock(&mu_);
    for (size_t i = 0; i < callers_.size(); ++i) {
      for (const CallerToken& known : tokens_[i]) {
        if (known.sha256.size() == digest.size() &&
            CRYPTO_memcmp(known.sha256.data(), digest.data(), digest.size()) ==
                0) {
          found = Identity{&callers_[i], known.expire_time, {},
                           false,        Login::kToken,     i};
          std::ranges::copy(digest, found->token_sha256.begin());
        }
      }
    }
    if (found.has_value()) break;
  }
  return found;
}

absl::StatusOr<Identity> Authorizer::FindIssued(absl::string_view token,
                                                absl::Time now) const {
  std::optional<IssuedToken> issued =
      token_keys_ == nullptr ? std::nullopt : token_keys_->Verify(token);
  if (!issued.has_value()) {
    return Error(absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
                 "this server has not issued this token, or no longer has the "
                 "key with which it did");
  }
  const auto caller =
      std::ranges::find(callers_, issued->caller, &Caller::name);
  if (caller == callers_.end()) {
    return Error(
        absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
        absl::StrCat("this token was issued to caller ", Quoted(issued->caller),
                     ", which is no longer in the server's "
                     "configuration"));
  }
  Identity identity;
  identity.token_expire_time = issued->expire_time;
  identity.login = Login::kIssued;
  identity.caller_index = static_cast<size_t>(caller - callers_.begin());
  if (issued->issuer.size() != identity.token_sha256.size()) {
    return absl::InternalError("an issued token names no issuer");
  }
  std::ranges::copy(issued->issuer, identity.token_sha256.begin());
  identity.caller = CallerRef(std::make_shared<const Caller>(
      Narrowed(*caller, std::move(issued->narrowing))));
  absl::Status valid = Recheck(identity, now);
  if (!valid.ok()) return valid;
  return identity;
}

const Caller* Authorizer::AppOf(absl::string_view token) const {
  // A stranger's text is not parsed unless it can be of use.
  if (std::ranges::none_of(callers_, [](const Caller& caller) {
        return caller.app.has_value();
      })) {
    return nullptr;
  }
  const std::optional<int64_t> app_id = AppOfJwt(token);
  if (!app_id.has_value()) return nullptr;
  const auto found = std::ranges::find_if(callers_, [&](const Caller& caller) {
    return caller.app.has_value() && caller.app->app_id == *app_id;
  });
  return found == callers_.end() ? nullptr : &*found;
}

absl::StatusOr<Identity> Authorizer::FindApp(const Caller& app,
                                             absl::string_view jwt,
                                             absl::Time now) const {
  const absl::StatusOr<absl::Time> end = CheckAppJwt(jwt, *app.app, now);
  if (!end.ok()) return end.status();
  Identity identity{
      &app,  *end,           {},
      false, Login::kAppJwt, static_cast<size_t>(&app - callers_.data())};
  std::ranges::copy(app.app->sha256, identity.token_sha256.begin());
  return identity;
}

absl::Status Authorizer::CheckLogin(size_t caller, absl::string_view sha256,
                                    absl::Time now) const {
  const Caller& configured = callers_[caller];
  if (configured.app.has_value() && configured.app->sha256 == sha256) {
    return absl::OkStatus();
  }
  MutexLock lock(&mu_);
  for (const CallerToken& known : tokens_[caller]) {
    if (known.sha256 != sha256) continue;
    return now < known.expire_time
               ? absl::OkStatus()
               : TokenExpired(configured, known.expire_time);
  }
  return Error(
      absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER",
      absl::StrCat("this token, or the one by which it was issued, is no "
                   "longer that of caller ",
                   configured.name, "; send the caller's newer token"));
}

absl::Status Authorizer::Recheck(const Identity& identity,
                                 absl::Time now) const {
  if (identity.caller == nullptr) return absl::OkStatus();
  if (identity.login != Login::kToken && now >= identity.token_expire_time) {
    return TokenExpired(*identity.caller, identity.token_expire_time);
  }
  return CheckLogin(identity.caller_index,
                    absl::string_view(identity.token_sha256.data(),
                                      identity.token_sha256.size()),
                    now);
}

void Authorizer::SetTokens(absl::string_view caller,
                           std::vector<CallerToken> tokens) {
  MutexLock lock(&mu_);
  for (size_t i = 0; i < callers_.size(); ++i) {
    if (callers_[i].name == caller) tokens_[i] = tokens;
  }
}

}  // namespace signalbox
