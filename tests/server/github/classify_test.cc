#include "server/github/classify.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpResponse AnswerWith(int status, std::string body = "",
                        Headers headers = {}) {
  HttpResponse answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  return answer;
}

Verdict Judged(const HttpResponse& answer,
               absl::Duration token_age = absl::InfiniteDuration()) {
  RequestContext context;
  context.token_age = token_age;
  return Classify(answer, context);
}

std::string Message(absl::string_view message) {
  return absl::StrCat(R"({"message":")", message,
                      R"(","documentation_url":"https://docs.github.com"})");
}

std::string Refused(absl::string_view field, absl::string_view message) {
  return absl::StrCat(
      R"({"message":"Validation Failed","errors":[{"resource":"Status",)",
      R"("code":"custom","field":")", field, R"(","message":")", message,
      R"("}],"status":"422"})");
}

struct Case {
  int status;
  std::string body;
  Action action;
  std::string reason;
  Headers headers = {};
};

class EveryAnswer : public testing::TestWithParam<Case> {};

TEST_P(EveryAnswer, HasItsVerdict) {
  const Case& c = GetParam();
  const Verdict verdict = Judged(AnswerWith(c.status, c.body, c.headers));
  EXPECT_EQ(verdict.action, c.action) << c.status << " " << c.body;
  EXPECT_EQ(verdict.reason, c.reason) << c.status << " " << c.body;
  EXPECT_EQ(verdict.http_status, c.status);
}

