// Requests as well-known clients write them: their paths, their headers in
// their order, and their bodies.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "rest/listener.h"
#include "tests/common/http/raw_client.h"
#include "tests/rest/fake_status_service.h"

namespace signalbox {
namespace {

struct ClientRequest {
  const char* client;
  // With SHA and SIZE for the commit and the size of the body. Each line ends
  // in \n instead of CRLF.
  const char* head;
  const char* body;
  int status;
};

// In each of these, the status is a success of the context `ci`, if any.
constexpr ClientRequest kRequests[] = {
    {"Jenkins (hub4j): is the repository there",
     "GET /github.com/api/v3/repos/acme/app HTTP/1.1\n"
     "Accept: application/vnd.github+json\n"
     "Authorization: token X\n"
     "X-GitHub-Api-Version: 2022-11-28\n"
     "Host: localhost\n"
     "Connection: Upgrade, HTTP2-Settings\n"
     "Upgrade: h2c\n"
     "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\n"
     "User-Agent: Java-http-client/17.0.9\n",
     "", 200},
    {"Jenkins (hub4j): create",
     "POST /github.com/api/v3/repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Accept: application/vnd.github+json\n"
     "Accept-Encoding: gzip\n"
     "Authorization: token X\n"
     "Content-Type: application/json\n"
     "Host: localhost\n"
     "Content-Length: SIZE\n"
     "Connection: close\n",
     R"({"state":"success","target_url":"https://ci.example/1/","description":)"
     R"("Build #1 succeeded","context":"ci"})",
     201},
    {"TeamCity: test the connection",
     "GET /api/v3/repos/acme/app HTTP/1.1\n"
     "Accept-Encoding: UTF-8\n"
     "Accept: application/json\n"
     "Authorization: Basic eC1vYXV0aC1iYXNpYzpY\n"
     "Host: localhost\n"
     "Connection: close\n",
     "", 200},
    {"TeamCity: look before a queued state",
     "GET /api/v3/repos/acme/app/commits/SHA/status?per_page=25&page=1 "
     "HTTP/1.1\n"
     "Accept-Encoding: UTF-8\n"
     "Accept: application/json\n"
     "Authorization: Basic eC1vYXV0aC1iYXNpYzpY\n"
     "Host: localhost\n"
     "Connection: close\n",
     "", 200},
    {"TeamCity: create",
     "POST /api/v3/repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Content-Type: application/json; charset=UTF-8\n"
     "Accept-Encoding: UTF-8\n"
     "Accept: application/json\n"
     "Authorization: Basic eC1vYXV0aC1iYXNpYzpY\n"
     "Content-Length: SIZE\n"
     "Host: localhost\n"
     "Connection: close\n",
     R"({"state":"success","target_url":"https://tc.example/1","description":)"
     R"("TeamCity build finished","context":"ci"})",
     201},
    {"Prow: create",
     "POST /repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Host: localhost\n"
     "User-Agent: tide/v20261130\n"
     "Connection: close\n"
     "Content-Length: SIZE\n"
     "Accept: application/vnd.github.v3+json\n"
     "Authorization: Bearer X\n"
     "X-GitHub-Api-Version: 2022-11-28\n"
     "Accept-Encoding: gzip\n",
     R"({"state":"success","description":"","context":"ci"})", 201},
    {"Flux: list",
     "GET /api/v3/repos/acme/app/commits/SHA/statuses?per_page=50 HTTP/1.1\n"
     "Host: localhost\n"
     "User-Agent: go-github/v64.0.0\n"
     "Accept: application/vnd.github.v3+json\n"
     "Authorization: Bearer X\n"
     "X-Github-Api-Version: 2022-11-28\n"
     "Accept-Encoding: gzip\n"
     "Connection: close\n",
     "", 200},
    {"Flux: create",
     "POST /api/v3/repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Host: localhost\n"
     "User-Agent: go-github/v64.0.0\n"
     "Content-Length: SIZE\n"
     "Accept: application/vnd.github.v3+json\n"
     "Authorization: Bearer X\n"
     "Content-Type: application/json\n"
     "X-Github-Api-Version: 2022-11-28\n"
     "Accept-Encoding: gzip\n"
     "Connection: close\n",
     "{\"state\":\"success\",\"description\":\"reconciled\",\"context\":\"ci\"}"
     "\n",
     201},
    {"Spinnaker: read the message of the commit",
     "GET /repos/acme/app/commits/SHA HTTP/1.1\n"
     "Authorization: token X\n"
     "Host: localhost\n"
     "Connection: Keep-Alive, close\n"
     "Accept-Encoding: gzip\n"
     "User-Agent: okhttp/4.9.1\n",
     "", 200},
    {"Spinnaker: create",
     "POST /repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Authorization: token X\n"
     "Content-Type: application/json; charset=UTF-8\n"
     "Content-Length: SIZE\n"
     "Host: localhost\n"
     "Connection: close\n"
     "Accept-Encoding: gzip\n"
     "User-Agent: okhttp/4.9.1\n",
     R"({"state":"success","target_url":"https://deck.example/1",)"
     R"("description":"Pipeline done","context":"ci"})",
     201},
    {"Tekton: create",
     "POST /api/v3/repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Host: localhost\n"
     "Accept-Encoding: identity\n"
     "Content-Length: SIZE\n"
     "User-Agent: TektonCD, the peaceful cat\n"
     "Authorization: Bearer X\n"
     "Accept: application/vnd.github.v3+json \n",
     R"({"state": "success", "target_url": "", "description": "",)"
     R"( "context": "ci"})",
     201},
    {"Argo CD: the webhook service of its notifications",
     "POST /repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Host: localhost\n"
     "User-Agent: Go-http-client/1.1\n"
     "Content-Length: SIZE\n"
     "Authorization: token X\n"
     "Accept-Encoding: gzip\n",
     "{\"state\": \"success\", \"context\": \"ci\"}\n", 201},
    {"Jenkins (githubNotify): is the account there",
     "GET /api/v3/users/acme HTTP/1.1\n"
     "Accept: application/vnd.github.v3+json\n"
     "Authorization: Basic dXNlcjpY\n"
     "User-Agent: Java/17.0.9\n"
     "Host: localhost\n"
     "Connection: keep-alive, close\n",
     "", 200},
    {"Buildbot: create",
     "POST /repos/acme/app/statuses/SHA HTTP/1.1\n"
     "Content-Length: SIZE\n"
     "Authorization: token X\n"
     "User-Agent: Buildbot\n"
     "Content-Type: application/json\n"
     "Connection: close\n"
     "Host: localhost\n",
     R"({"state": "success", "description": "Build done.", "context": "ci",)"
     R"( "target_url": "http://bb.example/#builders/1/builds/1"})",
     201},
    {"Renovate: is it an API",
     "HEAD /api/v3/ HTTP/1.1\n"
     "user-agent: RenovateBot/44\n"
     "accept: application/json\n"
     "authorization: token X\n"
     "accept-encoding: gzip, deflate, br\n"
     "Host: localhost\n"
     "Connection: close\n",
     "", 200},
    {"branch-source: is it an API",
     "GET /api/v3/ HTTP/1.1\n"
     "Accept: application/vnd.github+json\n"
     "Host: localhost\n"
     "Connection: close\n",
     "", 200},
    {"hub: look for check runs",
     "GET /api/v3/repos/acme/app/commits/SHA/check-runs?per_page=100 HTTP/1.1\n"
     "Host: localhost\n"
     "Accept: application/vnd.github.antiope-preview+json\n"
     "Authorization: token X\n",
     "", 404},
};

TEST(ClientsTest, WellKnownClientsAreAnswered) {
  FakeStatusService server;
  RestSettings settings;
  settings.listen = "127.0.0.1:0";
  const auto listener = RestListener::Start(settings, server.stub());
  ASSERT_TRUE(listener.ok()) << listener.status();
  size_t created = 0;
  for (const ClientRequest& one : kRequests) {
    const std::string head = absl::StrReplaceAll(
        one.head, {{"\n", "\r\n"},
                   {"SHA", std::string(40, 'c')},
                   {"SIZE", absl::StrCat(std::string(one.body).size())}});
    EXPECT_EQ(RawClient((*listener)->port())
                  .Ask(absl::StrCat(head,
                                    absl::StrContains(head, "\r\nConnection: ")
                                        ? ""
                                        : "Connection: close\r\n",
                                    "\r\n", one.body)),
              one.status)
        << one.client;
    if (one.status == 201) ++created;
    ASSERT_EQ(server.results().size(), created) << one.client;
    if (one.status == 201) {
      const v1::ReportResultRequest report = server.results().back();
      EXPECT_EQ(report.repository(), "github.com/acme/app") << one.client;
      EXPECT_EQ(report.sha(), std::string(40, 'c')) << one.client;
      EXPECT_EQ(report.context(), "ci") << one.client;
      EXPECT_EQ(report.result(), v1::RESULT_SUCCESS) << one.client;
    }
  }
}

}  // namespace
}  // namespace signalbox
