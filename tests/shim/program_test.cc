// Runs the program itself.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/common/http/raw_client.h"
#include "tests/common/webhook/payloads.h"
#include "tests/shim/fake_server.h"
#include "tests/shim/shim_fixture.h"
#include "tests/shim/signed_request.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

const Process::Options kWithSecret = {
    .environment = {{"GITHUB_WEBHOOK_SECRET", "c4n4ry"}}};

std::unique_ptr<Process> StartShim(const std::vector<std::string>& arguments,
                                   const Process::Options& options = {}) {
  return StartProgram("signalbox-shim", arguments, options);
}

// How many lines of its log have these words.
int LinesWith(absl::string_view words, const Process& shim) {
  const std::string log = shim.Errors();
  int count = 0;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    count += absl::StrContains(line, words) ? 1 : 0;
  }
  return count;
}

TEST(ShimProgramTest, CannotStartIsOneLineAndExitCode2) {
  const auto running = StartShim({"--listen", "127.0.0.1:0"}, kWithSecret);
  const uint16_t port = PortOf(*running);
  const std::vector<std::pair<std::vector<std::string>, Process::Options>>
      cases = {
          {{}, {}},
          {{"--webhook-secret-file", "/nowhere"}, kWithSecret},
          {{"--listen", absl::StrCat("127.0.0.1:", port)}, kWithSecret},
          {{"--listen", "nonsense"}, kWithSecret},
          {{"--nonsense"}, kWithSecret},
      };
  for (const auto& [arguments, options] : cases) {
    const auto program = StartShim(arguments, options);
    EXPECT_EQ(program->Wait(), 2);
    const std::string err = program->Errors();
    EXPECT_TRUE(absl::StartsWith(err, "signalbox-shim: ")) << err;
    EXPECT_EQ(err.find('\n'), err.size() - 1) << err;
    EXPECT_EQ(program->Output(), "");
  }
}

TEST(ShimProgramTest, HelpAndVersionNeedNothing) {
  for (const char* flag : {"--help", "--version"}) {
    const auto program = StartShim({flag});
    EXPECT_EQ(program->Wait(), 0);
    EXPECT_TRUE(absl::StrContains(program->Output(), "signalbox-shim"));
  }
}

