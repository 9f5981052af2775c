#ifndef SIGNALBOX_TESTS_COMMON_HTTP_TLS_CLIENT_H_
#define SIGNALBOX_TESTS_COMMON_HTTP_TLS_CLIENT_H_

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "tests/common/http/raw_client.h"

namespace signalbox {

// A connection with TLS to a loopback port, for tests of servers. It trusts
// every certificate. The process must ignore SIGPIPE if the server may close
// first.
class TlsClient {
 public:
  // `newest` is the newest version that it speaks. `protocol` is what it asks
  // for by ALPN, such as "h2".
  explicit TlsClient(uint16_t port, int newest = TLS1_3_VERSION,
                     const std::string& protocol = "http/1.1")
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    // OpenSSL's default level does not speak old versions.
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, newest);
    const std::string names =
        std::string(1, static_cast<char>(protocol.size())) + protocol;
    SSL_CTX_set_alpn_protos(
        context_, reinterpret_cast<const unsigned char*>(names.data()),
        static_cast<unsigned>(names.size()));
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_.fd());
    is_connected_ = SSL_connect(tls_) == 1;
    ERR_clear_error();
  }
  ~TlsClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool is_connected() const { return is_connected_; }

  void Send(const std::string& bytes) {
    EXPECT_EQ(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  // Reads until the text contains `end`, or to the end of the connection. A
  // connection that is cut off without a goodbye ends in "CUT".
  std::string Read(absl::string_view end = {}) {
    std::string all;
    char buffer[4096];
    while (end.empty() || !absl::StrContains(all, end)) {
      const int count = SSL_read(tls_, buffer, sizeof(buffer));
      if (count <= 0) {
        const bool is_goodbye =
            SSL_get_error(tls_, count) == SSL_ERROR_ZERO_RETURN;
        ERR_clear_error();
        return is_goodbye ? all : all + "CUT";
      }
      all.append(buffer, static_cast<size_t>(count));
    }
    return all;
  }
  // The server's certificate in DER.
  std::string Certificate() const {
    X509* const certificate = SSL_get1_peer_certificate(tls_);
    if (certificate == nullptr) return "";
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    X509_free(certificate);
    return text;
  }

 private:
  RawClient socket_;
  SSL_CTX* const context_;
  SSL* tls_ = nullptr;
  bool is_connected_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_HTTP_TLS_CLIENT_H_