INSTANTIATE_TEST_SUITE_P(
    GenericTable, EveryAnswer,
    testing::Values(
        Case{301,
             Message("Moved Permanently"),
             Action::kRedirect,
             "MOVED",
             {{"Location", "https://api.github.com/repositories/1"}}},
        Case{302, "", Action::kRedirect, "MOVED", {{"location", "/x"}}},
        Case{307, "", Action::kRedirect, "MOVED", {{"location", "/x"}}},
        Case{308, "", Action::kRedirect, "MOVED", {{"location", "/x"}}},
        // Without a location.
        Case{307, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"},
        // 303 asks for a GET of another URL.
        Case{303,
             "",
             Action::kRetryBriefly,
             "UNEXPECTED_ANSWER",
             {{"location", "/x"}}},
        // Nothing was created: see ReadsMayBeAnsweredByWhatIsHeld.
        Case{304, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"},
        Case{400, Message("Problems parsing JSON"), Action::kAbandon,
             "BAD_REQUEST"},
        Case{400, Message("Body should be a JSON object"), Action::kAbandon,
             "BAD_REQUEST"},
        Case{400, Message("Unsupported API Version"), Action::kAbandon,
             "API_VERSION_REFUSED"},
        Case{401, Message("Bad credentials"), Action::kReauthenticate,
             "BAD_CREDENTIALS"},
        Case{401, Message("Requires authentication"), Action::kReauthenticate,
             "BAD_CREDENTIALS"},
        Case{401, "", Action::kReauthenticate, "BAD_CREDENTIALS"},
        Case{401, Message("A JSON web token could not be decoded"),
             Action::kReauthenticate, "JWT_REFUSED"},
        Case{401,
             Message("'Expiration time' claim ('exp') is too far in the "
                     "future"),
             Action::kReauthenticate, "CLOCK_SKEW"},
        Case{401,
             Message("'Issued at' claim ('iat') must be an Integer "
                     "representing the time that the assertion was issued"),
             Action::kReauthenticate, "CLOCK_SKEW"},
        Case{403, Message("Resource not accessible by integration"),
             Action::kAbandon, "PERMISSION_MISSING"},
        Case{403, Message("Resource not accessible by personal access token"),
             Action::kAbandon, "PERMISSION_MISSING"},
        Case{403, "", Action::kAbandon, "PERMISSION_MISSING"},
        Case{403, Message("This installation has been suspended"),
             Action::kStop, "INSTALLATION_SUSPENDED"},
        Case{403, Message("Repository was archived so is read-only."),
             Action::kAbandon, "REPOSITORY_ARCHIVED"},
        Case{403, Message("Repository access blocked"), Action::kAbandon,
             "REPOSITORY_BLOCKED"},
        Case{403,
             Message("Resource protected by organization SAML enforcement. "
                     "You must grant your personal token access"),
             Action::kAbandon, "SSO_REQUIRED"},
        Case{403,
             Message("Forbidden"),
             Action::kAbandon,
             "SSO_REQUIRED",
             {{"X-GitHub-SSO", "required; url=https://github.com/x"}}},
        Case{403,
             Message("Although you appear to have the correct authorization "
                     "credentials, the `acme` organization has an IP allow "
                     "list enabled, and your IP address is not permitted"),
             Action::kAbandon, "IP_NOT_ALLOWED"},
        Case{403, Message("You must authenticate via a GitHub App."),
             Action::kAbandon, "APP_REQUIRED"},
        Case{403, Message("Sorry. Your account was suspended"), Action::kStop,
             "ACCOUNT_SUSPENDED"},
        Case{403,
             "Request forbidden by administrative rules. Please make sure "
             "your request has a User-Agent header",
             Action::kAbandon, "USER_AGENT_REFUSED"},
        Case{403,
             Message("Maximum number of login attempts exceeded. Please try "
                     "again later."),
             Action::kWait, "LOGIN_LOCKED"},
        Case{404, Message("Not Found"), Action::kAbandon,
             "REPOSITORY_NOT_FOUND"},
        Case{408, "", Action::kRetryAmbiguous, "TIMEOUT"},
        Case{409, Message("Conflict"), Action::kRetryBriefly, "CONFLICT"},
        Case{410, Message("Issues are disabled for this repo"),
             Action::kAbandon, "REPOSITORY_GONE"},
        Case{410, Message("This API version is no longer supported"),
             Action::kAbandon, "API_VERSION_REFUSED"},
        Case{451, Message("Repository access blocked"), Action::kAbandon,
             "LEGAL_BLOCK"},
        Case{500, Message("Server Error"), Action::kRetryAmbiguous,
             "SERVER_ERROR"},
        Case{502,
             "<html><body>Unicorn!</body></html>",
             Action::kRetryAmbiguous,
             "SERVER_ERROR",
             {{"content-type", "text/html"}}},
        Case{503, "", Action::kRetryAmbiguous, "SERVER_ERROR"},
        Case{504, Message("API rate limit exceeded"), Action::kRetryAmbiguous,
             "SERVER_ERROR"},
        Case{418, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"},
        Case{407, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"},
        Case{0, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"},
        Case{999, "", Action::kRetryBriefly, "UNEXPECTED_ANSWER"}));

INSTANTIATE_TEST_SUITE_P(
    StatusTable, EveryAnswer,
    testing::Values(
        Case{201, R"({"id":48971127823,"state":"success"})", Action::kDone,
             "POSTED"},
        Case{200, "", Action::kDone, "POSTED"},
        Case{422, Message("No commit found for SHA: 0123456789"), Action::kHold,
             "NO_COMMIT_FOUND"},
        Case{422, Refused("sha", "sha must be a 40 character SHA1"),
             Action::kAbandon, "INVALID_SHA"},
        Case{422,
             Refused("description",
                     "description is too long (maximum is 140 characters)"),
             Action::kFitDescription, "DESCRIPTION_REFUSED"},
        Case{
            422,
            Refused("description", "description doesn't accept 4-byte Unicode"),
            Action::kFitDescription, "DESCRIPTION_REFUSED"},
        // Older answers have strings instead of objects.
        Case{422,
             R"({"message":"Validation Failed",)"
             R"("errors":["description doesn't accept 4-byte Unicode"]})",
             Action::kFitDescription, "DESCRIPTION_REFUSED"},
        // A field without a message.
        Case{422, R"({"errors":[{"field":"Description","code":"invalid"}]})",
             Action::kFitDescription, "DESCRIPTION_REFUSED"},
        Case{422,
             Refused("context",
                     "context is too long (maximum is 255 characters)"),
             Action::kAbandon, "CONTEXT_REFUSED"},
        Case{422, Refused("state", "state is not included in the list"),
             Action::kAbandon, "STATE_REFUSED"},
        Case{422,
             R"({"message":"Validation Failed","errors":)"
             R"(["Target url must use http(s) scheme"]})",
             Action::kDropTargetUrl, "TARGET_URL_REFUSED"},
        Case{422, Refused("target_url", "is invalid"), Action::kDropTargetUrl,
             "TARGET_URL_REFUSED"},
        Case{422,
             R"({"message":"Validation Failed","errors":[{"resource":"Status",)"
             R"("code":"custom","message":"This SHA and context has reached )"
             R"(the maximum number of statuses."}]})",
             Action::kAbandon, "STATUS_LIMIT_REACHED"},
        Case{422,
             Message("Invalid request.\\n\\nFor 'properties/description', 5 "
                     "is not a string."),
             Action::kAbandon, "BAD_REQUEST"},
        Case{422, Message("Validation Failed"), Action::kAbandon,
             "VALIDATION_FAILED"},
        Case{422, "", Action::kAbandon, "VALIDATION_FAILED"}));