TEST(ShimProgramTest, SignalsEndItOnceRequestsAreAnswered) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto program = StartShim({"--listen", "127.0.0.1:0"}, kWithSecret);
    const uint16_t port = PortOf(*program);
    RawClient idle(port);
    RawClient busy(port);
    busy.Send(absl::StrCat(
        "POST /event_handler HTTP/1.1\r\nContent-Type: application/json\r\n"
        "X-Hub-Signature-256: sha256=",
        std::string(64, 'a'),
        "\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    // The request is under way once its body is asked for.
    busy.Read("\r\n\r\n");
    program->Signal(signal);
    EXPECT_EQ(idle.Read(), "");
    busy.Send("{}");
    EXPECT_EQ(RawClient::StatusOf(busy.Read()), 401);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(program->Wait(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin,
              std::chrono::seconds(9));
  }
}

// The shim's own token has the right `webhook`, so a client must not borrow it.
TEST(ShimProgramTest, TheDoorForGitHubsApiUsesItsClientsToken) {
  FakeServer server;
  server.Start();
  const TempDir dir;
  const std::string token_file = dir.path() + "/token";
  std::ofstream(token_file) << "own\n";
  const auto program = StartShim(
      {"--listen", "127.0.0.1:0", "--rest-listen", "127.0.0.1:0", "--server",
       absl::StrCat("127.0.0.1:", server.port()), "--token-file", token_file},
      kWithSecret);
  const uint16_t webhook_port = PortOf(*program);
  program->WaitForLine("GitHub's REST API on ");
  const auto port = static_cast<uint16_t>(program->Port());
  EXPECT_NE(port, webhook_port);
  const auto ask = [&](const std::string& header) {
    return RawClient(port).Ask(absl::StrCat(
        "POST /repos/acme/app/statuses/", std::string(40, 'a'),
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", header,
        "Content-Length: 20\r\n\r\n", R"({"state": "pending"})"));
  };
  EXPECT_EQ(ask("Authorization: token of-the-tool\r\n"), 201);
  EXPECT_EQ(server.Authorization(), "token of-the-tool");
  EXPECT_EQ(ask(""), 201);
  EXPECT_EQ(server.Authorization(), "");
  ASSERT_EQ(server.Requests().size(), 2u);
  EXPECT_EQ(server.Requests()[0].repository(), "github.com/acme/app");
  EXPECT_FALSE(absl::StrContains(program->Errors(), "of-the-tool"));
}

// Log rotation sends SIGHUP to every daemon.
TEST(ShimProgramTest, AHangupDoesNotEndIt) {
  const auto program = StartShim({"--listen", "127.0.0.1:0"}, kWithSecret);
  PortOf(*program);
  program->Signal(SIGHUP);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  EXPECT_TRUE(absl::StrContains(log, "SIGHUP ignored")) << log;
}

TEST(ShimProgramTest, TakesTheDescriptorsThatItMayHave) {
  Process::Options options = kWithSecret;
  options.descriptors = 4096;
  const auto program = StartShim({"--listen", "127.0.0.1:0"}, options);
  PortOf(*program);
  std::ifstream limits(absl::StrCat("/proc/", program->pid(), "/limits"));
  bool is_raised = false;
  for (std::string line; std::getline(limits, line);) {
    is_raised |= absl::StartsWith(line, "Max open files            4096 ");
  }
  EXPECT_TRUE(is_raised);
}

// There is no port for metrics, so an operator of a hook looks at the log.
TEST(ShimProgramTest, LogTellsWhatAHookSends) {
  const auto program =
      StartShim({"--listen", "127.0.0.1:0", "--insecure-no-signature"});
  const uint16_t port = PortOf(*program);
  const auto deliver = [&](const char* event, const std::string& json) {
    RawClient client(port);
    return client.Ask(absl::StrCat(
        "POST /event_handler HTTP/1.1\r\nContent-Type: application/json\r\n"
        "X-GitHub-Delivery: 1\r\nX-GitHub-Event: ",
        event, "\r\nContent-Length: ", json.size(), "\r\n\r\n", json));
  };
  EXPECT_EQ(deliver("ping", PingPayload().dump()), 200);
  EXPECT_EQ(deliver("star", "{}"), 200);
  EXPECT_EQ(deliver("star", "{}"), 200);
  EXPECT_EQ(deliver("push", "{}"), 400);
  EXPECT_EQ(deliver("installation_target", InstallationTargetPayload().dump()),
            200);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  for (const char* words :
       {R"("github_event":"ping","action":"","delivery":"1",)"
        R"("content_type":"json","call":"","repository":"","sha":"",)"
        R"("hook_id":"","hook_target":"","path":"",)"
        R"("answer":200,"why":"the hook works; id 109948940; of type )"
        R"(Repository; sends push")",
        R"("why":"Signalbox does not use the new name of an account")",
        R"("event":"deliveries so far","github_event":"star","accepted":0,)"
        R"("ignored":2,"refused":0,"failed":0)",
        R"("github_event":"push","accepted":0,"ignored":0,"refused":1,)"}) {
    EXPECT_TRUE(absl::StrContains(log, words)) << words << "\n" << log;
  }
}

