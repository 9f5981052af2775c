#include "server/github/github_client.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";
const absl::Time kNow = absl::FromUnixSeconds(1780000000);

HttpResponse Answer(int status, std::string body = "",
                    std::string location = "") {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  if (!location.empty()) answer.headers = {{"Location", location}};
  return answer;
}

// Records requests. The test answers them, in order.
class ScriptedTransport : public HttpTransport {
 public:
  void Send(HttpRequest request, Done done) override {
    requests.push_back(std::move(request));
    waiting_.push_back(std::move(done));
  }

  void Reply(absl::StatusOr<HttpResponse> answer) {
    ASSERT_FALSE(waiting_.empty());
    const Done done = std::move(waiting_.front());
    waiting_.pop_front();
    done(std::move(answer));
  }

  std::vector<HttpRequest> requests;

 private:
  std::deque<Done> waiting_;
};

class GitHubClientTest : public testing::Test {
 protected:
  GitHubClientTest() {
    token_.value = Secret("t0ken");
    token_.api_url = "https://api.github.com";
    post_.repository = Repository{"github.com", "Acme", "web"};
    post_.sha = kSha;
    post_.context = "ci/build";
    post_.state = CommitState::kSuccess;
  }

  void Create() { client_.CreateStatus(post_, token_, kNow, Keep()); }

  // What GitHub shows for the context of `post_`.
  void Read() {
    client_.ReadStatus(post_.repository, post_.sha, post_.context, token_, kNow,
                       Keep());
  }

  GitHubClient::Done Keep() {
    verdict_.reset();
    return [this](GitHubReply reply) {
      EXPECT_FALSE(verdict_.has_value());
      verdict_ = reply.verdict;
      reply_ = std::move(reply);
    };
  }

  std::string Header(const std::string& name) {
    std::string value;
    for (const auto& [header, text] : transport_.requests.at(0).headers) {
      if (header == name) value += text;
    }
    return value;
  }

  nlohmann::json Body() {
    return nlohmann::json::parse(transport_.requests.at(0).body);
  }

  ScriptedTransport transport_;
  GitHubClient client_{&transport_, "signalbox/1"};
  StatusPost post_;
  Token token_;
  std::optional<Verdict> verdict_;
  GitHubReply reply_;
};

TEST_F(GitHubClientTest, SaysWhatGitHubWantsToHear) {
  post_.description = "3 tests \"failed\"";
  post_.target_url = "https://ci.example.com/1";
  Create();
  ASSERT_EQ(transport_.requests.size(), 1u);
  const HttpRequest& request = transport_.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, absl::StrCat("https://api.github.com/repos/Acme/web/"
                                      "statuses/",
                                      kSha));
  EXPECT_EQ(Header("User-Agent"), "signalbox/1");
  EXPECT_EQ(Header("Accept"), "application/vnd.github+json");
  EXPECT_EQ(Header("X-GitHub-Api-Version"), "2022-11-28");
  EXPECT_EQ(Header("Content-Type"), "application/json");
  EXPECT_EQ(Header("Authorization"), "");  // The transport adds it.
  EXPECT_EQ(request.bearer.Reveal(), "t0ken");
  EXPECT_EQ(request.timeout, absl::Seconds(12));
  EXPECT_EQ(Body(),
            nlohmann::json({{"state", "success"},
                            {"context", "ci/build"},
                            {"description", "3 tests \"failed\""},
                            {"target_url", "https://ci.example.com/1"}}));
}

TEST_F(GitHubClientTest, LeavesOutWhatIsEmpty) {
  Create();
  EXPECT_EQ(Body(),
            nlohmann::json({{"state", "success"}, {"context", "ci/build"}}));
}

TEST_F(GitHubClientTest, NamesCannotChangeTheUrl) {
  post_.repository.owner = "a/b?c#d%";
  post_.repository.name = "w\r\n é";
  post_.sha = "../x";
  Create();
  EXPECT_EQ(transport_.requests[0].url,
            "https://api.github.com/repos/a%2Fb%3Fc%23d%25/w%0D%0A%20%C3%A9/"
            "statuses/..%2Fx");
}

TEST_F(GitHubClientTest, TextThatIsNotUtf8DoesNotThrow) {
  post_.description = "\xff";
  Create();
  EXPECT_EQ(Body()["description"], "\xEF\xBF\xBD");
}

