#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "rest/door.h"
#include "rest/end_to_end.h"
#include "tests/common/http/loopback_server.h"
#include "tests/rest/fake_status_service.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kStatusPath[] =
    "/repos/acme/app/statuses/0123456789abcdef0123456789abcdef01234567";

std::string JsonAnswer200(const std::string& body,
                          const std::string& headers = "") {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                      headers, "Content-Length: ", body.size(), "\r\n\r\n",
                      body);
}

// GitHub, of which a test says what it answers. Keeps the requests.
class AskedGithub {
 public:
  AskedGithub() : server_([this](Peer& peer, int) { Serve(peer); }) {}

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", server_.port());
  }
  // Empty: it never answers. "close": it closes instead.
  void Answer(std::string answer) {
    MutexLock lock(&mu_);
    answer_ = std::move(answer);
  }
  std::vector<std::string> requests() {
    MutexLock lock(&mu_);
    return requests_;
  }

 private:
  void Serve(Peer& peer) {
    for (std::string request = peer.ReadRequest(); !request.empty();
         request = peer.ReadRequest()) {
      std::string answer;
      {
        MutexLock lock(&mu_);
        requests_.push_back(std::move(request));
        answer = answer_;
      }
      if (answer == "close") return;
      peer.Write(answer);
    }
  }

  Mutex mu_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  std::string answer_ ABSL_GUARDED_BY(mu_) = JsonAnswer200("{}");
  LoopbackServer server_;  // Last: it uses the rest.
};

class ForwardTest : public ::testing::Test {
 protected:
  ForwardTest() {
    options_.clock = [] { return absl::FromUnixSeconds(1700000100); };
    options_.new_request_id = [] { return "id-of-the-request"; };
    options_.forwarding.emplace();
    server_.SetCaller("tool", {"report", "read"});
    server_.AddHost("github.com", github_.url());
    server_.AddHost("ghe.example", absl::StrCat(github_.url(), "/api/v3"));
    server_.AddHost("open.example", "http://open.example/api/v3");
  }

  RestDoor& door() {
    if (door_ == nullptr) {
      door_ = std::make_unique<RestDoor>(options_, server_.stub());
    }
    return *door_;
  }

  // The head of the answer.
  HttpAnswer Begin(const std::string& method, const std::string& target,
                   const std::string& body = "") {
    HttpServerRequest request;
    request.head.method = method;
    request.head.path = target.substr(0, target.find('?'));
    if (target.size() > request.head.path.size()) {
      request.head.query = target.substr(request.head.path.size() + 1);
    }
    request.head.headers = {{"host", "box:8090"}, {"user-agent", "tool/1"}};
    if (!authorization_.empty()) {
      request.head.headers.emplace_back("authorization", authorization_);
    }
    request.head.chunked = is_chunked_;
    request.head.content_length = is_chunked_ ? 0 : body.size();
    request.first_byte = std::chrono::steady_clock::now();
    return door().Handle(request, [&](BodySink sink) {
      return sink(body) ? absl::OkStatus() : absl::CancelledError("enough");
    });
  }
  // The whole answer, with its body in `text`.
  HttpAnswer Ask(const std::string& method, const std::string& target,
                 const std::string& body = "") {
    HttpAnswer answer = Begin(method, target, body);
    if (answer.stream == nullptr) return answer;
    answer.text.clear();
    is_complete_ = answer.stream([&answer](absl::string_view bytes) {
      absl::StrAppend(&answer.text, bytes);
      return true;
    });
    answer.stream = nullptr;
    return answer;
  }

  AskedGithub github_;
  FakeStatusService server_;
  RestDoorOptions options_;
  std::string authorization_ = "token ghp_1";
  bool is_chunked_ = false;  // The bodies of requests.
  bool is_complete_ = true;  // The last answer's body.

 private:
  std::unique_ptr<RestDoor> door_;
};