// The sender gets a short answer. The operator learns more.
TEST(ShimProgramTest, LogTellsWhyADeliveryIsRefused) {
  const auto program = StartShim({"--listen", "127.0.0.1:0", "--max-body",
                                  "1KiB", "--insecure-no-signature"});
  const uint16_t port = PortOf(*program);
  const auto ask = [&](const Request& request) {
    RawClient client(port);
    return client.Ask(request.Text());
  };
  Request unnamed = PingOf(1024);
  unnamed.delivery = "";
  EXPECT_EQ(ask(unnamed), 400);
  EXPECT_EQ(ask(PingOf(1025)), 413);
  Request other_form = AsForm(PingOf(10));
  other_form.body = "json=%7B%7D";
  EXPECT_EQ(ask(other_form), 400);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  for (const char* words :
       {R"("answer":400,"why":"X-GitHub-Delivery is missing, repeated, or not )"
        R"(1 to 255 printable ASCII characters")",
        R"("answer":413,"why":"the body is over the limit of 1024 bytes of )"
        "JSON (--max-body)\"",
        R"("answer":400,"why":"form: the field payload is missing")"}) {
    EXPECT_TRUE(absl::StrContains(log, words)) << words << "\n" << log;
  }
}

// For a refused delivery the log says which hook to look at, and where it is.
TEST(ShimProgramTest, LogTellsWhichHookIsWrong) {
  const auto program = StartShim({"--listen", "127.0.0.1:0"}, kWithSecret);
  const uint16_t port = PortOf(*program);
  const auto ask = [&](const char* target) {
    RawClient client(port);
    return client.Ask(
        absl::StrCat("POST ", target,
                     " HTTP/1.1\r\nContent-Type: application/json\r\n"
                     "X-GitHub-Delivery: 1\r\nX-GitHub-Event: push\r\n"
                     "X-GitHub-Hook-ID: 292430182\r\n"
                     "X-GitHub-Hook-Installation-Target-ID: 79929171\r\n"
                     "X-GitHub-Hook-Installation-Target-Type: repository\r\n"
                     "X-Hub-Signature-256: sha256=",
                     std::string(64, '0'), "\r\nContent-Length: 2\r\n\r\n{}"));
  };
  EXPECT_EQ(ask("/event_handler"), 401);
  EXPECT_EQ(ask("/webhook"), 404);
  RawClient health(port);
  EXPECT_EQ(health.Ask("GET /healthz HTTP/1.1\r\n\r\n"), 200);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  for (const char* words :
       {R"("hook_id":"292430182","hook_target":"repository 79929171",)"
        R"("path":"","answer":401,"why":"wrong signature: )",
        R"("hook_target":"repository 79929171","path":"/webhook",)"
        R"("answer":404,"why":"GitHub's webhooks go to /event_handler")"}) {
    EXPECT_TRUE(absl::StrContains(log, words)) << words << "\n" << log;
  }
  EXPECT_FALSE(absl::StrContains(log, "healthz")) << log;
}

TEST(ShimProgramTest, AWebhookSecretIsReadAgain) {
  const TempDir directory;
  const std::string first = directory.path() + "/first";
  const std::string second = directory.path() + "/second";
  const auto write = [](const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  };
  write(first, "one\n");
  write(second, "two\n");
  const auto program =
      StartShim({"--listen", "127.0.0.1:0", "--webhook-secret-file", first,
                 "--webhook-secret-file", second});
  const uint16_t port = PortOf(*program);
  const auto ask = [&](const char* secret) {
    Request request;
    request.event = "star";
    request.body = "{}";
    request.secret = secret;
    RawClient client(port);
    return client.Ask(request.Text());
  };
  EXPECT_EQ(ask("one"), 200);
  EXPECT_EQ(ask("two"), 200);
  EXPECT_EQ(ask("six"), 401);
  write(first, "six\n");
  EXPECT_EQ(ask("six"), 200);
  EXPECT_EQ(ask("two"), 200);
  EXPECT_EQ(ask("one"), 401);
  // An unusable file changes nothing, and is logged once.
  write(second, "two\nlines\n");
  EXPECT_EQ(ask("two"), 200);
  EXPECT_EQ(ask("two"), 200);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  EXPECT_TRUE(absl::StrContains(log, "more than one line")) << log;
}

