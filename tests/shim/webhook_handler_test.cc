#include "shim/webhook_handler.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/http/http_server.h"
#include "common/rpc/server_connection.h"
#include "tests/common/http/raw_client.h"
#include "tests/common/webhook/payloads.h"
#include "tests/shim/fake_server.h"
#include "tests/shim/signed_request.h"

namespace signalbox {
namespace {

constexpr char kOldSecret[] = "the one before";

class WebhookHandlerTest : public ::testing::Test {
 protected:
  WebhookHandlerTest() { server_.Start(); }
  ~WebhookHandlerTest() override {
    server_.Release();
    http_ = nullptr;
  }

  void Start() {
    if (http_ != nullptr) return;
    stub_ = *ConnectToServer(absl::StrCat("127.0.0.1:", server_.port()));
    handler_ = std::make_unique<WebhookHandler>(
        options_, [this](auto) { return secrets_; }, *stub_);
    http_ = *HttpServer::Start(
        http_options_,
        [this](const HttpServerRequest& request, BodyReader read_body) {
          return handler_->Handle(request, read_body);
        });
  }

  std::string Exchange(absl::string_view text) {
    Start();
    RawClient client(http_->port());
    client.Send(text);
    return client.Read();
  }
  int Ask(absl::string_view text) {
    return RawClient::StatusOf(Exchange(text));
  }
  int Ask(const Request& request) { return Ask(request.Text()); }

