#ifndef SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
#define SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// A bad network between two programs. Accepts TCP connections on a loopback
// port, forwards their bytes to another port, and does harm on order. Orders
// apply to existing and new connections, until Heal.
//
// If one end closes a connection, the other end sees it after the bytes under
// way. If one end resets it, the proxy resets the other end at once.
//
// Thread-safe.
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

  // Resets each connection once it has carried `bytes` more in that direction.
  // Bytes beyond that do not arrive.
  void CutAfter(Direction direction, int64_t bytes);
  // Accepts connections, but nothing passes or ends: the peer is half-open.
  // After Heal, everything sent meanwhile arrives.
  void Blackhole();
  // Delays everything by `delay`.
  void Delay(absl::Duration delay);
  // New connections are reset at once.
  void Refuse();

  void Heal();

  // Connections accepted so far, and how many of them an order ended.
  int64_t connection_count() const;
  int64_t broken_count() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
