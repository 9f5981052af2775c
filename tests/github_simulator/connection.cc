#include "tests/github_simulator/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);

void SetTimeout(int socket, int option) {
  const timeval timeout = absl::ToTimeval(kTimeout);
  setsockopt(socket, SOL_SOCKET, option, &timeout, sizeof timeout);
}

int PollFor(absl::Duration duration, pollfd* fds, nfds_t count) {
  const auto milliseconds =
      absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
  return poll(fds, count,
              static_cast<int>(std::min<int64_t>(milliseconds, 3'600'000)));
}

}  // namespace

struct TlsContext::Impl {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  ~Impl() { SSL_CTX_free(context); }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Load(
    const std::string& certificate_file, const std::string& key_file) {
  auto impl = std::make_unique<Impl>();
  SSL_CTX* const context = impl->context;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  const auto refuse = [](absl::string_view what) {
    ERR_clear_error();
    return Error(absl::StatusCode::kInvalidArgument, "TLS_FILES", what);
  };
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) !=
      1) {
    return refuse(
        absl::StrCat(certificate_file, " holds no certificate in PEM format"));
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(),
                                  SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return refuse(absl::StrCat(key_file, " does not hold the private key of ",
                               certificate_file));
  }
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

struct Connection::Tls {
  explicit Tls(SSL* owned) : ssl(owned) {}
  ~Tls() { SSL_free(ssl); }

  SSL* const ssl;
};

Connection::Connection(int socket, TlsContext* tls) : socket_(socket) {
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SetTimeout(socket_, SO_RCVTIMEO);
  SetTimeout(socket_, SO_SNDTIMEO);
  if (tls == nullptr) return;
  tls_ = std::make_unique<Tls>(SSL_new(tls->impl_->context));
  SSL_set_fd(tls_->ssl, socket_);
  is_broken_ = SSL_accept(tls_->ssl) != 1;
  ERR_clear_error();
}

Connection::~Connection() {
  if (is_reset_) {
    const linger abort = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  } else {
    if (tls_ != nullptr && !is_broken_) SSL_shutdown(tls_->ssl);
    ERR_clear_error();
    shutdown(socket_, SHUT_RDWR);
  }
  close(socket_);
}

bool Connection::AwaitRequest(int stop_fd, absl::Duration limit) {
  if (is_broken_) return false;
  if (begin_ < end_) return true;
  if (tls_ != nullptr && SSL_pending(tls_->ssl) > 0) return true;
  pollfd fds[] = {{.fd = socket_, .events = POLLIN, .revents = 0},
                  {.fd = stop_fd, .events = POLLIN, .revents = 0}};
  return PollFor(limit, fds, 2) > 0 && fds[1].revents == 0;
}

bool Connection::Wait(int stop_fd, absl::Duration duration) {
  // A peer that has only half-closed the connection looks the same.
  pollfd fds[] = {{.fd = socket_, .events = POLLRDHUP, .revents = 0},
                  {.fd = stop_fd, .events = POLLIN, .revents = 0}};
  return PollFor(duration, fds, 2) == 0;
}

ssize_t Connection::Read(char* to, size_t size) {
  if (begin_ == end_) {
    const ssize_t got = Receive();
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_ + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::Receive() {
  if (is_broken_) return -1;
  if (tls_ == nullptr) return recv(socket_, buffer_, sizeof buffer_, 0);
  const int got = SSL_read(tls_->ssl, buffer_, sizeof buffer_);
  if (got <= 0) is_broken_ = true;
  ERR_clear_error();
  return got;
}

ssize_t Connection::Write(const char* from, size_t size) {
  if (is_reset_) return static_cast<ssize_t>(size);
  if (is_broken_) return -1;
  if (tls_ == nullptr) return send(socket_, from, size, MSG_NOSIGNAL);
  if (size == 0) return 0;
  const int sent = SSL_write(tls_->ssl, from,
                             static_cast<int>(std::min<size_t>(size, 1 << 20)));
  if (sent <= 0) is_broken_ = true;
  ERR_clear_error();
  return sent;
}

}  // namespace signalbox