  FakeServer server_;
  HttpServerOptions http_options_;
  WebhookHandlerOptions options_;
  std::shared_ptr<const WebhookSecrets> secrets_ =
      std::make_shared<const WebhookSecrets>(
          std::vector<Secret>{Secret(kSecret), Secret(kOldSecret)});
  std::unique_ptr<v1::StatusService::Stub> stub_;
  std::unique_ptr<WebhookHandler> handler_;
  std::unique_ptr<HttpServer> http_;
};

TEST_F(WebhookHandlerTest, PullRequestBecomesOneCall) {
  EXPECT_EQ(Ask(PullRequest()), 202);
  ASSERT_EQ(server_.Requests().size(), 1u);
  const v1::ReportPendingRequest call = server_.Requests()[0];
  EXPECT_EQ(call.repository(), "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id(), 186853002);
  EXPECT_EQ(call.sha(), kHeadSha);
  EXPECT_TRUE(call.contexts().empty());
  EXPECT_EQ(call.attempt(), 0);
  EXPECT_FALSE(call.rerun());
  EXPECT_EQ(call.delivery().id(), PullRequest().delivery);
  EXPECT_EQ(call.delivery().event(), "pull_request");
  EXPECT_EQ(call.delivery().action(), "opened");
  EXPECT_EQ(call.delivery().digest(), Sha256(PullRequest().body));
  EXPECT_EQ(call.change().event(), "pull_request");
  EXPECT_EQ(call.change().pull_request_number(), 2);
  EXPECT_EQ(call.change().title(), "Update the README");
  EXPECT_EQ(call.change().author(), "octocat");
  EXPECT_EQ(call.change().head_ref(), "changes");
  EXPECT_EQ(call.change().base_ref(), "master");
  EXPECT_FALSE(call.change().draft());
  EXPECT_TRUE(call.change().fork());
  EXPECT_EQ(call.change().clone_url(),
            "https://github.com/octocat/Hello-World.git");
  EXPECT_EQ(call.change().updated_time().seconds(), 1557933633);
}

// The server knows its own hooks by this header. The header is not signed, so
// the shim refuses nothing because of it.
TEST_F(WebhookHandlerTest, TheHookIsNamedIfGitHubNamesIt) {
  Request request = PullRequest();
  for (const auto& [headers, id] : std::vector<std::pair<std::string, int64_t>>{
           {"X-GitHub-Hook-ID: 5000000001\r\n", 5'000'000'001},
           {"x-github-hook-id: 7\r\n", 7},
           {"", 0},
           {"X-GitHub-Hook-ID: -1\r\n", 0},
           {"X-GitHub-Hook-ID: many\r\n", 0},
           {"X-GitHub-Hook-ID: 99999999999999999999\r\n", 0},
           {"X-GitHub-Hook-ID: 1\r\nX-GitHub-Hook-ID: 2\r\n", 0}}) {
    request.more_headers = headers;
    ASSERT_EQ(Ask(request), 202) << headers;
    EXPECT_EQ(server_.Requests().back().delivery().hook_id(), id) << headers;
  }
}

TEST_F(WebhookHandlerTest, PushBecomesOneCall) {
  EXPECT_EQ(Ask(Push()), 202);
  ASSERT_EQ(server_.Requests().size(), 1u);
  const v1::ReportPendingRequest call = server_.Requests()[0];
  EXPECT_EQ(call.sha(), kHeadSha);
  EXPECT_EQ(call.change().event(), "push");
  EXPECT_EQ(call.change().base_ref(), "refs/heads/master");
  EXPECT_EQ(call.delivery().action(), "");
  EXPECT_TRUE(call.change().has_updated_time());
}

// The digest is of the decoded JSON, so a delivery that comes again through a
// second hook with the other content type has the same one.
TEST_F(WebhookHandlerTest, FormAndJsonMakeTheSameCall) {
  EXPECT_EQ(Ask(PullRequest()), 202);
  EXPECT_EQ(Ask(AsForm(PullRequest())), 202);
  ASSERT_EQ(server_.Requests().size(), 2u);
  EXPECT_EQ(server_.Requests()[0].SerializeAsString(),
            server_.Requests()[1].SerializeAsString());
}

// cpp-httplib's own limit for forms is 8,192 bytes; GitHub's have about 33 KB.
TEST_F(WebhookHandlerTest, FormsMayBeLong) {
  Request request = PullRequest();
  nlohmann::ordered_json payload = PullRequestPayload();
  payload["pull_request"]["body"] = std::string(33000, '"');
  request.body = payload.dump();
  ASSERT_GT(AsForm(request).body.size(), 33000u);
  EXPECT_EQ(Ask(AsForm(request)), 202);
}

TEST_F(WebhookHandlerTest, ContentTypeMayHaveParameters) {
  Request request = Push();
  for (const char* type : {"application/json; charset=utf-8",
                           "Application/JSON", "application/json ;x=y"}) {
    request.content_type = type;
    EXPECT_EQ(Ask(request), 202) << type;
  }
}

TEST_F(WebhookHandlerTest, NothingToDoIs200) {
  Request request;
  request.event = "ping";
  request.body = PingPayload().dump();
  EXPECT_EQ(Ask(request), 200);
  EXPECT_EQ(Ask(AsForm(request)), 200);

  request.event = "star";
  request.body = R"({"action":"created"})";
  EXPECT_EQ(Ask(request), 200);

  request = PullRequest();
  request.body = PullRequestPayload("labeled").dump();
  EXPECT_EQ(Ask(request), 200);

  nlohmann::ordered_json deleted = PushPayload();
  deleted["deleted"] = true;
  deleted["after"] = kNullSha;
  deleted["head_commit"] = nullptr;
  request = Push();
  request.body = deleted.dump();
  EXPECT_EQ(Ask(request), 200);
  EXPECT_TRUE(server_.Requests().empty());
}

// A person who may deploy can put JSON of any depth into a deployment. The shim
// still checks the signature first.
TEST_F(WebhookHandlerTest, UnusedEventsMayCarryAnything) {
  Request request;
  const std::string deep =
      std::string(5000, '[') + "7" + std::string(5000, ']');
  for (const char* event : {"deployment", "repository_dispatch"}) {
    request.event = event;
    request.body = absl::StrCat(R"({"action":"go","client_payload":)", deep,
                                R"(,"deployment":{"a":1,"a":2}})");
    request.secret = kSecret;
    EXPECT_EQ(Ask(request), 200) << event;
    EXPECT_EQ(Ask(AsForm(request)), 200) << event;
    request.secret = "wrong";
    EXPECT_EQ(Ask(request), 401) << event;
  }
  EXPECT_TRUE(server_.Requests().empty());
}

TEST_F(WebhookHandlerTest, HealthIsTold) {
  for (const char* target : {"/healthz", "/", "/healthz/", "/healthz?full=1"}) {
    const std::string answer =
        Exchange(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(RawClient::StatusOf(answer), 200) << target;
    EXPECT_TRUE(absl::StrContains(answer, "/event_handler")) << answer;
    EXPECT_EQ(Ask(absl::StrCat("HEAD ", target, " HTTP/1.1\r\n\r\n")), 200);
  }
  for (const char* target : {"/health", "//healthz", "/healthz/x"}) {
    EXPECT_EQ(Ask(absl::StrCat("GET ", target, " HTTP/1.1\r\n\r\n")), 404)
        << target;
  }
  Request request = Push();
  request.target = "/healthz";
  EXPECT_EQ(Ask(request), 404);
}

TEST_F(WebhookHandlerTest, ASlashBehindThePathMakesNoDifference) {
  Request request = Push();
  for (const char* target :
       {"/event_handler", "/event_handler/", "/event_handler/?a=b"}) {
    request.target = target;
    EXPECT_EQ(Ask(request), 202) << target;
  }
  for (const char* target :
       {"/event_handlers", "/event_handler/x", "//event_handler", "/event"}) {
    request.target = target;
    EXPECT_EQ(Ask(request), 404) << target;
  }
  EXPECT_EQ(Ask("GET /event_handler/ HTTP/1.1\r\n\r\n"), 405);
}

TEST_F(WebhookHandlerTest, APathMayEndWithASlashOrBeOne) {
  options_.path = "/hooks/";
  Request request = Push();
  request.target = "/hooks";
  EXPECT_EQ(Ask(request), 202);
  http_ = nullptr;
  options_.path = "/";
  request.target = "/";
  EXPECT_EQ(Ask(request), 202);
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\n\r\n"), 200);
}

TEST_F(WebhookHandlerTest, ASecretThatChangesCountsAtOnce) {
  Request request = Push();
  request.secret = "a new one";
  EXPECT_EQ(Ask(request), 401);
  secrets_ = std::make_shared<const WebhookSecrets>(
      std::vector<Secret>{Secret(kSecret), Secret("a new one")});
  EXPECT_EQ(Ask(request), 202);
  EXPECT_EQ(Ask(Push()), 202);
}

TEST_F(WebhookHandlerTest, NoExpectedContextsIs200) {
  server_.Answer(grpc::Status::OK, 0);
  EXPECT_EQ(Ask(Push()), 200);
  EXPECT_EQ(server_.Requests().size(), 1u);
}

TEST_F(WebhookHandlerTest, AnnotatedTagIsItsCommit) {
  nlohmann::ordered_json payload = PushPayload("refs/tags/v1");
  payload["after"] = kTagObject;
  Request request = Push();
  request.body = payload.dump();
  EXPECT_EQ(Ask(request), 202);
  EXPECT_EQ(server_.Requests()[0].sha(), kHeadSha);
}

TEST_F(WebhookHandlerTest, HeadWithoutARepositoryIsAFork) {
  nlohmann::ordered_json payload = PullRequestPayload();
  payload["pull_request"]["head"]["repo"] = nullptr;
  Request request = PullRequest();
  request.body = payload.dump();
  EXPECT_EQ(Ask(request), 202);
  EXPECT_TRUE(server_.Requests()[0].change().fork());
  EXPECT_EQ(server_.Requests()[0].change().clone_url(), "");
}

TEST_F(WebhookHandlerTest, MalformedIs400) {
  Request request = Push();
  const std::vector<std::string> bodies = {"",
                                           "{",
                                           "[]",
                                           "nonsense",
                                           R"({"ref":"a","ref":"b"})",
                                           PullRequestPayload().dump(),
                                           PingPayload().dump()};
  for (const std::string& body : bodies) {
    request.body = body;
    EXPECT_EQ(Ask(request), 400) << body;
    EXPECT_EQ(Ask(AsForm(request)), 400) << body;
  }
  request = AsForm(Push());
  for (const char* body : {"payload=%zz", "a=b", "", "payload=%7B%7", "{}"}) {
    request.body = body;
    EXPECT_EQ(Ask(request), 400) << body;
  }
  request.body = AsForm(Push()).body + "&" + AsForm(Push()).body;
  EXPECT_EQ(Ask(request), 400);
  // The other type's body.
  request = Push();
  request.content_type = "application/x-www-form-urlencoded";
  EXPECT_EQ(Ask(request), 400);
  request = AsForm(Push());
  request.content_type = "application/json";
  EXPECT_EQ(Ask(request), 400);
  EXPECT_TRUE(server_.Requests().empty());
}

TEST_F(WebhookHandlerTest, DeliveryAndEventMustBeNamedOnce) {
  for (const char* bad : {"", "\x80", "a\tb"}) {
    Request request = Push();
    request.delivery = bad;
    EXPECT_EQ(Ask(request), 400) << bad;
    request = Push();
    request.event = bad;
    EXPECT_EQ(Ask(request), 400) << bad;
  }
  Request request = Push();
  request.delivery = std::string(255, 'x');
  EXPECT_EQ(Ask(request), 202);
  request.delivery += 'x';
  EXPECT_EQ(Ask(request), 400);
  for (const char* name : {"X-GitHub-Event: push", "x-github-delivery: x"}) {
    request = Push();
    request.more_headers = absl::StrCat(name, "\r\n");
    EXPECT_EQ(Ask(request), 400) << name;
  }
  // The shim does not decode it on the way, as cpp-httplib would.
  request = Push();
  request.delivery = "%0d%0a";
  EXPECT_EQ(Ask(request), 202);
  EXPECT_EQ(server_.Requests().back().delivery().id(), "%0d%0a");
}

TEST_F(WebhookHandlerTest, SignatureMissingOrWrongIs401) {
  for (const Request& good : {Push(), AsForm(Push())}) {
    Request request = good;
    request.secret = "";
    EXPECT_EQ(Ask(request), 401);
    request.secret = "another";
    EXPECT_EQ(Ask(request), 401);
    const std::string signature = Sign(good.body, kSecret);
    for (const std::string& header :
         {std::string(), std::string("sha256="), signature.substr(7),
          absl::StrCat("sha1=", signature.substr(7)),
          absl::AsciiStrToUpper(signature), signature + "0",
          absl::StrCat("%73", signature.substr(1)),
          absl::StrCat(signature, ", ", signature)}) {
      request.secret = "";
      request.more_headers = absl::StrCat(
          "X-Hub-Signature-256: ", header,
          "\r\nX-Hub-Signature: sha1=", std::string(40, 'a'), "\r\n");
      EXPECT_EQ(Ask(request), 401) << header;
    }
    // Of two headers, nobody can tell which one was checked.
    request.secret = kSecret;
    request.more_headers =
        absl::StrCat("X-Hub-Signature-256: ", signature, "\r\n");
    EXPECT_EQ(Ask(request), 401);
    request.more_headers.clear();
    EXPECT_EQ(Ask(request), 202);
  }
}

TEST_F(WebhookHandlerTest, EachSecretWillDo) {
  Request request = Push();
  request.secret = kOldSecret;
  EXPECT_EQ(Ask(request), 202);
  EXPECT_EQ(Ask(AsForm(request)), 202);
}

// The signature is over the bytes that were sent.
TEST_F(WebhookHandlerTest, SignatureOfTheDecodedFormIsWrong) {
  Request request = AsForm(Push());
  request.secret = "";
  request.more_headers =
      absl::StrCat("X-Hub-Signature-256: ", Sign(Push().body, kSecret), "\r\n");
  EXPECT_EQ(Ask(request), 401);
}

// A sender that cannot sign learns nothing about how a body was read.
TEST_F(WebhookHandlerTest, SignatureComesBeforeEverythingInTheBody) {
  for (const char* body : {"", "{", "payload=%zz", "[]"}) {
    for (const char* type :
         {"application/json", "application/x-www-form-urlencoded"}) {
      Request request;
      request.body = body;
      request.content_type = type;
      request.secret = "another";
      EXPECT_EQ(Ask(request), 401) << body;
      request.event = "";
      request.delivery = "";
      EXPECT_EQ(Ask(request), 401) << body;
    }
  }
}

TEST_F(WebhookHandlerTest, WithoutVerificationSignaturesDoNotMatter) {
  options_.verify = false;
  Request request = Push();
  request.secret = "";
  EXPECT_EQ(Ask(request), 202);
  request.secret = "another";
  EXPECT_EQ(Ask(AsForm(request)), 202);
}

TEST_F(WebhookHandlerTest, WrongPathIs404) {
  for (const char* target :
       {"/", "/event_handler/x", "/Event_handler", "//event_handler",
        "/event%5Fhandler", "/event_handler%00", "/event_handler/../x", "*",
        "http://127.0.0.1/event_handler"}) {
    Request request = Push();
    request.target = target;
    EXPECT_EQ(Ask(request), 404) << target;
  }
  Request request = Push();
  request.target = "/" + std::string(9000, 'a');
  EXPECT_EQ(Ask(request), 404);
  request.target = "/event_handler?x=y";
  EXPECT_EQ(Ask(request), 202);
}

TEST_F(WebhookHandlerTest, WrongMethodIs405) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS",
                             "TRACE", "CONNECT", "PRI", "post", "BREW"}) {
    Request request = Push();
    request.method = method;
    const std::string answer = Exchange(request.Text());
    EXPECT_EQ(RawClient::StatusOf(answer), 405) << method;
    EXPECT_TRUE(absl::StrContains(answer, "Allow: POST\r\n"));
  }
}

TEST_F(WebhookHandlerTest, WrongContentTypeIs415) {
  for (const char* type : {"", "text/plain", "multipart/form-data; boundary=x",
                           "application/jsonx", "application", "text/json",
                           "application/json, text/plain"}) {
    Request request = Push();
    request.content_type = type;
    EXPECT_EQ(Ask(request), 415) << type;
  }
  Request request = Push();
  request.more_headers = "Content-Type: application/json\r\n";
  EXPECT_EQ(Ask(request), 415);
}

TEST_F(WebhookHandlerTest, AmbiguousFramingIs400) {
  for (const char* header : {"Transfer-Encoding: chunked", "Content-Length: 3",
                             "Content-Encoding: gzip"}) {
    Request request = Push();
    request.more_headers = absl::StrCat(header, "\r\n");
    EXPECT_EQ(Ask(request), 400) << header;
  }
}

TEST_F(WebhookHandlerTest, ChunkedIsTaken) {
  for (const size_t piece : {1, 100, 1000000}) {
    EXPECT_EQ(Ask(Chunked(PullRequest(), piece)), 202);
    EXPECT_EQ(Ask(Chunked(AsForm(PullRequest()), piece)), 202);
  }
}

TEST_F(WebhookHandlerTest, SizeIsBoundedHoweverItIsSent) {
  options_.max_body = 10000;
  EXPECT_EQ(Ask(PingOf(10000)), 200);
  EXPECT_EQ(Ask(PingOf(10001)), 413);
  EXPECT_EQ(Ask(AsForm(PingOf(10000))), 200);
  EXPECT_EQ(Ask(AsForm(PingOf(10001))), 413);
  EXPECT_EQ(Ask(Chunked(PingOf(10000), 1000)), 200);
  EXPECT_EQ(Ask(Chunked(PingOf(10001), 1000)), 413);
  EXPECT_EQ(Ask(Chunked(AsForm(PingOf(10000)), 1000)), 200);
  EXPECT_EQ(Ask(Chunked(AsForm(PingOf(10001)), 1000)), 413);
}

// The raw form is bounded too: other fields are read and dropped.
TEST_F(WebhookHandlerTest, RawFormIsBounded) {
  options_.max_body = 10000;
  Request request = AsForm(PingOf(100));
  const std::string form = request.body;
  request.body =
      absl::StrCat(form, "&x=", std::string(30000 - form.size() - 3, 'x'));
  ASSERT_EQ(request.body.size(), 30000u);
  EXPECT_EQ(Ask(request), 200);
  EXPECT_EQ(Ask(Chunked(request, 1000)), 200);
  request.body += 'x';
  EXPECT_EQ(Ask(request), 413);
  EXPECT_EQ(Ask(Chunked(request, 1000)), 413);
}

TEST_F(WebhookHandlerTest, GitHubsLargestBodiesFit) {
  // Under a sanitizer decoding takes longer than GitHub would wait.
  http_options_.body_timeout = std::chrono::minutes(2);
  http_options_.total_timeout = std::chrono::minutes(3);
  constexpr size_t kLargest = 25 << 20;
  EXPECT_EQ(Ask(PingOf(kLargest)), 200);
  EXPECT_EQ(Ask(PingOf(kLargest + 1)), 413);
  EXPECT_EQ(Ask(AsForm(PingOf(kLargest))), 200);
  EXPECT_EQ(Ask(AsForm(PingOf(kLargest + 1))), 413);
}

// The answer must not wait for a body that the shim will not take.
TEST_F(WebhookHandlerTest, ClaimOfTooMuchIsRefusedAtOnce) {
  Start();
  RawClient client(http_->port());
  std::string head = PingOf(100).Text();
  head.replace(head.find("Content-Length: 100"), 19,
               "Content-Length: 26214401");
  client.Send(head.substr(0, head.find("\r\n\r\n") + 4));
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 413);
}

TEST_F(WebhookHandlerTest, MemoryForBodiesIsBounded) {
  options_.max_buffered = 0;
  EXPECT_EQ(Ask(PingOf(256 << 10)), 200);
  EXPECT_EQ(Ask(PingOf((256 << 10) + 1)), 503);
  http_ = nullptr;
  options_.max_buffered = 1 << 20;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Ask(PingOf(1 << 20)), 200);
  }
  EXPECT_EQ(Ask(PingOf(2 << 20)), 503);
  EXPECT_EQ(Ask(PingOf(1 << 20)), 200);
  // Only what is kept counts.
  Request form = AsForm(PingOf(1 << 20));
  form.body += "&x=" + std::string(1 << 20, 'x');
  EXPECT_EQ(Ask(form), 200);
  EXPECT_EQ(Ask(AsForm(PingOf(2 << 20))), 503);
}

