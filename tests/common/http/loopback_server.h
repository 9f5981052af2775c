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

// A connection that a LoopbackServer has accepted. Its calls end when the
// other side or the server does.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  // One whole request; empty once the other side is gone.
  std::string ReadRequest();

  // False once the other side is gone.
  bool Write(absl::string_view text);

  // Waits until the other side has closed; what it sends is thrown away.
  void WaitForClose();

  // Whether nothing came for that long.
  bool IsQuiet(int milliseconds);

  // The end of the connection will be a reset.
  void ResetOnClose();

  int fd() const { return fd_; }

 private:
  const int fd_;
  std::string text_;
};

// A server on its own loopback port that does what a test says, down to the
// byte. Each connection is served on its own thread and closed afterwards.
class LoopbackServer {
 public:
  // `serve` gets a connection and its number, from 0.
  explicit LoopbackServer(std::function<void(Peer&, int)> serve);

  // Ends what is still being served.
  ~LoopbackServer();

  std::string Url(absl::string_view path = "/",
                  absl::string_view scheme = "http",
                  absl::string_view host = "127.0.0.1") const;
  int port() const { return port_; }
  // How many were accepted.
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
