#include "rest/listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/common/http/loopback_server.h"
#include "tests/common/http/raw_client.h"
#include "tests/rest/fake_status_service.h"

namespace signalbox {
namespace {

constexpr char kCreate[] =
    "POST /repos/acme/app/statuses/"
    "0123456789abcdef0123456789abcdef01234567 HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Content-Length: 20\r\n\r\n"
    R"({"state": "success"})";

RestSettings OnAnyPort() {
  RestSettings settings;
  settings.listen = "127.0.0.1:0";
  return settings;
}

absl::Status Check(const RestSettings& settings) {
  return CheckRest(settings, {"127.0.0.1", 4567});
}

TEST(RestSettingsTest, TheDoorIsOffByDefault) {
  FakeStatusService server;
  EXPECT_TRUE(Check({}).ok());
  const auto listener = RestListener::Start({}, server.stub());
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(*listener, nullptr);
}

TEST(RestSettingsTest, TakesLoopbackOrAnHttpsAddress) {
  for (const RestSettings& settings :
       {RestSettings{"127.0.0.1:0", "", "github.com"},
        RestSettings{"[::1]:8090", "http://localhost:8090", "ghe.example"},
        RestSettings{"0.0.0.0:8090", "https://box.example/github/",
                     "github.com"},
        RestSettings{"0.0.0.0:8090", "", "github.com", {"cert", "key", ""}}}) {
    EXPECT_TRUE(Check(settings).ok()) << settings.listen << Check(settings);
  }
}

TEST(RestSettingsTest, RefusesTheRest) {
  for (const RestSettings& settings :
       {RestSettings{"8090", "", "github.com"},
        // The webhooks' own address, whatever the host.
        RestSettings{"127.0.0.1:4567", "", "github.com"},
        RestSettings{"[::1]:4567", "", "github.com"},
        RestSettings{"0.0.0.0:8090", "", "github.com"},
        RestSettings{"0.0.0.0:8090", "http://box.example", "github.com"},
        RestSettings{"0.0.0.0:8090",
                     "http://box.example",
                     "github.com",
                     {"cert", "key", ""}},
        RestSettings{"127.0.0.1:8090", "box.example", "github.com"},
        RestSettings{"127.0.0.1:8090", "https://box.example?x", "github.com"},
        RestSettings{"127.0.0.1:8090", "https://user@box.example",
                     "github.com"},
        RestSettings{"127.0.0.1:8090", "", "not a host"},
        RestSettings{"127.0.0.1:8090", "", ""},
        RestSettings{"", "https://box.example", "github.com"},
        RestSettings{"", "", "github.com", {}, /*forward=*/true}}) {
    EXPECT_FALSE(Check(settings).ok())
        << settings.listen << " " << settings.public_url;
  }
}

TEST(RestListenerTest, AnswersSeveralRequestsOnOneConnection) {
  FakeStatusService server;
  const auto listener = RestListener::Start(OnAnyPort(), server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  RawClient client((*listener)->port());
  for (int i = 0; i < 2; ++i) {
    client.Send(kCreate);
    const std::string answer = client.Read("\"site_admin\":false}}");
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 201 Created\r\n")) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "Connection: close")) << answer;
  }
  EXPECT_EQ(server.results().size(), 2u);
}

TEST(RestListenerTest, AMalformedRequestHasAnAnswerInJson) {
  FakeStatusService server;
  const auto listener = RestListener::Start(OnAnyPort(), server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  RawClient client((*listener)->port());
  client.Send(
      "GET /user HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n"
      "Content-Length: 2\r\n\r\n");
  const std::string answer = client.Read();
  EXPECT_EQ(RawClient::StatusOf(answer), 400) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "application/json")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "{\"message\":")) << answer;
}

// A proxy may add no header that names its client, so that the request looks
// local.
TEST(RestListenerTest, BehindAPublicAddressNoRequestIsLocal) {
  FakeStatusService server;
  for (const char* const url :
       {"https://box.example", "https://box.example:8443/localhost",
        "https://localhost.example"}) {
    RestSettings settings = OnAnyPort();
    settings.public_url = url;
    const auto listener = RestListener::Start(settings, server.stub());
    ASSERT_TRUE(listener.ok()) << listener.status();
    RawClient client((*listener)->port());
    client.Send(kCreate);
    EXPECT_TRUE(absl::StartsWith(client.Read(), "HTTP/1.1 401 ")) << url;
  }
  EXPECT_TRUE(server.results().empty());
  for (const char* const url : {"http://localhost:8090", "http://127.0.0.1"}) {
    RestSettings settings = OnAnyPort();
    settings.public_url = url;
    const auto listener = RestListener::Start(settings, server.stub());
    ASSERT_TRUE(listener.ok()) << listener.status();
    RawClient client((*listener)->port());
    client.Send(kCreate);
    EXPECT_TRUE(absl::StartsWith(client.Read("}}"), "HTTP/1.1 201 ")) << url;
  }
}

// After an error, the two ends may disagree where the next request begins.
TEST(RestListenerTest, ClosesAfterAnError) {
  FakeStatusService server;
  const auto listener = RestListener::Start(OnAnyPort(), server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  RawClient client((*listener)->port());
  client.Send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(client.Read(), "HTTP/1.1 404 Not Found\r\n"));
}

// A tool that keeps its GitHub token: a large answer of GitHub's, over real
// connections on both sides.
TEST(RestListenerTest, StreamsWhatGithubAnswers) {
  FakeStatusService server;
  LoopbackServer github([](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) {
      peer.Write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
          "Transfer-Encoding: chunked\r\n\r\n");
      const std::string piece(100'000, 'x');
      for (int i = 0; i < 50; ++i) {
        peer.Write(absl::StrCat("186a0\r\n", piece, "\r\n"));
      }
      peer.Write("0\r\n\r\n");
    }
  });
  server.SetCaller("tool", {"report"});
  server.SetForward();
  server.AddHost("github.com",
                 absl::StrCat("http://127.0.0.1:", github.port()));
  RestSettings settings = OnAnyPort();
  settings.forward = true;
  const auto listener = RestListener::Start(settings, server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  RawClient client((*listener)->port());
  for (int i = 0; i < 2; ++i) {
    client.Send(
        "GET /repos/acme/app/pulls/1 HTTP/1.1\r\nHost: localhost\r\n"
        "Authorization: token ghp_1\r\n\r\n");
    const std::string answer = client.Read("\r\n0\r\n\r\n");
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 \r\n"));
    const auto body = answer.begin() + answer.find("\r\n\r\n");
    EXPECT_EQ(std::count(body, answer.end(), 'x'), 5'000'000);
  }
  EXPECT_EQ(github.connections(), 1);
}

TEST(RestListenerTest, AnswersHeadWithoutABody) {
  FakeStatusService server;
  const auto listener = RestListener::Start(OnAnyPort(), server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  RawClient client((*listener)->port());
  client.Send(
      "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string answer = client.Read();
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n")) << answer;
}

}  // namespace
}  // namespace signalbox
