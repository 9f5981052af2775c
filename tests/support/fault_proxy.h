#ifndef SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
#define SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// A bad network between two programs: takes TCP connections on a loopback port
// of its own, forwards their bytes to another one, and does harm on order.
// Orders hold for the connections there are and for new ones, until Heal.
//
// A connection of which one end is closed or reset is treated alike at the
// other end, once what was under way has arrived.
//
// Thread-safe.
class FaultProxy {
 public:
  enum class Direction { kToTarget, kFromTarget };

  // `target` is HOST:PORT with a numeric IPv4 host; nothing needs to listen
  // there yet: connections are reset as long as nothing does. Aborts if no port
  // can be had.
  explicit FaultProxy(const std::string& target);
  // Resets what there is.
  ~FaultProxy();

  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // HOST:PORT.
  std::string address() const;

  // Resets every connection there is. New ones are welcome.
  void ResetAll();
  // Closes every connection there is in order, at both ends; what was under way
  // is lost.
  void CloseAll();

  // Each connection is reset once it has carried so many more bytes in that
  // direction; what exceeds them does not arrive.
  void CutAfter(Direction direction, int64_t bytes);
  // Connections are taken, and nothing passes or ends: the peer is half-open.
  // Nothing is lost that was sent meanwhile, if it heals.
  void Blackhole();
  // Everything arrives so much later.
  void Delay(absl::Duration delay);
  // New connections are reset at once.
  void Refuse();

  void Heal();

  // Connections taken so far, and how many of them an order ended.
  int64_t connection_count() const;
  int64_t broken_count() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAULT_PROXY_H_