TEST_F(ForwardTest, PassesTheRequestAndTheAnswerOn) {
  server_.SetForward();
  github_.Answer(JsonAnswer200(
      absl::StrCat(R"([{"url":")", github_.url(), R"(/pulls/1","n":1.0}])"),
      absl::StrCat("ETag: \"1\"\r\nX-RateLimit-Remaining: 7\r\n"
                   "X-GitHub-Request-Id: their-id\r\nLink: <",
                   github_.url(), "/next>; rel=\"next\"\r\n")));
  const HttpAnswer answer =
      Ask("GET", "/api/v3/repos/acme/app/pulls?state=open");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.text,
            R"([{"url":"http://box:8090/api/v3/pulls/1","n":1.0}])");
  EXPECT_EQ(HeaderOf(answer.headers, "etag"), "\"1\"");
  EXPECT_EQ(HeaderOf(answer.headers, "x-ratelimit-remaining"), "7");
  EXPECT_EQ(HeaderOf(answer.headers, "x-github-request-id"), "their-id");
  EXPECT_EQ(HeaderOf(answer.headers, "link"),
            "<http://box:8090/api/v3/next>; rel=\"next\"");
  // Those of the door's own answers.
  EXPECT_EQ(HeaderOf(answer.headers, "x-oauth-scopes"), "");
  EXPECT_EQ(HeaderOf(answer.headers, "cache-control"), "");
  ASSERT_EQ(github_.requests().size(), 1u);
  const std::string request = github_.requests()[0];
  EXPECT_TRUE(absl::StartsWith(
      request, "GET /repos/acme/app/pulls?state=open HTTP/1.1\r\n"))
      << request;
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: token ghp_1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nuser-agent: tool/1\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("box:8090")));
}

TEST_F(ForwardTest, SendsTheAuthorizationAsItCame) {
  server_.SetForward();
  for (const char* const value : {"Bearer ghp_1", "Basic dXNlcjpnaHBfMQ=="}) {
    authorization_ = value;
    Ask("GET", "/user");
    EXPECT_THAT(github_.requests().back(),
                HasSubstr(absl::StrCat("\r\nAuthorization: ", value, "\r\n")));
  }
}

TEST_F(ForwardTest, PassesAllMethodsOn) {
  server_.SetForward();
  for (const char* const method : {"POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(Ask(method, "/repos/acme/app/labels/a", "{\"a\":1}").status, 200);
    const std::string request = github_.requests().back();
    EXPECT_TRUE(absl::StartsWith(request, absl::StrCat(method, " /repos/")));
    EXPECT_TRUE(absl::EndsWith(request, "\r\n\r\n{\"a\":1}")) << request;
  }
  for (const char* const method : {"TRACE", "CONNECT", "OPTIONS", "get"}) {
    EXPECT_EQ(Ask(method, "/user").status, 404);
  }
  EXPECT_EQ(github_.requests().size(), 4u);
}

TEST_F(ForwardTest, StatusesStayWithTheDoor) {
  server_.SetForward();
  EXPECT_EQ(Ask("POST", kStatusPath, R"({"state":"success"})").status, 201);
  EXPECT_EQ(Ask("GET", kStatusPath).status, 200);
  EXPECT_EQ(Ask("GET", "/repos/acme/app/commits/main/status").status, 200);
  EXPECT_THAT(github_.requests(), IsEmpty());
}

TEST_F(ForwardTest, GithubKnowsRefsThatTheServerDoesNot) {
  server_.Fail("ResolveRef", {grpc::StatusCode::NOT_FOUND, "REF_UNKNOWN", ""});
  const std::string path = "/repos/acme/app/commits/a%2Fb/status";
  EXPECT_EQ(Ask("GET", path).status, 422);
  server_.SetForward();
  EXPECT_EQ(Ask("GET", path).status, 200);
  ASSERT_EQ(github_.requests().size(), 1u);
  EXPECT_THAT(github_.requests()[0], HasSubstr(absl::StrCat("GET ", path)));
}

