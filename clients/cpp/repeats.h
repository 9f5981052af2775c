#ifndef SIGNALBOX_CLIENTS_CPP_REPEATS_H_
#define SIGNALBOX_CLIENTS_CPP_REPEATS_H_

#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Decides whether and when a call is tried again, by the rules that client.h
// tells. Of one call, or of one stream since it was last answered.
class Repeats {
 public:
  // `random` returns at least 0 and less than 1.
  explicit Repeats(std::function<double()> random)
      : random_(std::move(random)) {}

  // How long to wait after `error`; nothing if another try cannot help.
  // `pushback`: the server's `grpc-retry-pushback-ms`, if it sent one.
  std::optional<absl::Duration> PauseAfter(
      const absl::Status& error, std::optional<absl::string_view> pushback);

 private:
  std::function<double()> random_;
  absl::Duration base_ = absl::Milliseconds(100);
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_REPEATS_H_
