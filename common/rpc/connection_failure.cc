#include "common/rpc/connection_failure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/address.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr int kConnectMs = 2000;
// The handshake waits for the server so often and so long, 2 s together.
constexpr int kRounds = 40;
constexpr int kRoundMs = 50;
// As a list of ALPN. gRPC's server ends a connection without it.
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

struct Peer {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

// The address in `failed to connect to all addresses; last error: UNAVAILABLE:
// ipv4:10.0.0.1:443: Socket closed`. Nothing: there is none, or the address
// took no connection. The name is not resolved again: glibc cannot do that in
// the static command line.
std::optional<Peer> PeerIn(absl::string_view error) {
  if (!absl::StartsWith(error, "failed to connect to all addresses") ||
      absl::StrContains(error, "Failed to connect to remote host")) {
    return std::nullopt;
  }
  size_t begin = error.rfind("ipv4:");
  if (begin == absl::string_view::npos) begin = error.rfind("ipv6:");
  if (begin == absl::string_view::npos) return std::nullopt;
  const size_t end = error.find(": ", begin);
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::StatusOr<Address> parsed = ParseAddress(
      "", absl::StrReplaceAll(error.substr(begin + 5, end - begin - 5),
                              {{"%5B", "["}, {"%5D", "]"}}));
  if (!parsed.ok()) return std::nullopt;
  Peer peer;
  const auto port = htons(static_cast<uint16_t>(parsed->port));
  sockaddr_in four = {};
  sockaddr_in6 six = {};
  if (inet_pton(AF_INET, parsed->host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = port;
    peer.size = sizeof(four);
    std::memcpy(&peer.address, &four, sizeof(four));
  } else if (inet_pton(AF_INET6, parsed->host.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = port;
    peer.size = sizeof(six);
    std::memcpy(&peer.address, &six, sizeof(six));
  } else {
    return std::nullopt;
  }
  return peer;
}

class Socket {
 public:
  explicit Socket(const Peer& peer)
      : fd_(socket(peer.address.ss_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto* const address =
        reinterpret_cast<const sockaddr*>(&peer.address);
    is_open_ = fd_ >= 0 && (connect(fd_, address, peer.size) == 0 ||
                            (errno == EINPROGRESS && Connects()));
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // False: the peer has ended the connection, or there is none.
  bool is_open() const { return is_open_; }

  void Send(const char* bytes, size_t size) {
    while (is_open_ && size > 0) {
      const ssize_t sent = send(fd_, bytes, size, MSG_NOSIGNAL);
      // A handshake fits into the socket's buffer.
      is_open_ = sent > 0;
      if (sent <= 0) return;
      bytes += sent;
      size -= static_cast<size_t>(sent);
    }
  }

  // Waits a round for bytes. Returns how many there are, perhaps none.
  size_t Receive(char* bytes, size_t most) {
    if (!Waits(POLLIN, kRoundMs)) return 0;
    const ssize_t received = recv(fd_, bytes, most, 0);
    if (received > 0) return static_cast<size_t>(received);
    is_open_ = received < 0 && (errno == EAGAIN || errno == EINTR);
    return 0;
  }

 private:
  bool Waits(short events, int milliseconds) const {
    pollfd one = {fd_, events, 0};
    return poll(&one, 1, milliseconds) == 1;
  }
  bool Connects() const {
    int error = 0;
    socklen_t size = sizeof(error);
    return Waits(POLLOUT, kConnectMs) &&
           getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
           error == 0;
  }

  const int fd_;
  bool is_open_ = false;
};

// What the server has shown in a handshake without a client certificate.
struct Seen {
  bool speaks_tls = false;
  bool asked_for_certificate = false;
  bool ended = false;  // It ended the connection.
};

int NoteRequest(SSL* ssl, X509** /*certificate*/, EVP_PKEY** /*key*/) {
  static_cast<Seen*>(SSL_get_app_data(ssl))->asked_for_certificate = true;
  return 0;  // There is none.
}

bool IsAlert(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_SSL &&
         ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET;
}

// Makes a handshake, and waits until the server sends something behind it, as
// HTTP/2 wants, or ends the connection.
Seen Shake(SSL* ssl, Socket& socket) {
  Seen seen;
  SSL_set_app_data(ssl, &seen);
  for (int round = 0; round < kRounds; ++round) {
    char bytes[4096];
    ERR_clear_error();
    const bool is_read = SSL_is_init_finished(ssl) == 1;
    const int result = is_read ? SSL_read(ssl, bytes, 1) : SSL_connect(ssl);
    const int error = SSL_get_error(ssl, result);
    seen.speaks_tls |= SSL_is_init_finished(ssl) == 1 ||
                       seen.asked_for_certificate || IsAlert(ERR_peek_error());
    for (int size = 0;
         (size = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes))) > 0;) {
      socket.Send(bytes, static_cast<size_t>(size));
    }
    if (result > 0 && is_read) return seen;
    if (result > 0) continue;
    seen.ended = error != SSL_ERROR_WANT_READ || !socket.is_open();
    if (seen.ended) return seen;
    const size_t received = socket.Receive(bytes, sizeof(bytes));
    BIO_write(SSL_get_rbio(ssl), bytes, static_cast<int>(received));
  }
  return seen;
}

Seen Probe(const Peer& peer, const std::string& server_name) {
  Socket socket(peer);
  if (!socket.is_open()) return {};
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return {};
  SSL_CTX_set_client_cert_cb(context.get(), NoteRequest);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()),
                                                 SSL_free);
  if (ssl == nullptr) return {};
  SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof(kHttp2));
  SSL_set_tlsext_host_name(ssl.get(), server_name.c_str());
  // They belong to `ssl`.
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  const Seen seen = Shake(ssl.get(), socket);
  ERR_clear_error();
  return seen;
}

absl::Status Certainly(absl::string_view reason, absl::string_view cause) {
  return Error(absl::StatusCode::kUnavailable, reason, cause);
}

}  // namespace

absl::Status ExplainConnectionFailure(absl::string_view error,
                                      absl::string_view server,
                                      const ChannelTls& tls) {
  if (tls.enabled && !tls.cert_file.empty()) return absl::OkStatus();
  const std::optional<Peer> peer = PeerIn(error);
  if (!peer.has_value()) return absl::OkStatus();
  std::string name = tls.server_name;
  if (name.empty()) {
    // Without the scheme and the port.
    const absl::string_view host = server.substr(0, server.rfind(':'));
    name = std::string(host.substr(host.rfind('/') + 1));
  }
  const Seen seen = Probe(*peer, name);
  if (!seen.speaks_tls) return absl::OkStatus();
  const bool needs_certificate = seen.asked_for_certificate && seen.ended;
  if (!tls.enabled) {
    return Certainly(
        "TLS_NEEDED",
        absl::StrCat(
            "the server at ", server, " encrypts its connections",
            needs_certificate ? " and wants a client's certificate" : "",
            "; give --tls",
            needs_certificate ? ", --cert-file and --key-file" : ""));
  }
  if (!needs_certificate) return absl::OkStatus();
  return Certainly("CERTIFICATE_NEEDED",
                   absl::StrCat("the server at ", server,
                                " wants a client's certificate; give "
                                "--cert-file and --key-file"));
}

}  // namespace signalbox
