#ifndef SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
#define SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// A TCP proxy between two programs that plays a bad network. It accepts
// connections on a loopback port and forwards their bytes to another port. A
// test orders faults. An order applies to existing and new connections until
// Heal.
class FaultProxy {
 public:
  enum class Direction { kToTarget, kFromTarget };

  // `target` is HOST:PORT with a numeric IPv4 host. While nothing listens
  // there, the proxy resets connections. Aborts if no port is free.
  explicit FaultProxy(const std::string& target);
  // Resets all connections.
  ~FaultProxy();

  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // HOST:PORT.
  std::string address() const;

  // Resets all existing connections. New ones still work.
  void ResetAll();
  // Closes all existing connections in order, at both ends. Bytes under way are
  // lost.
  void CloseAll();

  // Resets each connection after `bytes` more bytes in that direction. The peer
  // gets these bytes and nothing after them.
  void CutAfter(Direction direction, int64_t bytes);
  // The proxy forwards nothing and ends nothing, but still accepts connections.
  // So neither peer notices that the other is gone. After Heal, everything sent
  // meanwhile arrives.
  void Blackhole();
  // Forwards everything `delay` later.
  void Delay(absl::Duration delay);
  // Resets new connections at once.
  void Refuse();

  // Ends all orders.
  void Heal();

  // How many connections the proxy has accepted.
  int64_t connection_count() const;
  // How many of them it has ended because of an order.
  int64_t broken_count() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
