// One server for several GitHubs: github.com's names and a GitHub Enterprise
// Server with its own certificate, an API under a path, and no limits.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/integration/commit.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/certificate.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

class HostsTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteCertificate(dir_.Path("ca.pem"), dir_.Path("key.pem"), "IP:127.0.0.1");
    std::ofstream(dir_.Path("token")) << "dotcom-token";
    std::ofstream(dir_.Path("ghes-token")) << "ghes-token";
    dotcom_ = StartProgram("signalbox-github-simulator",
                           {"--listen", "127.0.0.1:0", "--token",
                            "dotcom-token", "--any-repository"});
    dotcom_address_ = dotcom_->WaitForLine("listening on ");
    ghes_ = StartProgram(
        "signalbox-github-simulator",
        {"--listen", "127.0.0.1:0", "--token", "ghes-token", "--any-repository",
         "--api-prefix", "/api/v3", "--hourly-limit", "0", "--tls-cert",
         dir_.Path("ca.pem"), "--tls-key", dir_.Path("key.pem")});
    ghes_address_ = ghes_->WaitForLine("listening on ");
  }

  void TearDown() override {
    ExpectGoodConduct("http://" + dotcom_address_);
    ExpectGoodConduct("https://" + ghes_address_);
  }

  // `ca_file`: whether the server trusts the certificate.
  void StartServer(bool ca_file) {
    std::ofstream(dir_.Path("server.yaml"))
        << "github:\n"
        << "  - accounts: [\"*\"]\n"
        << "    token_file: " << dir_.Path("token") << "\n"
        << "  - host: github.example.com\n"
        << "    api_url: https://" << ghes_address_ << "/api/v3\n"
        << "    accounts: [\"*\"]\n"
        << "    token_file: " << dir_.Path("ghes-token") << "\n"
        << (ca_file ? absl::StrCat("    ca_file: ", dir_.Path("ca.pem"), "\n")
                    : "");
    server_ = StartProgram(
        "signalbox-server",
        {"--config", dir_.Path("server.yaml"), "--listen", "127.0.0.1:0",
         "--web-listen", "127.0.0.1:0", "--data-dir", dir_.Path("data"),
         "--github-api-url", "http://" + dotcom_address_});
    stub_ = v1::StatusService::NewStub(
        grpc::CreateChannel(server_->WaitForLine("grpc listening on "),
                            grpc::InsecureChannelCredentials()));
  }

  void Report(const std::string& repository) {
    v1::ReportResultRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    request.set_result(v1::RESULT_SUCCESS);
    grpc::ClientContext context;
    v1::ReportResultResponse response;
    const grpc::Status status =
        stub_->ReportResult(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  // Waits for the first status that this GitHub gets, at most half a minute.
  json FirstEvent(const std::string& url) {
    httplib::Client client(url);
    client.enable_server_certificate_verification(false);
    client.set_read_timeout(40);
    const auto answer = client.Get("/_simulator/events?after=0&wait=30");
    EXPECT_TRUE(answer) << url;
    const json events =
        answer ? json::parse(answer->body, nullptr, false) : json();
    return events.contains("events") && !events["events"].empty()
               ? events["events"][0]
               : json();
  }

  v1::Posting PostingOf(const std::string& repository) {
    v1::GetCommitStatusRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    grpc::ClientContext context;
    v1::GetCommitStatusResponse response;
    stub_->GetCommitStatus(&context, request, &response);
    return response.statuses_size() == 1 ? response.statuses(0).posting()
                                         : v1::Posting();
  }

  TempDir dir_;
  std::unique_ptr<Process> dotcom_;
  std::unique_ptr<Process> ghes_;
  std::unique_ptr<Process> server_;
  std::string dotcom_address_;
  std::string ghes_address_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
};

TEST_F(HostsTest, EachHostGetsItsOwnStatuses) {
  StartServer(/*ca_file=*/true);
  Report("acme/web");
  Report("github.example.com/acme/inside");
  EXPECT_EQ(FirstEvent("http://" + dotcom_address_).value("repository", ""),
            "acme/web");
  EXPECT_EQ(FirstEvent("https://" + ghes_address_).value("repository", ""),
            "acme/inside");
}

// An untrusted certificate is the trouble of that host alone, and the server
// sends it no token.
TEST_F(HostsTest, OneHostsTroubleIsNotAnothers) {
  StartServer(/*ca_file=*/false);
  Report("github.example.com/acme/inside");
  Report("acme/web");
  EXPECT_EQ(FirstEvent("http://" + dotcom_address_).value("repository", ""),
            "acme/web");
  EXPECT_NE(PostingOf("github.example.com/acme/inside").state(),
            v1::POSTING_STATE_POSTED);
  httplib::Client client("https://" + ghes_address_);
  client.enable_server_certificate_verification(false);
  const auto answer = client.Get("/_simulator/counters");
  ASSERT_TRUE(answer);
  EXPECT_EQ(json::parse(answer->body).value("request_count", -1), 0);
}

}  // namespace
}  // namespace signalbox
