// HttpServer with TLS, spoken to by OpenSSL.

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/http/http_connection.h"
#include "common/http/http_server.h"
#include "tests/common/http/raw_client.h"
#include "tests/common/http/tls_client.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpTlsTest : public ::testing::Test {
 protected:
  HttpTlsTest() {
    options_.tls = {dir_.Path("cert.pem"), dir_.Path("key.pem"), ""};
    options_.head_timeout = std::chrono::hours(24);
    options_.body_timeout = std::chrono::hours(24);
    options_.total_timeout = std::chrono::hours(24);
    WriteCertificate(options_.tls.cert_file, options_.tls.key_file,
                     "IP:127.0.0.1");
  }

  // Answers with the body of the request.
  void Start() {
    auto started = HttpServer::Start(options_, [](const HttpServerRequest&,
                                                  BodyReader read_body) {
      HttpAnswer answer = {200, "body: "};
      const absl::Status status = read_body([&answer](absl::string_view bytes) {
        answer.text.append(bytes.data(), bytes.size());
        return true;
      });
      if (!status.ok()) answer.status = 400;
      return answer;
    });
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }
  uint16_t port() const { return server_->port(); }

  TempDir dir_;
  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, AnswersAndSaysGoodbye) {
  Start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(port(), version);
    ASSERT_TRUE(client.is_connected());
    client.Send(kGet);
    const std::string answer = client.Read();
    EXPECT_EQ(RawClient::StatusOf(answer), 200);
    EXPECT_TRUE(absl::EndsWith(answer, "body: ")) << answer;
  }
}

TEST_F(HttpTlsTest, RefusesOldVersions) {
  Start();
  EXPECT_FALSE(TlsClient(port(), TLS1_1_VERSION).is_connected());
}

TEST_F(HttpTlsTest, PlaintextGetsNoAnswer) {
  Start();
  EXPECT_EQ(RawClient(port()).Ask(kGet), 0);
}

// More than fits into the buffers of both ends, and than a record of TLS.
TEST_F(HttpTlsTest, CarriesLongBodiesBothWays) {
  Start();
  TlsClient client(port());
  const std::string body(8 << 20, 'x');
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ",
                           body.size(), "\r\n\r\n"));
  client.Send(body);
  EXPECT_TRUE(absl::EndsWith(client.Read(), "\r\n\r\nbody: " + body));
}

TEST_F(HttpTlsTest, AHeadMayComeInManyRecords) {
  Start();
  TlsClient client(port());
  for (const char c : std::string(kGet)) client.Send(std::string(1, c));
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 200);
}

TEST_F(HttpTlsTest, AnswersMalformedRequests) {
  Start();
  TlsClient client(port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\nbody");
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 400);
}

// A proxy's connection carries several requests.
TEST_F(HttpTlsTest, KeepsConnectionsOpen) {
  options_.kept_clients = {*ParseAddressRange("", "127.0.0.1")};
  Start();
  TlsClient client(port());
  for (const char* body : {"one", "two", "three"}) {
    client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ",
                             std::string(body).size(), "\r\n\r\n", body));
    EXPECT_EQ(RawClient::StatusOf(client.Read(absl::StrCat("body: ", body))),
              200);
  }
}

// Handshakes that never end take no thread, and no longer than a head may.
TEST_F(HttpTlsTest, SlowHandshakesHoldNobodyUp) {
  options_.max_threads = 1;
  options_.head_timeout = std::chrono::milliseconds(2000);
  Start();
  std::vector<RawClient> slow;
  for (int i = 0; i < 10; ++i) {
    slow.emplace_back(port());
    // The beginning of a ClientHello.
    slow.back().Send(
        std::string("\x16\x03\x01\x02\x00\x01", i % 2 == 0 ? 0 : 6));
  }
  TlsClient client(port());
  client.Send(kGet);
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 200);
  for (RawClient& one : slow) EXPECT_EQ(one.Read(), "");
}

// As long as a head takes, a handshake and the silence after it may take.
TEST_F(HttpTlsTest, SilenceAfterTheHandshakeEnds) {
  options_.head_timeout = std::chrono::milliseconds(1000);
  Start();
  TlsClient silent(port());
  EXPECT_EQ(silent.Read(), "");
}

TEST_F(HttpTlsTest, ANewCertificateIsForNewConnections) {
  options_.kept_clients = {*ParseAddressRange("", "127.0.0.1")};
  Start();
  TlsClient kept(port());
  kept.Send(kGet);
  EXPECT_EQ(RawClient::StatusOf(kept.Read("body: ")), 200);
  const std::string before = kept.Certificate();
  const std::string cert = dir_.Path("cert2.pem");
  const std::string key = dir_.Path("key2.pem");
  WriteCertificate(cert, key, "IP:127.0.0.1");
  // In between, the files do not belong together.
  ASSERT_EQ(rename(cert.c_str(), options_.tls.cert_file.c_str()), 0);
  EXPECT_EQ(TlsClient(port()).Certificate(), before);
  ASSERT_EQ(rename(key.c_str(), options_.tls.key_file.c_str()), 0);
  // The server looks once a second.
  while (TlsClient(port()).Certificate() == before) {
  }
  kept.Send(kGet);
  EXPECT_EQ(RawClient::StatusOf(kept.Read("body: ")), 200);
}

// Otherwise a client that changes its keys all the time would hold the reader,
// and what it locks, whatever its deadline.
TEST_F(HttpTlsTest, AReadTakesOneChangeOfKeys) {
  auto connections = TlsConnections::Open(options_.tls);
  ASSERT_TRUE(connections.ok()) << connections.status();
  int ends[2] = {};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const UniqueFd client_end(ends[1]);
  HttpConnection server =
      (*connections)->Make(UniqueFd(ends[0]), absl::ZeroDuration());
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, void (*)(SSL*)> client(SSL_new(context.get()),
                                                    SSL_free);
  SSL_set_fd(client.get(), client_end.get());
  SSL_set_connect_state(client.get());

  std::array<char, 16 << 10> buffer;
  const auto read = [&] { return server.Read(buffer.data(), buffer.size()); };
  for (int i = 0; i < 10 && SSL_do_handshake(client.get()) != 1; ++i) read();
  ASSERT_EQ(SSL_is_init_finished(client.get()), 1);
  ASSERT_EQ(read(), -1);  // The end of the handshake.
  constexpr int kChanges = 3;
  for (int i = 0; i < kChanges; ++i) {
    SSL_key_update(client.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    ASSERT_EQ(SSL_do_handshake(client.get()), 1);
  }
  ASSERT_EQ(SSL_write(client.get(), "x", 1), 1);
  for (int i = 0; i < kChanges; ++i) {
    EXPECT_EQ(read(), -1);
    EXPECT_EQ(errno, EAGAIN);
  }
  EXPECT_EQ(read(), 1);
}

TEST_F(HttpTlsTest, NamesAFileThatCannotBeUsed) {
  const std::string text = dir_.Write("text.pem", "no PEM\n");
  options_.tls.key_file = text;
  const auto started = HttpServer::Start(
      options_, [](const HttpServerRequest&, BodyReader) -> HttpAnswer {
        return {200, ""};
      });
  EXPECT_EQ(ReasonOf(started.status()), "INVALID_TLS_FILE");
  EXPECT_TRUE(absl::StrContains(started.status().message(), text));
}

}  // namespace
}  // namespace signalbox