INSTANTIATE_TEST_SUITE_P(
    LimitTable, EveryAnswer,
    testing::Values(
        Case{403,
             Message("API rate limit exceeded for installation ID 1."),
             Action::kWait,
             "RATE_LIMITED",
             {{"x-ratelimit-remaining", "0"}}},
        Case{429, Message("API rate limit exceeded for user ID 5."),
             Action::kWait, "RATE_LIMITED"},
        Case{403,
             Message("API rate limit exceeded for 1.2.3.4. (But here's the "
                     "good news: ...)"),
             Action::kWait, "RATE_LIMITED"},
        Case{403,
             Message("You have exceeded a secondary rate limit. Please wait a "
                     "few minutes before you try again."),
             Action::kWait, "SECONDARY_RATE_LIMITED"},
        Case{429, Message("You have exceeded a SECONDARY RATE limit"),
             Action::kWait, "SECONDARY_RATE_LIMITED"},
        Case{403,
             Message("You have exceeded a secondary rate limit and have been "
                     "temporarily blocked from content creation."),
             Action::kWait, "SECONDARY_RATE_LIMITED"},
        Case{403,
             Message("You have triggered an abuse detection mechanism. Please "
                     "retry your request again later."),
             Action::kWait, "SECONDARY_RATE_LIMITED"},
        // A bare 429 is always a limit.
        Case{429, "", Action::kWait, "RATE_LIMITED"},
        Case{429, "<html>slow down</html>", Action::kWait, "RATE_LIMITED"},
        // Headers come before texts: a limit must not be taken for a missing
        // permission.
        Case{403,
             Message("Resource not accessible by integration"),
             Action::kWait,
             "RATE_LIMITED",
             {{"Retry-After", "30"}}},
        Case{403,
             Message("Forbidden"),
             Action::kWait,
             "RATE_LIMITED",
             {{"X-RateLimit-Remaining", "0"}}},
        Case{403,
             Message("Forbidden"),
             Action::kAbandon,
             "PERMISSION_MISSING",
             {{"X-RateLimit-Remaining", "1"}}}));

TEST(ClassifyTest, NoAnswerIsNeverARefusal) {
  const RequestContext context;
  const Verdict not_sent =
      Classify(absl::FailedPreconditionError("cannot resolve"), context);
  EXPECT_EQ(not_sent.action, Action::kRetry);
  EXPECT_EQ(not_sent.reason, "NOT_SENT");
  EXPECT_EQ(not_sent.message, "cannot resolve");
  EXPECT_EQ(not_sent.http_status, 0);

  const Verdict lost = Classify(absl::UnavailableError("reset"), context);
  EXPECT_EQ(lost.action, Action::kRetryAmbiguous);
  EXPECT_EQ(lost.reason, "CONNECTION_LOST");

  const Verdict late = Classify(absl::DeadlineExceededError("12 s"), context);
  EXPECT_EQ(late.action, Action::kRetryAmbiguous);
  EXPECT_EQ(late.reason, "TIMEOUT");

  // Any other error of the transport counts as ambiguous.
  EXPECT_EQ(Classify(absl::UnknownError("?"), context).action,
            Action::kRetryAmbiguous);
}

