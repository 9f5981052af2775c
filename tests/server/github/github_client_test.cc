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

// Answers requests in order, each when the test says so.
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

  void Create() {
    client_.CreateStatus(
        post_, token_, kNow,
        [this](const absl::StatusOr<HttpResponse>&, const Verdict& verdict) {
          EXPECT_FALSE(verdict_.has_value());
          verdict_ = verdict;
        });
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

// A lease is measured for one request's time.
TEST_F(GitHubClientTest, RedirectsShareOneDeadline) {
  Create();
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

TEST_F(GitHubClientTest, PassesOnThatThereIsNoAnswer) {
  Create();
  transport_.Reply(absl::UnavailableError("reset"));
  EXPECT_EQ(verdict_->reason, "CONNECTION_LOST");
}

}  // namespace
}  // namespace signalbox