TEST_F(GitHubClientTest, SpeaksToGitHubEnterpriseServer) {
  token_.api_url = "https://ghes.example.com/api/v3";
  Create();
  EXPECT_EQ(transport_.requests[0].url,
            absl::StrCat("https://ghes.example.com/api/v3/repos/Acme/web/"
                         "statuses/",
                         kSha));
}

TEST_F(GitHubClientTest, KnowsTheAgeOfTheToken) {
  token_.issue_time = kNow - absl::Seconds(10);
  Create();
  transport_.Reply(Answer(404));
  EXPECT_EQ(verdict_->action, Action::kRetryBriefly);
}

// A renamed repository answers 307 to a POST.
TEST_F(GitHubClientTest, FollowsARenamedRepository) {
  Create();
  const std::string moved = "https://API.github.com:443/repositories/1/s";
  transport_.Reply(Answer(307, "", moved));
  ASSERT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(transport_.requests[1].url, moved);
  EXPECT_EQ(transport_.requests[1].method, "POST");
  EXPECT_EQ(transport_.requests[1].body, transport_.requests[0].body);
  EXPECT_EQ(transport_.requests[1].headers, transport_.requests[0].headers);
  EXPECT_EQ(transport_.requests[1].bearer.Reveal(), "t0ken");
  transport_.Reply(Answer(201, R"({"id":7})"));
  EXPECT_EQ(verdict_->action, Action::kDone);
  EXPECT_EQ(verdict_->status_id, 7);
}

TEST_F(GitHubClientTest, FollowsAPathOnTheSameHost) {
  token_.api_url = "https://ghes.example.com:8443/api/v3";
  Create();
  transport_.Reply(Answer(301, "", "/api/v3/repositories/1/s#x"));
  ASSERT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(transport_.requests[1].url,
            "https://ghes.example.com:8443/api/v3/repositories/1/s");
}

TEST_F(GitHubClientTest, TheTokenGoesNowhereElse) {
  for (const char* location : {
           "https://evil.example.com/x",
           "http://api.github.com/x",
           "https://api.github.com:444/x",
           "https://api.github.com.evil.com/x",
           "https://api.github.com@evil.com/x",
           "https://user@api.github.com/x",
           "https://api.github.com\\@evil.com/x",
           "https://evil.com\\.api.github.com/x",
           "https://evil.com?https://api.github.com/x",
           "https://evil.com#api.github.com/",
           "https:///x",
           "https://",
           "//evil.com/x",
           "/\\evil.com/x",
           "ftp://api.github.com/x",
           "javascript:alert(1)",
           "x/y",
           "https://api.github.com/x y",
           "https://api.github.com/x\r\nHost: evil.com",
           "https://api.github.com/\x7f",
           "https://api.github.com/\xc3\xa9",
           "https://api%2Egithub.com/x",
       }) {
    transport_.requests.clear();
    verdict_.reset();
    Create();
    transport_.Reply(Answer(307, "", location));
    EXPECT_EQ(transport_.requests.size(), 1u) << location;
    ASSERT_TRUE(verdict_.has_value()) << location;
    EXPECT_EQ(verdict_->action, Action::kAbandon) << location;
    EXPECT_EQ(verdict_->reason, "REDIRECT_REFUSED") << location;
    EXPECT_EQ(verdict_->http_status, 307) << location;
  }
}

TEST_F(GitHubClientTest, ALoopOfRedirectsEnds) {
  Create();
  for (int hop = 0; hop < 3; ++hop) {
    ASSERT_FALSE(verdict_.has_value());
    transport_.Reply(Answer(307, "", "/again"));
  }
  EXPECT_EQ(transport_.requests.size(), 4u);
  transport_.Reply(Answer(307, "", "/again"));
  EXPECT_EQ(transport_.requests.size(), 4u);
  EXPECT_EQ(verdict_->reason, "REDIRECT_REFUSED");
}

// A lease leaves time for one request's deadline.
TEST_F(GitHubClientTest, RedirectsShareOneDeadline) {
  Read();
  HttpResponse slow = Answer(307, "", "/again");
  slow.elapsed = absl::Seconds(8);
  transport_.Reply(slow);
  ASSERT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(transport_.requests[1].timeout, absl::Seconds(4));
  slow.elapsed = absl::Seconds(4);
  transport_.Reply(slow);
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(verdict_->reason, "TIMEOUT");
}