TEST(ClassifyTest, YoungTokensAreRefusedWithoutBeingWrong) {
  const struct {
    int status;
    std::string body;
    std::string reason;
  } kRefusals[] = {
      {403, Message("Resource not accessible by integration"),
       "PERMISSION_MISSING"},
      {404, Message("Not Found"), "REPOSITORY_NOT_FOUND"},
  };
  for (const auto& refusal : kRefusals) {
    const HttpResponse answer = AnswerWith(refusal.status, refusal.body);
    for (const int age : {-5, 0, 59}) {
      const Verdict young = Judged(answer, absl::Seconds(age));
      EXPECT_EQ(young.action, Action::kRetryBriefly) << refusal.status;
      EXPECT_EQ(young.reason, refusal.reason);
    }
    EXPECT_NE(Judged(answer, absl::Seconds(60)).action, Action::kRetryBriefly);
  }
  // The token's age changes nothing for a 401, which the credential handles,
  // and for refusals that name another cause.
  EXPECT_EQ(
      Judged(AnswerWith(401, Message("Bad credentials")), absl::Seconds(1))
          .action,
      Action::kReauthenticate);
  for (const char* text :
       {"Repository access blocked", "Repository was archived",
        "organization has an IP allow list enabled"}) {
    EXPECT_EQ(Judged(AnswerWith(403, Message(text)), absl::Seconds(1)).action,
              Action::kAbandon)
        << text;
  }
  EXPECT_EQ(
      Judged(AnswerWith(403, Message("rate limit")), absl::Seconds(1)).action,
      Action::kWait);
}

TEST(ClassifyTest, ReadsTheIdOfACreatedStatus) {
  EXPECT_EQ(Judged(AnswerWith(201, R"({"id":48971127823})")).status_id,
            48971127823);
  EXPECT_EQ(Judged(AnswerWith(201, R"({"id":9223372036854775807})")).status_id,
            9223372036854775807);
  // An odd body of a 201 must not cause another post.
  for (const char* body :
       {"", "{", "[]", "null", "<html>", R"({"id":"5"})", R"({"id":-5})",
        R"({"id":1.5})", R"({"id":9223372036854775808})", R"({"id":1e99999})",
        R"({"id":null})", R"({})"}) {
    const Verdict verdict = Judged(AnswerWith(201, body));
    EXPECT_EQ(verdict.action, Action::kDone) << body;
    EXPECT_EQ(verdict.status_id, 0) << body;
  }
}

TEST(ClassifyTest, ReadsWhoSetACreatedStatus) {
  RequestContext post;
  post.makes_status = true;
  EXPECT_EQ(Classify(AnswerWith(201, R"({"id":5,"creator":{"login":"app[bot]",
                "id":583231,"type":"Bot"}})"),
                     post)
                .creator,
            (StatusCreator{"app[bot]", 583231, "Bot"}));
  for (const std::string& creator :
       {std::string("null"), std::string("5"), std::string("{}"),
        std::string(R"({"login":"a","id":1})"),
        std::string(R"({"login":"a","type":"User"})"),
        std::string(R"({"login":"","id":1,"type":"User"})"),
        std::string(R"({"login":"a
b","id":1,"type":"User"})"),
        std::string(R"({"login":7,"id":1,"type":"User"})"),
        R"({"login":")" + std::string(101, 'a') + R"(","id":1,"type":"U"})"}) {
    const Verdict verdict = Classify(
        AnswerWith(201, R"({"id":5,"creator":)" + creator + "}"), post);
    EXPECT_EQ(verdict.action, Action::kDone) << creator;
    EXPECT_EQ(verdict.creator, StatusCreator()) << creator;
  }
}

// Another 2xx may come from a proxy or a cache, so the try is ambiguous.
TEST(ClassifyTest, OnlyA201SaysThatAStatusWasMade) {
  RequestContext context;
  context.makes_status = true;
  EXPECT_EQ(Classify(AnswerWith(201, "{}"), context).action, Action::kDone);
  for (const int status : {200, 202, 203, 204, 206, 299}) {
    const Verdict verdict =
        Classify(AnswerWith(status, "<html>Welcome!</html>"), context);
    EXPECT_EQ(verdict.action, Action::kRetryAmbiguous) << status;
    EXPECT_EQ(verdict.reason, "UNEXPECTED_ANSWER") << status;
  }
}

TEST(ClassifyTest, ReadsMayBeAnsweredByWhatIsHeld) {
  RequestContext context;
  context.is_read = true;
  const Verdict verdict = Classify(AnswerWith(304), context);
  EXPECT_EQ(verdict.action, Action::kDone);
  EXPECT_EQ(verdict.reason, "NOT_MODIFIED");
}

