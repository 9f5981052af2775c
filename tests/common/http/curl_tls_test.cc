#include <openssl/ssl.h>
#include <signal.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "common/http/curl_transport.h"
#include "gtest/gtest.h"
#include "tests/common/http/loopback_server.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

// A loopback server with its own certificate for 127.0.0.1, like a GitHub
// Enterprise Server with a private authority.
class CurlTlsTest : public testing::Test {
 protected:
  CurlTlsTest()
      : context_(SSL_CTX_new(TLS_server_method())),
        ca_file_(dir_.Path("ca.pem")) {
    WriteCertificate(ca_file_, dir_.Path("key.pem"), "IP:127.0.0.1");
    SSL_CTX_use_certificate_file(context_, ca_file_.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_, dir_.Path("key.pem").c_str(),
                                SSL_FILETYPE_PEM);
  }

  ~CurlTlsTest() override { SSL_CTX_free(context_); }

  // Sends a request to `host`. With `trust` the transport has its certificate.
  absl::StatusOr<HttpResponse> Send(bool trust, const std::string& host) {
    LoopbackServer server([this](Peer& peer, int) { Serve(peer); });
    CurlTransportOptions options;
    if (trust) options.ca_files[server.Url("/", "https", host)] = ca_file_;
    auto transport = MakeCurlTransport(options);
    EXPECT_TRUE(transport.ok());
    HttpRequest request;
    request.method = "POST";
    request.url = server.Url("/", "https", host);
    request.bearer = Secret("s3cret");
    std::promise<absl::StatusOr<HttpResponse>> promise;
    (*transport)
        ->Send(std::move(request), [&](absl::StatusOr<HttpResponse> answer) {
          promise.set_value(std::move(answer));
        });
    return promise.get_future().get();
  }

  TempDir dir_;
  SSL_CTX* const context_;
  const std::string ca_file_;
  std::atomic<int> requests_ = 0;

 private:
  void Serve(Peer& peer) {
    // OpenSSL writes without MSG_NOSIGNAL. This blocks SIGPIPE on this thread
    // only: the transport must handle its own.
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, peer.fd());
    char buffer[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof(buffer)) > 0) {
      ++requests_;
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }
};

TEST_F(CurlTlsTest, TrustsThePrivateAuthorityOfAHost) {
  const auto answer = Send(/*trust=*/true, "127.0.0.1");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
}

TEST_F(CurlTlsTest, TrustsNobodyElse) {
  EXPECT_EQ(Send(/*trust=*/false, "127.0.0.1").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(requests_, 0);
}

TEST_F(CurlTlsTest, TheNameCountsToo) {
  EXPECT_EQ(Send(/*trust=*/true, "localhost").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(requests_, 0);
}

TEST_F(CurlTlsTest, OldTlsIsNoTls) {
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_, TLS1_1_VERSION);
  EXPECT_EQ(Send(/*trust=*/true, "127.0.0.1").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(requests_, 0);
}

}  // namespace
}  // namespace signalbox
