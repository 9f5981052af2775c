#ifndef SIGNALBOX_SERVER_RPC_ERROR_DETAILS_H_
#define SIGNALBOX_SERVER_RPC_ERROR_DETAILS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// An error as `grpc-status-details-bin` carries it: a google.rpc.Status with a
// google.rpc.ErrorInfo, and a google.rpc.RetryInfo if there is a `retry_delay`.
// Gateways and proxies that drop other trailing metadata keep it.
struct ErrorDetails {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  absl::string_view message;
  absl::string_view reason;
  // ErrorInfo.metadata["not_granted"]; empty: there is none.
  absl::string_view not_granted;
  std::optional<absl::Duration> retry_delay;

  // No Debian package has the C++ of these messages, so they are written by
  // hand, by google/rpc/status.proto and google/rpc/error_details.proto.
  std::string Serialize() const;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERROR_DETAILS_H_