// Each of these could carry a token of Signalbox's, or an unknown one.
TEST_F(ForwardTest, NoOtherTokenLeaves) {
  const std::string path = "/repos/acme/app/pulls";
  EXPECT_EQ(Ask("GET", path).status, 404);
  EXPECT_EQ(Ask("POST", "/graphql", "{}").status, 404);
  EXPECT_EQ(Ask("GET", "/user").status, 200);
  server_.SetForward();
  authorization_ = "";
  EXPECT_EQ(Ask("GET", path).status, 404);
  EXPECT_EQ(Ask("GET", "/meta").status, 200);
  authorization_ = "token ghp_other";
  server_.Fail("GetServerInfo",
               {grpc::StatusCode::UNAUTHENTICATED, "UNKNOWN_CALLER", ""});
  EXPECT_EQ(Ask("GET", path).status, 401);
  EXPECT_EQ(Ask("POST", "/graphql", "{}").status, 401);
  EXPECT_EQ(Ask("GET", "/").status, 200);
  server_.Fail("GetServerInfo",
               {grpc::StatusCode::UNAVAILABLE, "SHUTTING_DOWN", ""});
  EXPECT_EQ(Ask("GET", path).status, 503);
  EXPECT_THAT(github_.requests(), IsEmpty());
}

TEST_F(ForwardTest, ForwardsNothingUnlessSwitchedOn) {
  options_.forwarding.reset();
  server_.SetForward();
  EXPECT_EQ(Ask("GET", "/repos/acme/app/pulls").status, 404);
  EXPECT_EQ(Ask("GET", "/user").status, 200);
  EXPECT_THAT(github_.requests(), IsEmpty());
}

TEST_F(ForwardTest, RefusesTricksWithThePath) {
  server_.SetForward();
  for (const char* const path :
       {"/repos/acme/app/pulls/../statuses/x",
        "/repos/acme/app/pulls/%2e%2e/statuses/x",
        "/repos/acme/app%2Fstatuses/x", "/repos/acme/app/statuses%2Fx",
        "/repos/acme/app/%00", "/user#", "/user%2Frepos"}) {
    EXPECT_EQ(Ask("POST", path, "{}").status, 404) << path;
  }
  EXPECT_THAT(github_.requests(), IsEmpty());
}

TEST_F(ForwardTest, EachHostHasItsAddresses) {
  server_.SetForward();
  EXPECT_EQ(Ask("GET", "/ghe.example/api/v3/user").status, 200);
  EXPECT_EQ(Ask("POST", "/ghe.example/api/graphql", "{}").status, 200);
  EXPECT_EQ(Ask("POST", "/graphql", "{}").status, 200);
  EXPECT_EQ(Ask("POST", "/api/graphql", "{}").status, 200);
  EXPECT_EQ(Ask("GET", "/other.example/api/v3/user").status, 404);
  // Others could read the token on the way.
  EXPECT_EQ(Ask("GET", "/open.example/api/v3/user").status, 404);
  std::vector<std::string> asked;
  for (const std::string& request : github_.requests()) {
    asked.push_back(request.substr(0, request.find(" HTTP")));
  }
  EXPECT_THAT(asked, ElementsAre("GET /api/v3/user", "POST /api/graphql",
                                 "POST /graphql", "POST /graphql"));
}

TEST_F(ForwardTest, FollowsNoRedirect) {
  server_.SetForward();
  const auto redirect = [this](const std::string& location) {
    github_.Answer(absl::StrCat("HTTP/1.1 302 Found\r\nLocation: ", location,
                                "\r\nContent-Length: 0\r\n\r\n"));
    const HttpAnswer answer = Ask("GET", "/repos/acme/app/zipball");
    EXPECT_EQ(answer.status, 302);
    return std::string(HeaderOf(answer.headers, "location"));
  };
  EXPECT_EQ(redirect("https://codeload.example/zip?token=1"),
            "https://codeload.example/zip?token=1");
  EXPECT_EQ(redirect(absl::StrCat(github_.url(), "/repositories/1")),
            "http://box:8090/repositories/1");
  EXPECT_EQ(redirect("/repositories/1"), "http://box:8090/repositories/1");
  EXPECT_EQ(github_.requests().size(), 3u);
}

