// The JWTs with which Apps authenticate.

#include "tests/github_simulator/app_jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/apps_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr char kUndecodable[] = "A JSON web token could not be decoded";
constexpr char kIssuedAt[] =
    "'Issued at' claim ('iat') must be an Integer representing the time that "
    "the assertion was issued";
constexpr char kExpired[] =
    "'Expiration time' claim ('exp') must be a numeric value representing the "
    "future time at which the assertion expires";
constexpr char kTooFar[] =
    "'Expiration time' claim ('exp') is too far in the future";

class AppJwtTest : public AppsFixture {
 protected:
  // The complaint about a JWT with those claims, in seconds from now.
  std::string SayToClaims(const std::string& claims) {
    const SimulatedResponse response =
        GetApp(Key().Sign(R"({"alg":"RS256","typ":"JWT"})", claims));
    if (response.status == 200) return "";
    EXPECT_EQ(response.status, 401) << claims;
    return MessageOf(response);
  }
  std::string SayToTimes(int64_t iat, int64_t exp) {
    const int64_t now = absl::ToUnixSeconds(now_);
    return SayToClaims(
        json({{"iss", kClientId}, {"iat", now + iat}, {"exp", now + exp}})
            .dump());
  }
};

TEST_F(AppJwtTest, AnAppReadsAboutItself) {
  const json app = BodyOf(GetApp(Jwt()));
  EXPECT_EQ(app["id"], kAppId);
  EXPECT_EQ(app["slug"], "signalbox");
  EXPECT_EQ(app["client_id"], kClientId);
  EXPECT_EQ(app["installations_count"], 1);
  EXPECT_EQ(app["permissions"]["statuses"], "write");
}

TEST_F(AppJwtTest, TheIssuerIsClientIdOrAppIdAsTextOrNumber) {
  const int64_t now = absl::ToUnixSeconds(now_);
  for (const json& issuer :
       std::vector<json>{kClientId, std::to_string(kAppId), kAppId}) {
    EXPECT_EQ(
        SayToClaims(
            json({{"iss", issuer}, {"iat", now}, {"exp", now + 60}}).dump()),
        "")
        << issuer;
  }
  for (const json& issuer : std::vector<json>{
           "", "iv23liabcdef", kAppId + 1, 123456.0, nullptr, {kAppId}}) {
    EXPECT_EQ(
        SayToClaims(
            json({{"iss", issuer}, {"iat", now}, {"exp", now + 60}}).dump()),
        kUndecodable)
        << issuer;
  }
}

