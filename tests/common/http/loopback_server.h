#ifndef SIGNALBOX_TESTS_COMMON_HTTP_LOOPBACK_SERVER_H_
#define SIGNALBOX_TESTS_COMMON_HTTP_LOOPBACK_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/mutex.h"

namespace signalbox {

// The server's end of a connection, in LoopbackServer's function. All waits end
// when the client closes the connection or the server is destroyed.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  // Reads one whole HTTP request. Empty: the connection is closed.
  std::string ReadRequest();

  // Sends the text. False: the connection is closed.
  bool Write(absl::string_view text);

  // Waits until the client has closed the connection. Drops what it sends.
  void WaitForClose();

  // Waits for so long. True: the client sent nothing and did not close.
  bool IsQuiet(int milliseconds);

  // The connection will end with a reset instead of an orderly close.
  void ResetOnClose();

  int fd() const { return fd_; }

 private:
  const int fd_;
  std::string text_;
};

// A server for tests of HTTP clients, on a loopback port of its own. A function
// of the test says what it sends, down to the byte. It runs for each connection
// on a thread of its own; the connection is closed when it returns.
class LoopbackServer {
 public:
  // `serve` gets the connection and its number, counted from 0.
  explicit LoopbackServer(std::function<void(Peer&, int)> serve);

  // Closes all connections and waits until `serve` has returned.
  ~LoopbackServer();

  std::string Url(absl::string_view path = "/",
                  absl::string_view scheme = "http",
                  absl::string_view host = "127.0.0.1") const;
  int port() const { return port_; }
  // How many connections the server has accepted.
  int connections() const { return connections_; }

 private:
  void Accept();
  void Serve(int fd, int number);

  const std::function<void(Peer&, int)> serve_;
  int fd_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;

  Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<int> open_ ABSL_GUARDED_BY(mu_);

  std::vector<std::thread> serving_;  // Only the accepting thread uses it.
  std::thread accepting_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_HTTP_LOOPBACK_SERVER_H_