// GitHub is to send again what it could not deliver, but not what was
// malformed.
TEST_F(WebhookHandlerTest, LateBodyIsTriedLaterAndABrokenOneIsMalformed) {
  http_options_.body_timeout = std::chrono::milliseconds(100);
  const std::string text = Push().Text();
  Start();
  RawClient late(http_->port());
  EXPECT_EQ(late.Ask(text.substr(0, text.size() - 1)), 503);
  RawClient broken(http_->port());
  broken.Send(text.substr(0, text.size() - 1));
  broken.EndSending();
  EXPECT_EQ(RawClient::StatusOf(broken.Read()), 400);
}

TEST_F(WebhookHandlerTest, EveryCodeOfTheServerHasItsAnswer) {
  for (int code = 1; code <= 16; ++code) {
    int expected = 500;
    switch (code) {
      case grpc::INVALID_ARGUMENT:
        expected = 400;
        break;
      case grpc::UNAUTHENTICATED:
      case grpc::PERMISSION_DENIED:
      case grpc::UNAVAILABLE:
      case grpc::RESOURCE_EXHAUSTED:
      case grpc::DEADLINE_EXCEEDED:
        expected = 503;
        break;
    }
    server_.Answer(
        grpc::Status(static_cast<grpc::StatusCode>(code), "the inside"));
    const std::string answer = Exchange(Push().Text());
    EXPECT_EQ(RawClient::StatusOf(answer), expected) << code;
    EXPECT_FALSE(absl::StrContains(answer, "inside"));
  }
}

