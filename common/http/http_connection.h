#ifndef SIGNALBOX_COMMON_HTTP_HTTP_CONNECTION_H_
#define SIGNALBOX_COMMON_HTTP_HTTP_CONNECTION_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls_files.h"
#include "common/tls_material.h"

struct ssl_ctx_st;
struct ssl_st;

namespace signalbox {

// A socket that closes itself. Move-only.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(-1); }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd);

 private:
  int fd_ = -1;
};

// HttpConnection is an accepted connection of HttpServer, with TLS or without.
// With it, the handshake is part of the first reads. Nothing here waits: the
// caller sets the deadlines. The destructor tells the client that the
// connection ends, and closes it.
//
// Not thread-safe, but other threads may use `fd` for shutdown().
class HttpConnection {
 public:
  HttpConnection() = default;
  // Without TLS. The socket becomes non-blocking.
  HttpConnection(UniqueFd socket);  // NOLINT(google-explicit-constructor)
  HttpConnection(HttpConnection&&) noexcept = default;
  HttpConnection& operator=(HttpConnection&& other) noexcept {
    // First: to end TLS, it needs the socket.
    tls_ = std::move(other.tls_);
    socket_ = std::move(other.socket_);
    awaited_ = other.awaited_;
    return *this;
  }
  ~HttpConnection() = default;

  int fd() const { return socket_.get(); }

  // As recv() and send() on a non-blocking socket. After EAGAIN, call it again
  // when poll() finds `awaited`. With TLS, a buffer for Read of 16 KiB or more
  // leaves nothing behind that poll() would not find.
  ssize_t Read(char* buffer, size_t size);
  ssize_t Write(const char* bytes, size_t size);
  // POLLIN or POLLOUT.
  short awaited() const { return awaited_; }

  // Whether the client has sent nothing that Read has not returned, and has not
  // ended its side.
  bool IsQuiet() const;

  // Tells the client that no more bytes will come. Reading still works.
  void EndWriting();

 private:
  friend class TlsConnections;
  // First tells the client that the connection ends, after a handshake.
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };

  // What recv() or send() would return, after an operation of TLS that
  // transferred nothing.
  ssize_t NoBytes(int result);

  UniqueFd socket_;
  std::unique_ptr<ssl_st, FreeTls> tls_;  // Null: there is none.
  short awaited_ = 1;                     // POLLIN.
};

// TlsConnections makes the connections of a listener with TLS, version 1.2 or
// newer, and looks now and then whether the files have changed. A connection
// keeps the certificate that it began with.
//
// Not thread-safe.
class TlsConnections {
 public:
  // Reads the files, of which `ca_file` is not used. From then on the process
  // ignores SIGPIPE: OpenSSL would raise it for a connection that was lost.
  // Errors: those of TlsFiles::Open.
  static absl::StatusOr<std::unique_ptr<TlsConnections>> Open(
      const TlsPaths& paths);

  // Takes over an accepted socket. `now` as in TlsFiles::Refresh.
  HttpConnection Make(UniqueFd socket, absl::Duration now);

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, FreeContext>;

  TlsConnections(TlsFiles files, Context context)
      : files_(std::move(files)), context_(std::move(context)) {}

  // Null: OpenSSL refuses the material, or memory is short.
  static Context MakeContext(const TlsMaterial& material);

  TlsFiles files_;
  Context context_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_CONNECTION_H_