// Two loud lines, whatever the number of deliveries: for a wrong token at the
// start, and for the deliveries refused because of it.
TEST(ShimProgramTest, LogSaysOnceThatTheServerDoesNotKnowTheShim) {
  FakeServer server;
  server.Start();
  server.Answer(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "who are you"));
  const auto program =
      StartShim({"--listen", "127.0.0.1:0", "--insecure-no-signature",
                 "--server", absl::StrCat("127.0.0.1:", server.port())});
  const uint16_t port = PortOf(*program);
  const std::string json = PushPayload().dump();
  for (int i = 0; i < 2; ++i) {
    RawClient client(port);
    EXPECT_EQ(client.Ask(absl::StrCat(
                  "POST /event_handler HTTP/1.1\r\n"
                  "Content-Type: application/json\r\nX-GitHub-Delivery: ",
                  i, "\r\nX-GitHub-Event: push\r\nContent-Length: ",
                  json.size(), "\r\n\r\n", json)),
              503);
  }
  EXPECT_TRUE(Becomes([&program] {
    return LinesWith("the server does not accept this shim's token",
                     *program) == 1;
  }));
  EXPECT_EQ(LinesWith("the server refuses this shim's reports", *program), 1);
  EXPECT_EQ(LinesWith("\"answer\":503", *program), 2);
}

// A shim with `webhook` but without `report`: the server takes its events.
TEST(ShimProgramTest, LogSaysOnceWhatKindOfCallIsRefused) {
  FakeServer server;
  server.Start();
  const auto program =
      StartShim({"--listen", "127.0.0.1:0", "--insecure-no-signature",
                 "--server", absl::StrCat("127.0.0.1:", server.port())});
  const uint16_t port = PortOf(*program);
  const auto ask = [port](absl::string_view event, const std::string& json) {
    RawClient client(port);
    return client.Ask(absl::StrCat(
        "POST /event_handler HTTP/1.1\r\n"
        "Content-Type: application/json\r\n"
        "X-GitHub-Delivery: 1\r\nX-GitHub-Event: ",
        event, "\r\nContent-Length: ", json.size(), "\r\n\r\n", json));
  };
  for (int i = 0; i < 3; ++i) {
    server.AnswerNotGranted("right");
    EXPECT_EQ(ask("push", PushPayload().dump()), 503);
    server.Answer(grpc::Status::OK);
    EXPECT_EQ(ask("repository", RenamedPayload().dump()), 202);
  }
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  EXPECT_EQ(LinesWith("the server refuses this shim's reports", *program), 1);
}

TEST(ShimProgramTest, SecretsAndBodiesAreNotShown) {
  const auto program = StartShim({"--listen", "127.0.0.1:0"}, kWithSecret);
  RawClient client(PortOf(*program));
  EXPECT_EQ(client.Ask("POST /event_handler HTTP/1.1\r\n"
                       "Content-Type: application/json\r\n"
                       "X-Hub-Signature-256: sha256=b0dyh34d\r\n"
                       "X-GitHub-Delivery: \x9b[31m\r\n"
                       "X-GitHub-Event: evil\"\\name\r\n"
                       "Content-Length: 6\r\n\r\nb0dy42"),
            401);
  std::ifstream environment(absl::StrCat("/proc/", program->pid(), "/environ"));
  const std::string shown((std::istreambuf_iterator<char>(environment)),
                          std::istreambuf_iterator<char>());
  EXPECT_FALSE(absl::StrContains(shown, "c4n4ry"));
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0);
  const std::string log = program->Errors();
  EXPECT_TRUE(absl::StrContains(log, "\"answer\":401")) << log;
  EXPECT_TRUE(absl::StrContains(log, "evil\\\"\\\\name")) << log;
  for (const char* secret : {"c4n4ry", "b0dyh34d", "b0dy42", "\x9b"}) {
    EXPECT_FALSE(absl::StrContains(log, secret)) << log;
  }
}

}  // namespace
}  // namespace signalbox