// Deliveries for which the shim has no grant are for others. GitHub must not
// think that the receiver is down, nor make them again.
TEST_F(WebhookHandlerTest, WhatIsForOthersIsNothingToDo) {
  struct Case {
    const char* event;
    nlohmann::ordered_json payload;
    const char* lacks;
    int expected;
  };
  nlohmann::ordered_json other_check = CheckRunPayload();
  for (const Case& c : std::vector<Case>{
           // A status of somebody else, in each of its two calls.
           {"status", StatusPayload(), "context", 200},
           {"status", StatusPayload("pending"), "context", 200},
           {"status", StatusPayload(), "repository", 200},
           {"check_run", other_check, "context", 200},
           {"issue_comment", CommentPayload(), "context", 200},
           {"pull_request", PullRequestPayload(), "repository", 200},
           {"repository", RenamedPayload(), "repository", 200},
           {"installation_repositories", InstallationRepositoriesPayload(),
            "account", 200},
           // The server expects contexts that the shim may not report. The
           // configuration contradicts itself, and GitHub can make the delivery
           // again once it does not.
           {"pull_request", PullRequestPayload(), "context", 503},
           // A missing right is not about this delivery.
           {"status", StatusPayload(), "right", 503},
           {"pull_request", PullRequestPayload(), "right", 503},
           // An older server does not say what is missing.
           {"status", StatusPayload(), "", 503}}) {
    server_.AnswerNotGranted(c.lacks);
    Request request;
    request.event = c.event;
    request.body = c.payload.dump();
    EXPECT_EQ(Ask(request), c.expected) << c.event << " " << c.lacks;
  }
}

