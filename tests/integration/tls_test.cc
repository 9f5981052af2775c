// The programs talk to each other with TLS.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/common/http/tls_client.h"
#include "tests/common/webhook/payloads.h"
#include "tests/support/certificate.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    signal(SIGPIPE, SIG_IGN);
    for (const char* name : {"server", "client", "stranger"}) {
      WriteCertificate(Cert(name), Key(name), "IP:127.0.0.1");
    }
  }

  std::string Cert(const std::string& name) const {
    return dir_.Path(name + ".pem");
  }
  std::string Key(const std::string& name) const {
    return dir_.Path(name + ".key");
  }

  std::vector<std::string> ServerArguments(const std::string& key) {
    const std::string config =
        dir_.Write("server.yaml",
                   absl::StrCat("tls:\n  cert_file: ", Cert("server"),
                                "\n  key_file: ", key,
                                "\n  client_ca_file: ", Cert("client"), "\n"));
    return {"--listen",   "127.0.0.1:0",         "--web-listen", "127.0.0.1:0",
            "--data-dir", dir_.path() + "/data", "--config",     config};
  }
  void StartServer() {
    server_ = StartProgram("signalbox-server", ServerArguments(Key("server")));
    address_ = server_->WaitForLine("grpc listening on ");
    server_->WaitForLine("web listening on ");
  }

  // The options that the CLI and the shim have in common.
  std::vector<std::string> AsClient(const std::string& name) const {
    return {"--server",  address_,       "--tls",
            "--ca-file", Cert("server"), "--cert-file",
            Cert(name),  "--key-file",   Key(name)};
  }

  struct Ended {
    int exit_code;
    std::string output;
  };
  static Ended Cli(const std::vector<std::string>& command,
                   std::vector<std::string> options,
                   const std::map<std::string, std::string>& environment = {}) {
    options.insert(options.begin(), command.begin(), command.end());
    const std::vector<std::string> about = {
        "--repository", "Codertocat/Hello-World",
        "--sha",        kHeadSha,
        "--retry-for",  "0s"};
    options.insert(options.end(), about.begin(), about.end());
    const auto program =
        StartProgram("signalbox", options, {.environment = environment});
    const int exit_code = program->Wait();
    return {exit_code, program->Output()};
  }

  TempDir dir_;
  std::unique_ptr<Process> server_;
  std::string address_;
};

TEST_F(TlsTest, OnlyAClientWithACertificateReports) {
  StartServer();
  EXPECT_EQ(Cli({"pending"}, AsClient("client")).exit_code, 0);
  EXPECT_EQ(Cli({"pending"}, AsClient("stranger")).exit_code, 3);
  EXPECT_EQ(Cli({"pending"}, {"--server", address_}).exit_code, 3);
  EXPECT_EQ(Cli({"pending"},
                {"--server", address_, "--tls", "--ca-file", Cert("server")})
                .exit_code,
            3);
  EXPECT_EQ(Cli({"pending"}, {},
                {{"SIGNALBOX_SERVER", address_},
                 {"SIGNALBOX_TLS", "1"},
                 {"SIGNALBOX_CA_FILE", Cert("server")},
                 {"SIGNALBOX_CERT_FILE", Cert("client")},
                 {"SIGNALBOX_KEY_FILE", Key("client")}})
                .exit_code,
            0);
}

// Without waiting for a server that will never answer.
TEST_F(TlsTest, AClientWithoutTlsHearsWhatIsMissing) {
  StartServer();
  const auto errors = [this](std::vector<std::string> options) {
    options.insert(
        options.begin(),
        {"result", "success", "--repository", "Codertocat/Hello-World", "--sha",
         kHeadSha, "--retry-for", "24h", "--server", address_});
    const auto program = StartProgram("signalbox", options);
    EXPECT_EQ(program->Wait(), 3);
    return program->Errors();
  };
  const std::string without_tls = errors({});
  EXPECT_TRUE(absl::StrContains(without_tls, "give --tls, --cert-file"))
      << without_tls;
  const std::string without_certificate =
      errors({"--tls", "--ca-file", Cert("server")});
  EXPECT_TRUE(absl::StrContains(without_certificate, "give --cert-file"))
      << without_certificate;
}

// From the webhook over https to what a farm reads.
TEST_F(TlsTest, AWebhookArrives) {
  StartServer();
  std::vector<std::string> arguments = AsClient("client");
  for (const std::string& argument :
       {std::string("--listen"), std::string("127.0.0.1:0"),
        std::string("--tls-cert-file"), Cert("server"),
        std::string("--tls-key-file"), Key("server"),
        std::string("--insecure-no-signature")}) {
    arguments.push_back(argument);
  }
  const auto shim = StartProgram("signalbox-shim", arguments);
  shim->WaitForLine("listening on ");
  TlsClient github(static_cast<uint16_t>(shim->Port()));
  ASSERT_TRUE(github.is_connected());
  const std::string body = PullRequestPayload("opened").dump();
  github.Send(
      absl::StrCat("POST /event_handler HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                   "X-GitHub-Event: pull_request\r\n"
                   "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n"
                   "Content-Type: application/json\r\nContent-Length: ",
                   body.size(), "\r\n\r\n", body));
  const std::string answer = github.Read();
  EXPECT_EQ(RawClient::StatusOf(answer), 202) << answer;
  const Ended status = Cli({"status", "--json"}, AsClient("client"));
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(status.output, "ci/build")) << status.output;
}

// The operator reads in one line which file is wrong.
TEST_F(TlsTest, AServerWithFilesThatDoNotFitDoesNotStart) {
  const auto server =
      StartProgram("signalbox-server", ServerArguments(Key("client")));
  EXPECT_EQ(server->Wait(), 2);
  EXPECT_TRUE(absl::StrContains(server->Errors(),
                                absl::StrCat("tls: ", Key("client"), " holds")))
      << server->Errors();
  const auto shim = StartProgram(
      "signalbox-shim",
      {"--listen", "127.0.0.1:0", "--insecure-no-signature", "--tls-cert-file",
       Cert("server"), "--tls-key-file", Key("client")});
  EXPECT_EQ(shim->Wait(), 2);
  EXPECT_TRUE(absl::StrContains(shim->Errors(), Key("client")))
      << shim->Errors();
}

}  // namespace
}  // namespace signalbox