// The answer to another request limited the credential in between.
TEST_F(GitHubClientTest, NothingIsSentOnWhileTheCredentialIsLimited) {
  bool is_limited = false;
  token_.may_send_on = [&is_limited] { return !is_limited; };
  Create();
  transport_.Reply(Answer(307, "", "/repositories/7/statuses/x"));
  ASSERT_EQ(transport_.requests.size(), 2u);
  is_limited = true;
  transport_.Reply(Answer(307, "", "/repositories/8/statuses/x"));
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(verdict_->action, Action::kWait);
  EXPECT_EQ(verdict_->reason, "RATE_LIMITED");
  EXPECT_EQ(verdict_->retry_after, absl::ZeroDuration());
  EXPECT_EQ(reply_.moved_to, 8);
}

// A post sent on late could take effect after its try counts as over.
TEST_F(GitHubClientTest, APostIsNotSentOnLate) {
  Create();
  HttpResponse slow = Answer(307, "", "/repositories/7/statuses/x");
  slow.elapsed = kLastRedirect;
  transport_.Reply(slow);
  ASSERT_EQ(transport_.requests.size(), 2u);
  slow.elapsed = absl::Milliseconds(1);
  transport_.Reply(slow);
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(verdict_->action, Action::kRetry);
  EXPECT_EQ(verdict_->reason, "SLOW_REDIRECT");
  EXPECT_EQ(reply_.moved_to, 7);
}

TEST_F(GitHubClientTest, SaysWhenTheLastRequestWasSent) {
  Create();
  transport_.Reply(Answer(201));
  EXPECT_EQ(reply_.last_request_after, absl::ZeroDuration());
  Create();
  HttpResponse moved = Answer(307, "", "/again");
  moved.elapsed = absl::Seconds(2);
  transport_.Reply(moved);
  transport_.Reply(Answer(502));
  EXPECT_EQ(reply_.last_request_after, absl::Seconds(2));
}

// The poster asks for the repository's new name by this number.
TEST_F(GitHubClientTest, SaysWhereARepositoryHasMoved) {
  Create();
  transport_.Reply(
      Answer(307, "", "https://api.github.com/repositories/4600000001/s/x"));
  transport_.Reply(Answer(404));
  EXPECT_EQ(reply_.moved_to, 4600000001);
  for (const char* location : {"/repositories/x/s", "/repos/a/b", "/"}) {
    Create();
    transport_.Reply(Answer(307, "", location));
    transport_.Reply(Answer(201));
    EXPECT_EQ(reply_.moved_to, 0) << location;
  }
}

std::string Combined(const std::string& statuses) {
  return absl::StrCat(R"({"state":"pending","statuses":[)", statuses, "]}");
}