// Repeating cannot help: an older server does not know of events that are no
// reports. Everything else is answered as for reports.
TEST_F(WebhookHandlerTest, EventsMayBeTooNewForTheServer) {
  Request request;
  request.event = "installation";
  request.body = InstallationPayload().dump();
  EXPECT_EQ(Ask(request), 202);
  const std::pair<grpc::StatusCode, int> cases[] = {
      {grpc::UNIMPLEMENTED, 200},     {grpc::INVALID_ARGUMENT, 400},
      {grpc::UNAVAILABLE, 503},       {grpc::RESOURCE_EXHAUSTED, 503},
      {grpc::DEADLINE_EXCEEDED, 503}, {grpc::PERMISSION_DENIED, 503},
      {grpc::INTERNAL, 500}};
  for (const auto& [code, expected] : cases) {
    server_.Answer(grpc::Status(code, "the inside"));
    EXPECT_EQ(Ask(request), expected) << code;
  }
  request.event = "status";
  request.body = StatusPayload().dump();
  server_.Answer(grpc::Status::OK);
  EXPECT_EQ(Ask(request), 202);
  server_.Answer(grpc::Status(grpc::UNIMPLEMENTED, ""));
  EXPECT_EQ(Ask(request), 500);
}

// Both content types of everything that makes a call.
TEST_F(WebhookHandlerTest, EveryKindOfCallIsMadeOnce) {
  const std::pair<const char*, nlohmann::ordered_json> deliveries[] = {
      {"merge_group", MergeGroupPayload()},
      {"check_run", CheckRunPayload()},
      {"status", StatusPayload("pending")},
      {"status", StatusPayload()},
      {"issue_comment", CommentPayload()},
      {"repository", RenamedPayload()},
      {"installation_repositories", InstallationRepositoriesPayload()}};
  for (const auto& [event, payload] : deliveries) {
    Request request;
    request.event = event;
    request.body = payload.dump();
    EXPECT_EQ(Ask(request), 202) << event;
    EXPECT_EQ(Ask(AsForm(request)), 202) << event;
  }
  EXPECT_EQ(server_.Requests().size(), 6u);
  EXPECT_EQ(server_.Results().size(), 2u);
  EXPECT_EQ(server_.Events().size(), 6u);
}