// The limits, in seconds from GitHub's clock.
TEST_F(AppJwtTest, TimesMustFit) {
  EXPECT_EQ(SayToTimes(0, 600), "");
  EXPECT_EQ(SayToTimes(-60, 540), "");
  EXPECT_EQ(SayToTimes(-100'000, 1), "");
  EXPECT_EQ(SayToTimes(1, 540), kIssuedAt);
  EXPECT_EQ(SayToTimes(-60, 0), kExpired);
  EXPECT_EQ(SayToTimes(-600, -1), kExpired);
  EXPECT_EQ(SayToTimes(-60, 601), kTooFar);
  now_ += absl::Milliseconds(999);
  EXPECT_EQ(SayToTimes(0, 600), "");
  EXPECT_EQ(SayToTimes(1, 600), kIssuedAt);
  EXPECT_EQ(SayToTimes(0, 601), kTooFar);
}

TEST_F(AppJwtTest, TimesAreIntegers) {
  const int64_t now = absl::ToUnixSeconds(now_);
  const auto say = [&](const json& iat, const json& exp) {
    return SayToClaims(
        json({{"iss", kClientId}, {"iat", iat}, {"exp", exp}}).dump());
  };
  EXPECT_EQ(say(now, now + 60), "");
  EXPECT_EQ(say(now - 0.5, now + 60), kIssuedAt);
  EXPECT_EQ(say(std::to_string(now), now + 60), kIssuedAt);
  EXPECT_EQ(say(nullptr, now + 60), kIssuedAt);
  EXPECT_EQ(say(true, now + 60), kIssuedAt);
  EXPECT_EQ(say(now, now + 60.5), kExpired);
  EXPECT_EQ(say(now, std::to_string(now + 60)), kExpired);
  EXPECT_EQ(say(now, ~uint64_t{0}), kTooFar);
  EXPECT_EQ(SayToClaims(json({{"iss", kClientId}, {"exp", now + 60}}).dump()),
            kIssuedAt);
  EXPECT_EQ(SayToClaims(json({{"iss", kClientId}, {"iat", now}}).dump()),
            kExpired);
}

TEST_F(AppJwtTest, WhatIsNoJwtCannotBeDecoded) {
  const std::string good = Jwt();
  const int64_t now = absl::ToUnixSeconds(now_);
  const std::string claims =
      json({{"iss", kClientId}, {"iat", now}, {"exp", now + 60}}).dump();
  std::string other_signature = good;
  other_signature[good.size() - 10] =
      other_signature[good.size() - 10] == 'A' ? 'B' : 'A';
  for (const std::string& bad :
       std::vector<std::string>{"",
                                "token",
                                "a.b.c",
                                "eyJ",
                                "eyJ.eyJ.eyJ",
                                good + ".x",
                                good + "=",
                                good + "A",
                                " " + good.substr(1),
                                other_signature,
                                good.substr(0, good.rfind('.')),
                                good.substr(0, good.rfind('.') + 1),
                                OtherKey().Jwt(kClientId, now_),
                                Key().Sign(R"({"alg":"none"})", claims),
                                Key().Sign(R"({"alg":"HS256"})", claims),
                                Key().Sign(R"({"alg":7})", claims),
                                Key().Sign("{}", claims),
                                Key().Sign("[]", claims),
                                Key().Sign("", claims),
                                Key().Sign(R"({"alg":"RS256"})", ""),
                                Key().Sign(R"({"alg":"RS256"})", "[]"),
                                Key().Sign(R"({"alg":"RS256"})", "{"),
                                Key().Sign(R"({"alg":"RS256"})", "{}"),
                                Key().Sign("\xff", "\xff"),
                                "ghs_" + std::string(36, 'a')}) {
    const SimulatedResponse response = GetApp(bad);
    EXPECT_EQ(response.status, 401) << bad;
    EXPECT_EQ(MessageOf(response), kUndecodable) << bad;
  }
  EXPECT_EQ(GetApp(good).status, 200);
  EXPECT_EQ(GetApp(Key().Sign(R"({"alg":"RS256"})", claims)).status, 200);
}

// GitHub must not believe claims that another JWT's signature covers.
TEST_F(AppJwtTest, AChangedClaimBreaksTheSignature) {
  const std::string good = Jwt();
  const std::string forged = Key().Jwt(kClientId, now_ + absl::Seconds(1));
  const std::string mixed =
      forged.substr(0, forged.rfind('.')) + good.substr(good.rfind('.'));
  EXPECT_EQ(GetApp(mixed).status, 401);
}

TEST_F(AppJwtTest, AJwtIsABearer) {
  const SimulatedResponse response = rules_->Handle(
      {.method = "GET",
       .target = "/app",
       .headers = {{"User-Agent", "t"}, {"Authorization", "token " + Jwt()}}},
      now_);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(MessageOf(response), kUndecodable);
}

TEST_F(AppJwtTest, SeveralKeysMayBeActive) {
  const std::string old_jwt = Jwt();
  const std::string new_jwt = OtherKey().Jwt(kClientId, now_);
  EXPECT_EQ(GetApp(new_jwt).status, 401);
  rules_->apps().SetAppKeys(kAppId,
                            {Key().PublicPem(), OtherKey().PublicPem()});
  EXPECT_EQ(GetApp(old_jwt).status, 200);
  EXPECT_EQ(GetApp(new_jwt).status, 200);
  rules_->apps().SetAppKeys(kAppId, {OtherKey().PublicPem()});
  EXPECT_EQ(GetApp(old_jwt).status, 401);
  EXPECT_EQ(GetApp(new_jwt).status, 200);
  EXPECT_FALSE(IsRsaPublicKey(""));
  EXPECT_FALSE(IsRsaPublicKey(Key().PrivatePem()));
  EXPECT_TRUE(IsRsaPublicKey(Key().PublicPem()));
}

TEST_F(AppJwtTest, EachKindOfTokenHasItsEndpoints) {
  for (const std::string& target :
       {std::string("/repos/acme/widgets"), std::string("/user"),
        std::string("/rate_limit"), absl::StrCat("/repositories/", kId)}) {
    const SimulatedResponse response = Get(target, Jwt());
    EXPECT_EQ(response.status, 401) << target;
    EXPECT_EQ(MessageOf(response), "Bad credentials") << target;
  }
  EXPECT_EQ(PostState("success", "c", Jwt()).status, 401);
  for (const std::string& token : {Token(), std::string("token")}) {
    for (const char* target :
         {"/app", "/app/installations", "/app/installations/77",
          "/orgs/acme/installation", "/users/acme/installation",
          "/repos/acme/widgets/installation"}) {
      const SimulatedResponse response = Get(target, token);
      EXPECT_EQ(response.status, 401) << target;
      EXPECT_EQ(MessageOf(response), kUndecodable) << target;
    }
    const SimulatedResponse minted =
        Send("POST", "/app/installations/77/access_tokens", "", token);
    EXPECT_EQ(minted.status, 401);
    EXPECT_EQ(MessageOf(minted), kUndecodable);
  }
  EXPECT_EQ(rules_->apps().TokensMade(installation_), 1);
}

}  // namespace
}  // namespace signalbox
