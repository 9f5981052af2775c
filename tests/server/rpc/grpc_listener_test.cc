#include "server/rpc/grpc_listener.h"

#include <openssl/ssl.h>
#include <stdio.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/error.h"
#include "common/rpc/channel.h"
#include "server/base/clock.h"
#include "tests/common/http/tls_client.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/certificate.h"

namespace signalbox {
namespace {

class GrpcListenerTest : public ServiceTest {
 protected:
  // A certificate and its key. It is its own authority.
  struct Identity {
    std::string cert;
    std::string key;
  };

  void TearDown() override {
    listener_.reset();
    tls_.reset();
    ServiceTest::TearDown();
  }

  Identity Make(const std::string& name) {
    const Identity made = {dir_.Path(name + ".pem"), dir_.Path(name + ".key")};
    WriteCertificate(made.cert, made.key, "IP:127.0.0.1");
    return made;
  }
  // Puts the files of `from` in the place of those of `to`.
  static void Replace(const Identity& from, const Identity& to) {
    EXPECT_EQ(rename(from.cert.c_str(), to.cert.c_str()), 0);
    EXPECT_EQ(rename(from.key.c_str(), to.key.c_str()), 0);
  }

  void Start(GrpcListenerOptions options = {}) {
    if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
    options.tls = tls_.get();
    auto started = GrpcListener::Start(options, service_.get());
    ASSERT_TRUE(started.ok()) << started.status();
    listener_ = *std::move(started);
  }
  void StartTls(const std::string& client_ca, bool requires_certificate) {
    auto opened = GrpcTls::Open(
        {{server_id_.cert, server_id_.key, client_ca}, requires_certificate},
        &metrics_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    tls_ = *std::move(opened);
    Start();
  }

  // The options of a client that trusts the server.
  ChannelTls Trusting() const {
    ChannelTls tls;
    tls.enabled = true;
    tls.ca_file = server_id_.cert;
    return tls;
  }
  ChannelTls Trusting(const Identity& client) const {
    ChannelTls tls = Trusting();
    tls.cert_file = client.cert;
    tls.key_file = client.key;
    return tls;
  }

  std::unique_ptr<v1::StatusService::Stub> Connect(const ChannelTls& tls,
                                                   std::string address = "") {
    if (address.empty()) address = listener_->addresses().front();
    grpc::ChannelArguments arguments;
    // A connection of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel = OpenChannel(address, tls, arguments);
    EXPECT_TRUE(channel.ok()) << channel.status();
    return channel.ok() ? v1::StatusService::NewStub(*channel) : nullptr;
  }
  static grpc::StatusCode Call(v1::StatusService::Stub& stub) {
    grpc::ClientContext context;
    v1::GetServerInfoResponse response;
    return stub.GetServerInfo(&context, {}, &response).error_code();
  }
  grpc::StatusCode CallWith(const ChannelTls& tls) {
    return Call(*Connect(tls));
  }

  // Whether a client whose newest version of TLS is `version` can connect.
  bool ConnectsWith(int version) {
    const std::string& address = listener_->addresses().front();
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    return TlsClient(static_cast<uint16_t>(port), version, "h2").is_connected();
  }

  // Lets `tls_` look at its files. Each call is later than the one before.
  void Look() {
    now_ += absl::Seconds(2);
    tls_->RunOnce({absl::UnixEpoch() + now_, SteadyTime(now_)});
  }

  std::string RefusalOf(const GrpcListenerOptions& options) {
    return ReasonOf(GrpcListener::Start(options, service_.get()).status());
  }

  const Identity server_id_ = Make("server");
  const Identity client_id_ = Make("client");
  const Identity stranger_ = Make("stranger");
  absl::Duration now_ = absl::Hours(1);
  std::unique_ptr<GrpcTls> tls_;
  std::unique_ptr<GrpcListener> listener_;
};

using grpc::StatusCode;

TEST_F(GrpcListenerTest, ListensAtSeveralAddresses) {
  const std::string socket = "unix:" + dir_.Path("grpc.sock");
  Start({.listen = {"127.0.0.1:0", socket, "localhost:0"}});
  ASSERT_EQ(listener_->addresses().size(), 3u);
  EXPECT_EQ(listener_->addresses()[1], socket);
  for (const std::string& address : listener_->addresses()) {
    EXPECT_EQ(Call(*Connect({}, address)), StatusCode::OK) << address;
  }
}

TEST_F(GrpcListenerTest, AnAddressThatIsTakenIsNamed) {
  Start();
  const std::string taken = listener_->addresses().front();
  const auto second =
      GrpcListener::Start({.listen = {"127.0.0.1:0", taken}}, service_.get());
  EXPECT_EQ(ReasonOf(second.status()), "ADDRESS_NOT_AVAILABLE");
  EXPECT_TRUE(absl::StrContains(second.status().message(), taken));
}

// gRPC's own error does not say what is wrong with it.
TEST_F(GrpcListenerTest, ThePathOfAUnixSocketMustBeShort) {
  for (const std::string& listen :
       {std::string("unix:"), "unix:/" + std::string(107, 'p')}) {
    EXPECT_EQ(RefusalOf({.listen = {listen}}), "INVALID_ADDRESS") << listen;
  }
}

// Tokens and reports must not cross a network unencrypted by mistake.
TEST_F(GrpcListenerTest, PlaintextStaysOnThisMachine) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto refused = GrpcListener::Start(
        {.listen = {"127.0.0.1:0", address}, .has_callers = true},
        service_.get());
    EXPECT_EQ(ReasonOf(refused.status()), "ADDRESS_NOT_LOOPBACK") << address;
    EXPECT_TRUE(absl::StrContains(refused.status().message(), "tls: {"));
  }
  Start({.listen = {"0.0.0.0:0"},
         .insecure_plaintext = true,
         .has_callers = true});
}

// Else everybody who can connect could make a required check green.
TEST_F(GrpcListenerTest, OtherMachinesShowWhoTheyAre) {
  EXPECT_EQ(RefusalOf({.listen = {"0.0.0.0:0"}, .insecure_plaintext = true}),
            "CALLERS_MISSING");
  StartTls("", false);
  EXPECT_EQ(RefusalOf({.listen = {"0.0.0.0:0"}, .tls = tls_.get()}),
            "CALLERS_MISSING");
  listener_.reset();
  Start({.listen = {"0.0.0.0:0"}, .has_callers = true});
  listener_.reset();
  StartTls(client_id_.cert, false);
  EXPECT_EQ(RefusalOf({.listen = {"0.0.0.0:0"}, .tls = tls_.get()}),
            "CALLERS_MISSING");
  listener_.reset();
  StartTls(client_id_.cert, true);
  listener_.reset();
  Start({.listen = {"0.0.0.0:0"}});
}

TEST_F(GrpcListenerTest, RequiredCertificatesAreChecked) {
  StartTls(client_id_.cert, true);
  EXPECT_EQ(CallWith(Trusting(client_id_)), StatusCode::OK);
  EXPECT_EQ(CallWith(Trusting()), StatusCode::UNAVAILABLE);
  EXPECT_EQ(CallWith(Trusting(stranger_)), StatusCode::UNAVAILABLE);
  EXPECT_EQ(CallWith({}), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcListenerTest, OptionalCertificatesAreCheckedIfThereIsOne) {
  StartTls(client_id_.cert, false);
  EXPECT_EQ(CallWith(Trusting(client_id_)), StatusCode::OK);
  EXPECT_EQ(CallWith(Trusting()), StatusCode::OK);
  EXPECT_EQ(CallWith(Trusting(stranger_)), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcListenerTest, ClientsCheckTheServer) {
  StartTls("", false);
  EXPECT_EQ(CallWith(Trusting()), StatusCode::OK);
  ChannelTls wrong = Trusting();
  wrong.ca_file = stranger_.cert;
  EXPECT_EQ(CallWith(wrong), StatusCode::UNAVAILABLE);
  wrong.ca_file = "";
  EXPECT_EQ(CallWith(wrong), StatusCode::UNAVAILABLE);
  wrong = Trusting();
  wrong.server_name = "example.com";
  EXPECT_EQ(CallWith(wrong), StatusCode::UNAVAILABLE);
  wrong.server_name = "127.0.0.1";
  EXPECT_EQ(CallWith(wrong), StatusCode::OK);
}

TEST_F(GrpcListenerTest, OldVersionsOfTlsAreRefused) {
  StartTls("", false);
  EXPECT_FALSE(ConnectsWith(TLS1_1_VERSION));
  EXPECT_TRUE(ConnectsWith(TLS1_2_VERSION));
  EXPECT_TRUE(ConnectsWith(TLS1_3_VERSION));
}

TEST_F(GrpcListenerTest, NewFilesAreForNewConnections) {
  StartTls(client_id_.cert, true);
  const auto before = Connect(Trusting(client_id_));
  EXPECT_EQ(Call(*before), StatusCode::OK);
  const ChannelTls with_old = Trusting(client_id_);
  const Identity new_server = Make("new_server");
  ChannelTls with_new = with_old;
  with_new.ca_file = dir_.Write("new_ca.pem", [&new_server] {
    std::ifstream file(new_server.cert);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }());
  const std::string old_ca = dir_.Path("old_ca.pem");
  ASSERT_EQ(rename(server_id_.cert.c_str(), old_ca.c_str()), 0);
  Replace(new_server, server_id_);
  Look();
  // gRPC looks once a second.
  Clock& clock = *Clock::System();
  const absl::Time end = clock.Now() + absl::Seconds(30);
  while (CallWith(with_new) != StatusCode::OK && clock.Now() < end) {
  }
  EXPECT_EQ(CallWith(with_new), StatusCode::OK);
  ChannelTls trusting_old = with_old;
  trusting_old.ca_file = old_ca;
  EXPECT_EQ(CallWith(trusting_old), StatusCode::UNAVAILABLE);
  // The connection from before goes on: another one of it would fail.
  EXPECT_EQ(Call(*before), StatusCode::OK);
}

TEST_F(GrpcListenerTest, ABadFileKeepsTheCertificate) {
  constexpr char kMetric[] = "signalbox_tls_files_unusable ";
  StartTls("", false);
  EXPECT_TRUE(absl::StrContains(metrics_.Text(), std::string(kMetric) + "0"));
  const std::string trusted = dir_.Path("trusted.pem");
  ASSERT_EQ(rename(server_id_.cert.c_str(), trusted.c_str()), 0);
  const Identity other = Make("other");
  ASSERT_EQ(rename(other.cert.c_str(), server_id_.cert.c_str()), 0);
  Look();
  EXPECT_TRUE(absl::StrContains(metrics_.Text(), std::string(kMetric) + "1"));
  ChannelTls trusting = Trusting();
  trusting.ca_file = trusted;
  EXPECT_EQ(CallWith(trusting), StatusCode::OK);
  ASSERT_EQ(rename(trusted.c_str(), server_id_.cert.c_str()), 0);
  Look();
  EXPECT_TRUE(absl::StrContains(metrics_.Text(), std::string(kMetric) + "0"));
  EXPECT_EQ(CallWith(Trusting()), StatusCode::OK);
}

TEST_F(GrpcListenerTest, FilesThatCannotBeUsedAreNamedAtTheStart) {
  const auto opened = GrpcTls::Open(
      {{server_id_.cert, client_id_.key, client_id_.cert}, true}, &metrics_);
  EXPECT_EQ(ReasonOf(opened.status()), "INVALID_TLS_FILE");
  EXPECT_TRUE(absl::StrContains(opened.status().message(), client_id_.key));
}

}  // namespace
}  // namespace signalbox