TEST(ClassifyTest, ReadsHowLongALimitLasts) {
  const auto limit = [](Headers headers) {
    return Judged(AnswerWith(429, "", std::move(headers)));
  };
  EXPECT_EQ(limit({{"Retry-After", "60"}}).retry_after, absl::Seconds(60));
  EXPECT_EQ(limit({{"retry-after", " 7 "}}).retry_after, absl::Seconds(7));
  EXPECT_EQ(limit({{"retry-after", "0"}}).retry_after, absl::ZeroDuration());
  for (const char* odd : {"", "soon", "-5", "1.5", "+5", "0x10", "5 6",
                          "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    EXPECT_FALSE(limit({{"retry-after", odd}}).retry_after.has_value()) << odd;
  }
  // A number too large for an integer still means a very long time.
  EXPECT_GT(limit({{"retry-after", "99999999999999999999"}}).retry_after,
            absl::Hours(1));

  const Verdict spent = limit(
      {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1780000000"}});
  EXPECT_EQ(spent.reset_time, absl::FromUnixSeconds(1780000000));
  EXPECT_FALSE(spent.secondary_limit);
  // While requests are left, the reset is that of a limit that was not hit.
  EXPECT_FALSE(limit({{"x-ratelimit-remaining", "9"},
                      {"x-ratelimit-reset", "1780000000"}})
                   .reset_time.has_value());
  EXPECT_FALSE(
      limit({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "never"}})
          .reset_time.has_value());

  EXPECT_TRUE(
      Judged(AnswerWith(403, Message("secondary rate limit"))).secondary_limit);
}

TEST(ClassifyTest, ReadsWhereAThingHasMoved) {
  const std::string url = "https://api.github.com/repositories/1/statuses/2";
  EXPECT_EQ(Judged(AnswerWith(307, "", {{"Location", url}})).location, url);
  const std::string body = absl::StrCat(R"({"url":")", url, R"("})");
  EXPECT_EQ(Judged(AnswerWith(307, body)).location, url);
  EXPECT_EQ(Judged(AnswerWith(307, body, {{"Location", "/other"}})).location,
            "/other");
}

TEST(ClassifyTest, ReadsGitHubsClockAndRequestId) {
  const Verdict verdict =
      Judged(AnswerWith(500, "",
                        {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                         {"X-GitHub-Request-Id", "AB12:3\x1b[2J4\r\n5"}}));
  EXPECT_EQ(verdict.github_time, absl::FromUnixSeconds(784111777));
  EXPECT_EQ(verdict.request_id, "AB12:3[2J45");
  for (const char* odd :
       {"", "now", "1994-11-06", "Sun, 99 Nov 1994 8:49 GMT",
        // Abseil's parser takes these.
        "infinite-future", "Sun, 06 Nov 199400 08:49:37 GMT"}) {
    EXPECT_EQ(Judged(AnswerWith(500, "", {{"date", odd}})).github_time,
              absl::InfinitePast())
        << odd;
  }
}

TEST(ClassifyTest, MessagesArePeoplesReading) {
  EXPECT_EQ(Judged(AnswerWith(422, Refused("state",
                                           "state is not included in the "
                                           "list")))
                .message,
            "Validation Failed: state is not included in the list");
  EXPECT_EQ(Judged(AnswerWith(422, Message("a\\nb\\u0007c"))).message, "a b c");
  EXPECT_EQ(Judged(AnswerWith(502, "<html>Unicorn</html>")).message, "");

  // Cut between characters, not inside one.
  std::string euros;
  for (int i = 0; i < 200; ++i) euros += "€";
  const std::string cut = Judged(AnswerWith(422, Message(euros))).message;
  EXPECT_LE(cut.size(), 256u);
  EXPECT_EQ(cut.size() % 3, 0u);
  EXPECT_GT(cut.size(), 250u);
}

// No body may cause an exception or change what a status code means.
TEST(ClassifyTest, HostileBodiesAreOnlyBodies) {
  const std::string deep(60000, '[');
  const std::string deep_objects = [] {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += R"({"errors":)";
    return text;
  }();
  const std::vector<std::string> bodies = {
      "",
      "null",
      "true",
      "17",
      "\"rate\"",
      "[]",
      "{}",
      "{",
      "}",
      R"({"message":5})",
      R"({"message":null,"errors":null})",
      R"({"message":{"a":[]},"errors":{"message":"x"}})",
      R"({"errors":"text"})",
      R"({"errors":5})",
      R"({"errors":[1,null,true,[],{},[[]],{"message":7,"field":8,"code":[]}]})",
      R"({"errors":[{"field":null}],"url":7,"id":{}})",
      R"({"message":"a","message":"b"})",
      std::string("\0\0\0", 3),
      "\xff\xfe\xfd",
      R"({"message":")"
      "\xff\xfe"
      R"("})",
      "{\"message\":\"\xed\xa0\x80\"}",
      R"({"message":1e999999})",
      deep,
      deep_objects,
      std::string(1 << 20, 'x'),
      absl::StrCat(R"({"message":")", std::string(1 << 20, 'x'), "\"}"),
      absl::StrCat(R"({"message":")", std::string(60000, 'x'), "\"}"),
      "<!DOCTYPE html><html><head><title>Unicorn!</title></head></html>",
  };
  for (const std::string& body : bodies) {
    const std::string name = body.substr(0, 60);
    EXPECT_EQ(Judged(AnswerWith(201, body)).action, Action::kDone) << name;
    EXPECT_EQ(Judged(AnswerWith(307, body)).action, Action::kRetryBriefly)
        << name;
    EXPECT_EQ(Judged(AnswerWith(401, body)).action, Action::kReauthenticate)
        << name;
    EXPECT_EQ(Judged(AnswerWith(404, body)).action, Action::kAbandon) << name;
    EXPECT_EQ(Judged(AnswerWith(422, body)).reason, "VALIDATION_FAILED")
        << name;
    EXPECT_EQ(Judged(AnswerWith(429, body)).action, Action::kWait) << name;
    EXPECT_EQ(Judged(AnswerWith(500, body)).action, Action::kRetryAmbiguous)
        << name;
    const std::string message = Judged(AnswerWith(403, body)).message;
    EXPECT_LE(message.size(), 256u) << name;
    for (const char c : message) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20) << name;
    }
  }
}

