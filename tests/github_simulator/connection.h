#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONNECTION_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONNECTION_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signalbox {

// What a server needs for TLS 1.2 or newer.
//
// Thread-safe.
class TlsContext {
 public:
  // Both are PEM files; the certificate may bring its chain. INVALID_ARGUMENT:
  // a file cannot be read, or the two do not belong together.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Load(
      const std::string& certificate_file, const std::string& key_file);

  ~TlsContext();

 private:
  friend class Connection;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// An accepted connection, with or without TLS. Reads and writes wait for at
// most ten seconds. The destructor closes the socket.
//
// Not thread-safe.
class Connection {
 public:
  // `tls` is borrowed; null: plain. A failed handshake breaks the connection.
  Connection(int socket, TlsContext* tls);
  ~Connection();

  // From now on nothing is written. The peer gets a reset.
  void Reset() { is_reset_ = true; }
  bool is_reset() const { return is_reset_; }

  // Waits for the first bytes of a request. False: none came within `limit`, or
  // `stop_fd` became readable.
  bool AwaitRequest(int stop_fd, absl::Duration limit);
  // False: the peer went away before the end, or `stop_fd` became readable.
  bool Wait(int stop_fd, absl::Duration duration);

  // As recv and send.
  ssize_t Read(char* to, size_t size);
  ssize_t Write(const char* from, size_t size);

  int socket() const { return socket_; }

 private:
  struct Tls;

  // Fills the buffer; as recv.
  ssize_t Receive();

  const int socket_;
  std::unique_ptr<Tls> tls_;  // Null: plain.
  bool is_broken_ = false;
  bool is_reset_ = false;
  char buffer_[8192];
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONNECTION_H_