TEST_F(ForwardTest, MovesUrlsInBodiesUpToALimit) {
  options_.forwarding->max_moved_body = 1000;
  server_.SetForward();
  const std::string begin =
      absl::StrCat(R"({"url":")", github_.url(), R"(/a")");
  for (const bool is_chunked : {false, true}) {
    for (const size_t size : {1000, 1001}) {
      const std::string body =
          absl::StrCat(begin, std::string(size - begin.size() - 1, ' '), "}");
      github_.Answer(is_chunked
                         ? absl::StrCat("HTTP/1.1 200 OK\r\n"
                                        "Content-Type: application/json\r\n"
                                        "Transfer-Encoding: chunked\r\n\r\n",
                                        absl::Hex(size), "\r\n", body,
                                        "\r\n0\r\n\r\n")
                         : JsonAnswer200(body));
      const HttpAnswer answer = Ask("GET", "/repos/acme/app/pulls");
      EXPECT_TRUE(is_complete_);
      if (size == 1000) {
        EXPECT_THAT(answer.text, HasSubstr("\"http://box:8090/a\""));
        EXPECT_EQ(answer.stream_size, std::nullopt);
      } else {
        EXPECT_EQ(answer.text, body);
      }
    }
  }
}

// Else a slow answer could keep the shim from stopping.
TEST_F(ForwardTest, ABodyIsHeldOnlyAsLongAsItIsWanted) {
  server_.SetForward();
  const HttpAnswer answer = Begin("GET", "/user");
  ASSERT_NE(answer.stream, nullptr);
  EXPECT_FALSE(answer.stream([](absl::string_view bytes) {
    EXPECT_EQ(bytes, "");
    return false;
  }));
}

TEST_F(ForwardTest, OtherBodiesPassAsTheyAre) {
  server_.SetForward();
  const std::string body =
      absl::StrCat(R"({"url":")", github_.url(), R"(/a"})");
  const std::string end =
      absl::StrCat("Content-Length: ", body.size(), "\r\n\r\n", body);
  for (const char* const head :
       {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",
        "HTTP/1.1 206 Partial\r\nContent-Type: application/json\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Content-Encoding: gzip\r\n"}) {
    github_.Answer(absl::StrCat(head, end));
    const HttpAnswer answer = Ask("GET", "/repos/acme/app/pulls");
    EXPECT_EQ(answer.text, body) << head;
    EXPECT_EQ(answer.stream_size, body.size()) << head;
  }
  github_.Answer(JsonAnswer200(body));
  EXPECT_EQ(Ask("POST", "/graphql", "{}").text, body);
}

TEST_F(ForwardTest, SaysInGithubsFormWhatWentWrong) {
  server_.SetForward();
  server_.AddHost("dead.example", "http://127.0.0.1:1");
  const HttpAnswer dead = Ask("GET", "/dead.example/user");
  EXPECT_EQ(dead.status, 503);
  EXPECT_EQ(nlohmann::json::parse(dead.text)["message"], "Server Error");
  EXPECT_EQ(HeaderOf(dead.headers, "Retry-After"), "5");
  EXPECT_EQ(HeaderOf(dead.headers, "X-Signalbox-Reason"), "GITHUB_UNREACHABLE");
  github_.Answer("close");
  const HttpAnswer lost = Ask("GET", "/user");
  EXPECT_EQ(lost.status, 502);
  EXPECT_EQ(HeaderOf(lost.headers, "X-Signalbox-Reason"),
            "UNKNOWN_WHETHER_ACCEPTED");
}