TEST_F(WebhookHandlerTest, AnswersBeforeGitHubHangsUp) {
  options_.server_timeout = std::chrono::milliseconds(100);
  server_.Hold();
  EXPECT_EQ(Ask(Push()), 503);
}

// It may have stored the deliveries under way or not. Each is sent again, and
// answered only when the server has answered that.
TEST_F(WebhookHandlerTest, ACutStreamLosesNoDelivery) {
  constexpr size_t kUnderWay = 5;
  EXPECT_EQ(Ask(Push()), 202);
  server_.Hold();
  std::vector<std::future<int>> answers;
  for (size_t i = 0; i < kUnderWay; ++i) {
    answers.push_back(
        std::async(std::launch::async, [this] { return Ask(Push()); }));
  }
  const auto await_requests = [this](size_t count) {
    while (server_.Requests().size() < count) std::this_thread::yield();
  };
  await_requests(1 + kUnderWay);
  server_.CutStreams();
  await_requests(1 + 2 * kUnderWay);
  for (std::future<int>& answer : answers) {
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)),
              std::future_status::timeout);
  }
  server_.Release();
  for (std::future<int>& answer : answers) EXPECT_EQ(answer.get(), 202);
  EXPECT_EQ(Ask(Push()), 202);
  EXPECT_EQ(server_.Streamed(), 2 + static_cast<int>(kUnderWay));
}