// Otherwise every status of the repository would be posted, and refused.
TEST(ClassifyTest, SaysWhatHoldsForAWholeRepository) {
  const auto of_repository = [](int status, const std::string& message,
                                absl::Duration age = absl::Hours(1)) {
    return Judged(AnswerWith(status, Message(message)), age).of_repository;
  };
  EXPECT_TRUE(of_repository(404, "Not Found"));
  EXPECT_TRUE(of_repository(404, "Not Found", absl::Seconds(1)));
  EXPECT_TRUE(of_repository(403, "Resource not accessible by integration"));
  EXPECT_TRUE(of_repository(403, "Repository was archived so is read-only."));
  EXPECT_TRUE(of_repository(403, "Repository access blocked"));
  EXPECT_TRUE(of_repository(403, "organization SAML enforcement"));
  EXPECT_TRUE(of_repository(403, "has an IP allow list enabled"));
  EXPECT_TRUE(of_repository(403, "You must authenticate via a GitHub App."));
  EXPECT_TRUE(of_repository(410, "Gone"));
  EXPECT_TRUE(of_repository(451, "Repository access blocked"));

  EXPECT_FALSE(of_repository(201, ""));
  EXPECT_FALSE(of_repository(400, "Problems parsing JSON"));
  EXPECT_FALSE(of_repository(401, "Bad credentials"));
  EXPECT_FALSE(of_repository(403, "API rate limit exceeded"));
  EXPECT_FALSE(of_repository(403, "This installation has been suspended"));
  EXPECT_FALSE(of_repository(403, "Sorry. Your account was suspended"));
  EXPECT_FALSE(of_repository(422, "No commit found for SHA: 1"));
  EXPECT_FALSE(of_repository(422, "Validation Failed"));
  EXPECT_FALSE(of_repository(502, "Server Error"));
  EXPECT_FALSE(Judged(AnswerWith(403, Message("Forbidden"),
                                 {{"x-ratelimit-remaining", "0"}}))
                   .of_repository);
}

// Metrics and programs compare reasons: each is one upper-case word.
TEST(ClassifyTest, EveryStatusHasAReason) {
  for (int status = 0; status < 1000; ++status) {
    for (const absl::Duration age :
         {absl::ZeroDuration(), absl::InfiniteDuration()}) {
      const std::string reason = Judged(AnswerWith(status), age).reason;
      EXPECT_FALSE(reason.empty()) << status;
      EXPECT_EQ(reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
                std::string::npos)
          << reason;
    }
  }
}

}  // namespace
}  // namespace signalbox
