#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONNECTION_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONNECTION_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signalbox {

// The certificate and settings with which HttpFront serves HTTPS (TLS 1.2 or
// newer).
//
// Thread-safe.
class TlsContext {
 public:
  // Reads a certificate, which its chain may follow, and its private key (PEM
  // files). INVALID_ARGUMENT: a file cannot be read, or the two do not belong
  // together.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Load(
      const std::string& certificate_file, const std::string& key_file);

  ~TlsContext();

 private:
  friend class Connection;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A connection that HttpFront has accepted, with or without TLS. A read or
// write waits for at most ten seconds. The destructor closes the socket.
//
// Not thread-safe.
class Connection {
 public:
  // Takes the socket over. `tls` is borrowed; null: plain HTTP. The constructor
  // makes the TLS handshake. If that fails, reads and writes fail.
  Connection(int socket, TlsContext* tls);
  ~Connection();

  // Writes nothing from now on. The destructor then resets the connection.
  void Reset() { is_reset_ = true; }
  bool is_reset() const { return is_reset_; }

  // Waits until the next request arrives. False: none came within `limit`, or
  // `stop_fd` became readable, which means that the server stops.
  bool AwaitRequest(int stop_fd, absl::Duration limit);
  // Waits for `duration`. False: it ended early, because the peer has closed
  // the connection or `stop_fd` became readable.
  bool Wait(int stop_fd, absl::Duration duration);

  // Like recv and send.
  ssize_t Read(char* to, size_t size);
  ssize_t Write(const char* from, size_t size);

  int socket() const { return socket_; }

 private:
  struct Tls;

  // Reads into the buffer; returns as recv.
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