TEST_F(ForwardTest, GithubHasLimitedTimeToAnswer) {
  options_.forwarding->client.head_timeout = absl::Milliseconds(50);
  server_.SetForward();
  github_.Answer("");
  const HttpAnswer slow = Ask("GET", "/user");
  EXPECT_EQ(slow.status, 504);
  EXPECT_EQ(HeaderOf(slow.headers, "X-Signalbox-Reason"),
            "UNKNOWN_WHETHER_ACCEPTED");
  EXPECT_EQ(HeaderOf(slow.headers, "X-GitHub-Request-Id"), "id-of-the-request");
}

TEST_F(ForwardTest, AnIncompleteAnswerIsNotPassedOnAsAWhole) {
  server_.SetForward();
  options_.forwarding->client.least_bytes_time = absl::Milliseconds(50);
  for (const char* const type : {"application/json", "text/plain"}) {
    github_.Answer(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: ", type,
                                "\r\nContent-Length: 9\r\n\r\n{}"));
    EXPECT_EQ(Ask("GET", "/user").status, 200);
    EXPECT_FALSE(is_complete_) << type;
  }
}

TEST_F(ForwardTest, OnlySoManyAreUnderWay) {
  options_.forwarding->most_requests = 2;
  server_.SetForward();
  {
    const HttpAnswer first = Begin("GET", "/user");
    const HttpAnswer second = Begin("GET", "/user");
    EXPECT_EQ(second.status, 200);
    const HttpAnswer third = Ask("GET", "/user");
    EXPECT_EQ(third.status, 503);
    EXPECT_EQ(HeaderOf(third.headers, "Retry-After"), "5");
    // Statuses do not wait for such requests.
    EXPECT_EQ(Ask("POST", kStatusPath, R"({"state":"success"})").status, 201);
  }
  EXPECT_EQ(Ask("GET", "/user").status, 200);
}

TEST_F(ForwardTest, OneCallerLeavesPlacesToTheOthers) {
  options_.forwarding->most_requests = 3;
  options_.forwarding->most_of_caller = 2;
  server_.SetForward();
  {
    const HttpAnswer first = Begin("GET", "/user");
    const HttpAnswer second = Begin("GET", "/user");
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(Ask("GET", "/user").status, 503);
    server_.SetCaller("other", {});
    EXPECT_EQ(Ask("GET", "/user").status, 200);
    server_.SetCaller("tool", {});
  }
  EXPECT_EQ(Ask("GET", "/user").status, 200);
}

TEST_F(ForwardTest, OnlySoManyBytesAreUnderWay) {
  options_.forwarding->max_body = 10;
  options_.forwarding->most_body_bytes = 15;
  server_.SetForward();
  const std::string body(10, 'x');
  EXPECT_EQ(Ask("POST", "/markdown", body + "x").status, 413);
  {
    const HttpAnswer first = Begin("POST", "/markdown", body);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(Ask("POST", "/markdown", body).status, 503);
    EXPECT_EQ(Ask("POST", "/markdown", "xxxxx").status, 200);
  }
  EXPECT_EQ(Ask("POST", "/markdown", body).status, 200);
}

// Its size is not known before.
TEST_F(ForwardTest, ABodyInChunksTakesItsOwnRoom) {
  options_.forwarding->max_body = 10;
  options_.forwarding->most_body_bytes = 15;
  server_.SetForward();
  is_chunked_ = true;
  {
    const HttpAnswer first = Begin("POST", "/markdown", "xxxxx");
    EXPECT_EQ(first.status, 200);
    const HttpAnswer second = Begin("POST", "/markdown", "xxxxx");
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(Ask("POST", "/markdown", "x").status, 503);
  }
  EXPECT_EQ(Ask("POST", "/markdown", "x").status, 200);
}

}  // namespace
}  // namespace signalbox