TEST_F(GitHubClientTest, ReadsWhatGitHubShows) {
  post_.context = "CI/Build";
  Read();
  ASSERT_EQ(transport_.requests.size(), 1u);
  EXPECT_EQ(transport_.requests[0].method, "GET");
  EXPECT_EQ(transport_.requests[0].url,
            absl::StrCat("https://api.github.com/repos/Acme/web/commits/", kSha,
                         "/status?per_page=100"));
  EXPECT_EQ(transport_.requests[0].body, "");
  EXPECT_EQ(transport_.requests[0].bearer.Reveal(), "t0ken");
  transport_.Reply(Answer(200, Combined(R"(
      {"id":5,"state":"failure","context":"other","description":"no"},
      {"id":48971127823,"state":"success","context":"ci/build",
       "description":null,"target_url":"https://ci.example.com/1"})")));
  EXPECT_EQ(verdict_->action, Action::kDone);
  EXPECT_EQ(verdict_->reason, "READ");
  ASSERT_TRUE(reply_.shown.has_value());
  EXPECT_EQ(reply_.shown->id, 48971127823);
  EXPECT_EQ(reply_.shown->state, CommitState::kSuccess);
  EXPECT_EQ(reply_.shown->description, "");
  EXPECT_EQ(reply_.shown->target_url, "https://ci.example.com/1");

  Read();
  transport_.Reply(Answer(200, Combined("")));
  EXPECT_EQ(verdict_->action, Action::kDone);
  EXPECT_FALSE(reply_.shown.has_value());
}

// GitHub's ids order statuses. An invalid id must not count as the largest.
TEST_F(GitHubClientTest, AStatusWithoutANumberIsShownAllTheSame) {
  for (const char* id : {"-5", "9223372036854775808", "18446744073709551615",
                         "1e3", "\"7\"", "null"}) {
    Read();
    transport_.Reply(Answer(
        200,
        Combined(absl::StrCat(
            R"({"state":"success","context":"ci/build","id":)", id, "}"))));
    EXPECT_EQ(verdict_->action, Action::kDone) << id;
    ASSERT_TRUE(reply_.shown.has_value()) << id;
    EXPECT_EQ(reply_.shown->id, 0) << id;
  }
}

TEST_F(GitHubClientTest, ReadsPagesUntilTheContextIsFound) {
  Read();
  const auto page = [](const std::string& link, const std::string& context) {
    HttpResponse answer = Answer(
        200, Combined(absl::StrCat(R"({"id":1,"state":"error","context":")",
                                   context, R"("})")));
    if (!link.empty()) {
      answer.headers = {
          {"Link", absl::StrCat("<https://api.github.com/z>; rel=\"last\", <",
                                link, ">; rel=\"next\"")}};
    }
    return answer;
  };
  transport_.Reply(page("https://api.github.com/repositories/1/p?page=2", "a"));
  ASSERT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(transport_.requests[1].url,
            "https://api.github.com/repositories/1/p?page=2");
  transport_.Reply(page("https://api.github.com/p3", "ci/build"));
  EXPECT_EQ(transport_.requests.size(), 2u);
  ASSERT_TRUE(reply_.shown.has_value());
  EXPECT_EQ(reply_.shown->state, CommitState::kError);

  // The token goes to no other host, and the number of pages is bounded.
  Read();
  transport_.Reply(page("https://evil.example.com/p2", "a"));
  EXPECT_EQ(transport_.requests.size(), 3u);
  EXPECT_FALSE(reply_.shown.has_value());
  Read();
  int pages = 0;
  for (; !verdict_.has_value() && pages < 100; ++pages) {
    transport_.Reply(page("https://api.github.com/again", "a"));
  }
  EXPECT_EQ(pages, 10);
}

TEST_F(GitHubClientTest, AnAnswerThatIsNoStatusIsNotTakenForOne) {
  for (const char* body :
       {"", "null", "[]", "{}", R"({"statuses":5})", R"({"statuses":[5]})",
        R"({"statuses":[{"context":"ci/build","state":"great"}]})",
        R"({"statuses":[{"context":"ci/build"}]})", "<html></html>"}) {
    Read();
    transport_.Reply(Answer(200, body));
    EXPECT_EQ(verdict_->action, Action::kAbandon) << body;
    EXPECT_EQ(verdict_->reason, "UNEXPECTED_ANSWER") << body;
  }
  Read();
  transport_.Reply(Answer(
      200, Combined(R"({"context":"ci/build","state":"error","id":"x"})")));
  ASSERT_TRUE(reply_.shown.has_value());
  EXPECT_EQ(reply_.shown->id, 0);
}

TEST_F(GitHubClientTest, LearnsANameAndABudget) {
  client_.GetRepository(4600000001, token_, kNow, Keep());
  EXPECT_EQ(transport_.requests[0].url,
            "https://api.github.com/repositories/4600000001");
  transport_.Reply(Answer(200, R"({"id":1,"full_name":"Acme/site"})"));
  EXPECT_EQ(reply_.full_name, "Acme/site");
  for (const char* body : {"{}", "[]", R"({"full_name":7})", ""}) {
    client_.GetRepository(1, token_, kNow, Keep());
    transport_.Reply(Answer(200, body));
    EXPECT_EQ(verdict_->reason, "UNEXPECTED_ANSWER") << body;
  }
  client_.GetRateLimit(token_, kNow, Keep());
  EXPECT_EQ(transport_.requests.back().url,
            "https://api.github.com/rate_limit");
  transport_.Reply(Answer(200, "{}"));
  EXPECT_EQ(verdict_->action, Action::kDone);
}

TEST_F(GitHubClientTest, PassesOnThatThereIsNoAnswer) {
  Create();
  transport_.Reply(absl::UnavailableError("reset"));
  EXPECT_EQ(verdict_->reason, "CONNECTION_LOST");
}

}  // namespace
}  // namespace signalbox
