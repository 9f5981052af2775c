#include "common/rpc/connection_failure.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using testing::HasSubstr;
using testing::Not;

// A gRPC server with or without TLS, and clients that do not fit it.
class ConnectionFailureTest : public testing::Test {
 protected:
  ConnectionFailureTest() { WriteCertificate(cert_, key_, "IP:127.0.0.1"); }

  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // `request`: whether clients must show a certificate.
  void Serve(grpc_ssl_client_certificate_request_type request) {
    grpc::SslServerCredentialsOptions options(request);
    options.pem_key_cert_pairs.push_back({ReadFile(key_), ReadFile(cert_)});
    options.pem_root_certs = ReadFile(cert_);
    Serve(grpc::SslServerCredentials(options));
  }
  void Serve(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = absl::StrCat("127.0.0.1:", port);
  }

  // Why a client with these options cannot connect.
  absl::Status Explained(const ChannelTls& tls) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = OpenChannel(address_, tls, arguments);
    EXPECT_TRUE(channel.ok()) << channel.status();
    if (!channel.ok()) return channel.status();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(60));
    v1::GetServerInfoResponse response;
    const grpc::Status status =
        v1::StatusService::NewStub(*channel)->GetServerInfo(&context, {},
                                                            &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << status.error_message();
    return ExplainConnectionFailure(status.error_message(), address_, tls);
  }

  const TempDir dir_;
  const std::string cert_ = dir_.Path("cert.pem");
  const std::string key_ = dir_.Path("key.pem");
  v1::StatusService::Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

TEST_F(ConnectionFailureTest, AServerWithTlsWantsTls) {
  Serve(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  const absl::Status status = Explained({});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "TLS_NEEDED");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--tls"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("--cert-file")));
}

TEST_F(ConnectionFailureTest, AServerMayAskForACertificateAndTakeNone) {
  Serve(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  const absl::Status status = Explained({});
  EXPECT_EQ(ReasonOf(status), "TLS_NEEDED");
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("--cert-file")));
}

TEST_F(ConnectionFailureTest, AServerMayWantACertificate) {
  Serve(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  const absl::Status without_tls = Explained({});
  EXPECT_EQ(ReasonOf(without_tls), "TLS_NEEDED");
  EXPECT_THAT(std::string(without_tls.message()), HasSubstr("--cert-file"));
  const absl::Status without_certificate =
      Explained({.enabled = true, .ca_file = cert_});
  EXPECT_EQ(ReasonOf(without_certificate), "CERTIFICATE_NEEDED");
  EXPECT_THAT(std::string(without_certificate.message()),
              HasSubstr("--cert-file"));
}

TEST_F(ConnectionFailureTest, OtherFailuresAreNotExplained) {
  Serve(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  EXPECT_TRUE(
      Explained(
          {.enabled = true, .ca_file = cert_, .server_name = "other.example"})
          .ok());
  // There, TLS is the mistake.
  Serve(grpc::InsecureServerCredentials());
  EXPECT_TRUE(Explained({.enabled = true, .ca_file = cert_}).ok());
  for (const char* error :
       {"failed to connect to all addresses; last error: UNKNOWN: "
        "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection "
        "refused",
        "failed to connect to all addresses; last error: UNAVAILABLE: "
        "ipv4:127.0.0.1:1: Socket closed",
        "failed to connect to all addresses; last error: UNAVAILABLE: "
        "ipv6:%5B::1%5D:1: Socket closed",
        "failed to connect to all addresses; last error: UNAVAILABLE: "
        "ipv4:127.0.0.1",
        "failed to connect to all addresses; last error: UNAVAILABLE: "
        "unix:/tmp/x: Socket closed",
        "failed to connect to all addresses", "Socket closed", ""}) {
    EXPECT_TRUE(ExplainConnectionFailure(error, "localhost:1", {}).ok())
        << error;
  }
}

}  // namespace
}  // namespace signalbox
