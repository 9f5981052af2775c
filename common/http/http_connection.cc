#include "common/http/http_connection.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <new>

#include "absl/status/status.h"
#include "common/log.h"

namespace signalbox {
namespace {

int AsInt(size_t size) {
  return static_cast<int>(std::min<size_t>(size, INT_MAX));
}

}  // namespace

void UniqueFd::Reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

HttpConnection::HttpConnection(UniqueFd socket) : socket_(std::move(socket)) {
  fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) | O_NONBLOCK);
  fcntl(fd(), F_SETFD, FD_CLOEXEC);
}

ssize_t HttpConnection::Read(char* buffer, size_t size) {
  awaited_ = POLLIN;
  if (tls_ == nullptr) return recv(fd(), buffer, size, 0);
  ERR_clear_error();
  const int count = SSL_read(tls_.get(), buffer, AsInt(size));
  return count > 0 ? count : NoBytes(count);
}

ssize_t HttpConnection::Write(const char* bytes, size_t size) {
  awaited_ = POLLOUT;
  if (tls_ == nullptr) return send(fd(), bytes, size, MSG_NOSIGNAL);
  ERR_clear_error();
  const int count = SSL_write(tls_.get(), bytes, AsInt(size));
  return count > 0 ? count : NoBytes(count);
}

ssize_t HttpConnection::NoBytes(int result) {
  const int error = SSL_get_error(tls_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    awaited_ = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    errno = EAGAIN;
    return -1;
  }
  // The connection is lost, or the client does not speak TLS. OpenSSL must not
  // be asked to end it.
  SSL_set_quiet_shutdown(tls_.get(), 1);
  errno = ECONNRESET;
  return -1;
}

bool HttpConnection::IsQuiet() const {
  if (tls_ != nullptr && SSL_has_pending(tls_.get()) != 0) return false;
  char byte = 0;
  return recv(fd(), &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

void HttpConnection::EndWriting() {
  if (tls_ != nullptr && SSL_is_init_finished(tls_.get()) != 0) {
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  shutdown(fd(), SHUT_WR);
}

void HttpConnection::FreeTls::operator()(ssl_st* tls) const {
  if (SSL_is_init_finished(tls) != 0 &&
      (SSL_get_shutdown(tls) & SSL_SENT_SHUTDOWN) == 0) {
    SSL_shutdown(tls);
  }
  SSL_free(tls);
  ERR_clear_error();
}

absl::StatusOr<std::unique_ptr<TlsConnections>> TlsConnections::Open(
    const TlsPaths& paths) {
  absl::StatusOr<TlsFiles> files =
      TlsFiles::Open({paths.cert_file, paths.key_file, ""});
  if (!files.ok()) return files.status();
  Context context = MakeContext(files->material());
  if (context == nullptr) {
    return absl::InternalError("OpenSSL cannot use the TLS files");
  }
  std::signal(SIGPIPE, SIG_IGN);
  return std::unique_ptr<TlsConnections>(
      new TlsConnections(*std::move(files), std::move(context)));
}

HttpConnection TlsConnections::Make(UniqueFd socket, absl::Duration now) {
  if (files_.Refresh(now)) {
    Context context = MakeContext(files_.material());
    if (context == nullptr) {
      LogError("OpenSSL cannot use the TLS files; the last stay in use");
    } else {
      context_ = std::move(context);
    }
  }
  HttpConnection connection(std::move(socket));
  connection.tls_.reset(SSL_new(context_.get()));
  if (connection.tls_ == nullptr ||
      SSL_set_fd(connection.tls_.get(), connection.fd()) != 1) {
    ERR_clear_error();
    throw std::bad_alloc();
  }
  SSL_set_accept_state(connection.tls_.get());
  return connection;
}

void TlsConnections::FreeContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsConnections::Context TlsConnections::MakeContext(
    const TlsMaterial& material) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return nullptr;
  SSL_CTX* const raw = context.get();
  // Clients cannot make the server repeat a handshake. Sessions are not
  // resumed: webhooks are too rare for that, and tickets would need a key.
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  // As send(): what fits is sent, and the next call may be from another place.
  // Idle connections keep no buffers.
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  // As recv(): one record at most. By default, a read goes on after a message
  // that is no data, such as a change of keys, for as long as a client sends
  // these, and the caller could not check its deadline meanwhile.
  SSL_CTX_clear_mode(raw, SSL_MODE_AUTO_RETRY);
  const bool is_usable =
      SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
      UseTlsMaterial(material, raw);
  ERR_clear_error();
  return is_usable ? std::move(context) : nullptr;
}

}  // namespace signalbox
