#include "server/rpc/token_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/report/repository_rules.h"
#include "server/report/sha.h"
#include "server/report/status_key.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

constexpr int kMostPatterns = 100;
constexpr size_t kLongestSeries = 255;
constexpr absl::Duration kDefaultLife = absl::Hours(1);
constexpr absl::Duration kShortestLife = absl::Minutes(1);

bool HasStar(const std::string& pattern) {
  return pattern.find('*') != std::string::npos;
}

absl::Status CheckNumber(absl::string_view field, int count) {
  if (count <= kMostPatterns) return absl::OkStatus();
  return InvalidField(
      field, absl::StrCat(count),
      absl::StrCat("is too many; wanted at most ", kMostPatterns),
      "TOO_MANY_PATTERNS");
}

absl::Status CheckPatterns(const v1::Narrowing& narrowing,
                           const ConvertOptions& options) {
  absl::Status status =
      CheckNumber("narrowing.repositories", narrowing.repositories_size());
  status.Update(CheckNumber("narrowing.contexts", narrowing.contexts_size()));
  for (const std::string& pattern : narrowing.repositories()) {
    status.Update(
        HasStar(pattern)
            ? CheckRepositoryPattern("narrowing.repositories", pattern)
            : ParseKnownRepository(pattern, options).status());
  }
  for (const std::string& pattern : narrowing.contexts()) {
    status.Update(ParseContext(pattern).status());
  }
  return status;
}

absl::Status CheckRights(const v1::Narrowing& narrowing) {
  const bool is_for_run = narrowing.attempt() != 0 || !narrowing.sha().empty();
  for (const std::string& name : narrowing.rights()) {
    const std::optional<Right> right = RightNamed(name);
    const bool may_operate = right == Right::kOperate && !is_for_run;
    if (right == Right::kReport || right == Right::kRead || may_operate) {
      continue;
    }
    return InvalidField(
        "narrowing.rights", name,
        "is not a right of such a token; wanted report or read, or operate if "
        "the token is not for one commit or run",
        "INVALID_RIGHT");
  }
  return absl::OkStatus();
}

absl::Status CheckRun(const v1::Narrowing& narrowing) {
  if (!narrowing.sha().empty()) {
    absl::Status sha = ParseSha(narrowing.sha()).status();
    if (!sha.ok()) return sha;
  }
  if (narrowing.attempt() < 0) {
    return InvalidField("narrowing.attempt", absl::StrCat(narrowing.attempt()),
                        "is negative; wanted 0 or more", "INVALID_ATTEMPT");
  }
  const std::string& series = narrowing.series();
  const bool fits = series.size() <= kLongestSeries &&
                    std::ranges::none_of(series, [](unsigned char c) {
                      return c < 0x20 || c == 0x7f;
                    });
  if (!fits || (!series.empty() && narrowing.attempt() == 0)) {
    return InvalidField("narrowing.series", series,
                        "is not a series; wanted at most 255 bytes without "
                        "control characters, together with an attempt above 0",
                        "INVALID_SERIES");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> LifeOf(const v1::IssueTokenRequest& request) {
  if (!request.has_valid_for()) return kDefaultLife;
  const absl::Duration life = absl::Seconds(request.valid_for().seconds()) +
                              absl::Nanoseconds(request.valid_for().nanos());
  if (life >= kShortestLife && life <= kLongestTokenLife) return life;
  return InvalidField("valid_for", absl::FormatDuration(life),
                      "is not a life of a token; wanted 1 minute to 30 days",
                      "INVALID_VALID_FOR");
}

TokenNarrowing NarrowingOf(const v1::Narrowing& proto) {
  TokenNarrowing narrowing;
  narrowing.repositories.assign(proto.repositories().begin(),
                                proto.repositories().end());
  narrowing.contexts.assign(proto.contexts().begin(), proto.contexts().end());
  narrowing.rights.assign(proto.rights().begin(), proto.rights().end());
  if (!proto.sha().empty()) narrowing.sha = ParseSha(proto.sha())->Hex();
  narrowing.series = proto.series();
  narrowing.attempt = proto.attempt();
  return narrowing;
}

v1::Narrowing ToNarrowing(const TokenNarrowing& narrowing) {
  v1::Narrowing proto;
  proto.mutable_repositories()->Add(narrowing.repositories.begin(),
                                    narrowing.repositories.end());
  proto.mutable_contexts()->Add(narrowing.contexts.begin(),
                                narrowing.contexts.end());
  proto.mutable_rights()->Add(narrowing.rights.begin(), narrowing.rights.end());
  proto.set_sha(narrowing.sha);
  proto.set_series(narrowing.series);
  proto.set_attempt(narrowing.attempt);
  return proto;
}

}  // namespace

absl::StatusOr<IssuedToken> TokenWanted(const v1::IssueTokenRequest& request,
                                        const Identity& by,
                                        const ConvertOptions& options,
                                        absl::Time now) {
  if (by.caller == nullptr) {
    return Error(absl::StatusCode::kInvalidArgument, "NO_CALLERS",
                 "the server's configuration names no callers, so its clients "
                 "need no tokens");
  }
  const v1::Narrowing& asked = request.narrowing();
  absl::Status status = CheckPatterns(asked, options);
  status.Update(CheckRights(asked));
  status.Update(CheckRun(asked));
  if (!status.ok()) return status;
  const absl::StatusOr<absl::Duration> life = LifeOf(request);
  if (!life.ok()) return life.status();
  IssuedToken token;
  token.caller = by.caller->name;
  token.issuer.assign(by.token_sha256.begin(), by.token_sha256.end());
  token.narrowing = NarrowingOf(asked);
  status = Authorizer::AuthorizeNarrowing(*by.caller, token.narrowing);
  if (!status.ok()) return status;
  const absl::Time latest =
      by.login == Login::kToken ? by.token_expire_time : absl::InfiniteFuture();
  token.expire_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(std::min(now + *life, latest)));
  return token;
}

v1::Grants GrantsOf(const Identity& identity) {
  const Caller grants = Authorizer::GrantsOf(identity.caller);
  v1::Grants granted;
  granted.set_caller(grants.name);
  for (const Right right : grants.rights) {
    granted.add_rights(std::string(NameOf(right)));
  }
  granted.mutable_repositories()->Add(grants.repositories.begin(),
                                      grants.repositories.end());
  granted.mutable_contexts()->Add(grants.contexts.begin(),
                                  grants.contexts.end());
  if (identity.token_expire_time != absl::InfiniteFuture()) {
    *granted.mutable_token_expire_time() = ToProto(identity.token_expire_time);
  }
  granted.set_forward(identity.forward);
  if (grants.narrowing.has_value()) {
    *granted.mutable_narrowing() = ToNarrowing(*grants.narrowing);
  }
  if (grants.app.has_value()) granted.set_app_id(grants.app->app_id);
  return granted;
}

}  // namespace signalbox