TEST_F(WebhookHandlerTest, AServerWithoutStreamsTakesDeliveries) {
  server_.Offer(FakeServer::Streams::kNone);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(Push()), 202);
  server_.Answer(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "who?"));
  EXPECT_EQ(Ask(Push()), 503);
  EXPECT_EQ(server_.Streamed(), 0);
}

TEST_F(WebhookHandlerTest, ServerMayBeDownAndComeBack) {
  EXPECT_EQ(Ask(Push()), 202);
  const int port = server_.port();
  for (int round = 0; round < 2; ++round) {
    server_.Stop();
    EXPECT_EQ(Ask(Push()), 503);
    server_.Start(port);
    ASSERT_EQ(server_.port(), port);
    EXPECT_EQ(Ask(Push()), 202);
  }
}

// Behind a proxy: each delivery is judged by itself.
TEST_F(WebhookHandlerTest, AKeptConnectionCarriesDeliveriesUntilARefusal) {
  http_options_.kept_clients = {*ParseAddressRange("proxy", "127.0.0.1")};
  Start();
  RawClient proxy(http_->port());
  const std::pair<Request, const char*> deliveries[] = {
      {Push(), "accepted\n"},
      {PingOf(100), "nothing to do\n"},
      {AsForm(PullRequest()), "accepted\n"}};
  for (const auto& [request, text] : deliveries) {
    proxy.Send(request.Text());
    EXPECT_EQ(RawClient::StatusOf(proxy.Read(text)) / 100, 2) << text;
  }
  EXPECT_EQ(server_.Requests().size(), 2u);
  Request forged = Push();
  forged.secret = "another";
  EXPECT_EQ(proxy.Ask(forged.Text()), 401);
  EXPECT_EQ(proxy.Ask(Push().Text()), 0);
  EXPECT_EQ(server_.Requests().size(), 2u);
}

// The connection broke, but the server is there: nobody need notice.
TEST_F(WebhookHandlerTest, RestartedServerIsFoundByTheFirstCall) {
  EXPECT_EQ(Ask(Push()), 202);
  for (int round = 0; round < 3; ++round) {
    const int port = server_.port();
    server_.Stop();
    server_.Start(port);
    EXPECT_EQ(Ask(Push()), 202);
  }
}

TEST_F(WebhookHandlerTest, AnswersAreOnePlainLine) {
  for (const Request& request : {Push(), Request()}) {
    const std::string answer = Exchange(request.Text());
    const std::string text = answer.substr(answer.find("\r\n\r\n") + 4);
    EXPECT_EQ(text.find('\n'), text.size() - 1) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Content-Type: text/plain"));
  }
}

}  // namespace
}  // namespace signalbox
