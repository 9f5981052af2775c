#ifndef SIGNALBOX_CLIENTS_CPP_REPEATS_H_
#define SIGNALBOX_CLIENTS_CPP_REPEATS_H_

#include <grpcpp/client_context.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A try gets at least so long, even at the end of `retry_for`.
inline constexpr absl::Duration kShortestTry = absl::Seconds(2);

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

// An error of the server. `wants_repeat`: it said when to try again.
// `request_id`: of the call that it ended, or of the stream that it came over.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason,
                       absl::string_view message, bool wants_repeat,
                       absl::string_view request_id);
// The error of a stream that the server ended without one, as it may do with
// its connection.
absl::Status StreamEnded(absl::string_view request_id);
// Whether MakeError made it of an answer that said when to try again.
bool WantsRepeat(const absl::Status& error);

// The error that a call with `context` and `request_id` ended with, and the
// server's reason.
absl::Status ErrorOf(const grpc::Status& status,
                     const grpc::ClientContext& context,
                     absl::string_view request_id);
// The request id of an error that MakeError made; empty for others.
std::string RequestIdOf(const absl::Status& error);

// The pause that the server asked for when a call with `context` ended, in ms,
// as it wrote it. Borrowed from `context`.
std::optional<absl::string_view> Pushback(const grpc::ClientContext& context);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_REPEATS_H_
