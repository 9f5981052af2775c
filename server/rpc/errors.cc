#include "server/rpc/errors.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <atomic>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "server/base/clock.h"
#include "server/base/log_limit.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

// Of google.rpc.ErrorInfo.
constexpr char kDomain[] = "signalbox.dev";
// Long enough for a full queue to drain, short enough for a person to wait.
constexpr absl::Duration kBusyPushback = absl::Milliseconds(200);
constexpr absl::Duration kShortestFullPushback = absl::Seconds(2);
constexpr absl::Duration kLongestFullPushback = absl::Seconds(5);

// Spreads consecutive counts evenly over 0 to 1: the fractions of multiples of
// the golden ratio.
double Spread(uint64_t count) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  double whole = 0;
  return std::modf(static_cast<double>(count % (1 << 20)) * kGoldenRatio,
                   &whole);
}

// Whether the store made the error. Its message has paths and SQLite's text.
bool IsOfTheStore(absl::string_view reason) {
  return reason == "DISK_FULL" || absl::StartsWith(reason, "STORE_");
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
}

// Writes a line of this kind, unless there are too many.
void LogSome(LogLimit* limit, absl::string_view event,
             const absl::Status& status, absl::string_view peer,
             absl::string_view request_id) {
  const std::optional<int64_t> left_out =
      limit->Allow(Clock::System()->Steady());
  if (!left_out.has_value()) return;
  LogWarning(event, {{"error", status.message()},
                     {"reason", ReasonOf(status)},
                     {"peer", peer},
                     {"request_id", request_id},
                     {"left_out_before", *left_out}});
}

using google::protobuf::UnknownFieldSet;

std::string Serialized(const UnknownFieldSet& fields) {
  std::string bytes;
  fields.SerializeToString(&bytes);
  return bytes;
}

std::string InAny(absl::string_view type, const UnknownFieldSet& fields) {
  google::protobuf::Any any;
  any.set_type_url(absl::StrCat("type.googleapis.com/google.rpc.", type));
  any.set_value(Serialized(fields));
  return any.SerializeAsString();
}

// A google.rpc.Status, written by field numbers: no Debian package has the C++
// of google/rpc/status.proto and google/rpc/error_details.proto.
std::string DetailsOf(const ShownError& error) {
  UnknownFieldSet info;
  info.AddLengthDelimited(1, error.reason);
  info.AddLengthDelimited(2, kDomain);
  if (!error.not_granted.empty()) {
    UnknownFieldSet entry;
    entry.AddLengthDelimited(1, "not_granted");
    entry.AddLengthDelimited(2, error.not_granted);
    info.AddLengthDelimited(3, Serialized(entry));
  }
  UnknownFieldSet status;
  status.AddVarint(1, error.code);
  status.AddLengthDelimited(2, error.message);
  status.AddLengthDelimited(3, InAny("ErrorInfo", info));
  if (error.retry_after.has_value()) {
    UnknownFieldSet retry;
    retry.AddLengthDelimited(1,
                             ToProto(*error.retry_after).SerializeAsString());
    status.AddLengthDelimited(3, InAny("RetryInfo", retry));
  }
  return Serialized(status);
}

}  // namespace

std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count) {
  if (absl::IsUnavailable(status)) return kBusyPushback;
  if (!absl::IsResourceExhausted(status) || ReasonOf(status) != "DISK_FULL") {
    return std::nullopt;
  }
  return kShortestFullPushback +
         (kLongestFullPushback - kShortestFullPushback) * Spread(count);
}

ShownError Show(const absl::Status& status, absl::string_view peer,
                absl::string_view request_id) {
  static std::atomic<uint64_t> pushback_count = 0;
  ShownError shown;
  shown.code = static_cast<grpc::StatusCode>(status.code());
  shown.message = std::string(status.message());
  shown.reason = ReasonOf(status);
  shown.not_granted = NotGrantedOf(status);
  shown.retry_after = PushbackFor(status, pushback_count++);
  const bool can_be_repeated =
      absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  if (absl::IsInternal(status) ||
      (IsOfTheStore(shown.reason) && !can_be_repeated)) {
    LogError("a call failed inside the server", {{"error", status.message()},
                                                 {"peer", peer},
                                                 {"request_id", request_id}});
    shown.code = grpc::StatusCode::INTERNAL;
    shown.message = "internal error; see the server's log";
  } else if (IsOfTheStore(shown.reason)) {
    static LogLimit limit;
    LogSome(&limit, "the database could not serve a call", status, peer,
            request_id);
    shown.message = shown.reason == "DISK_FULL"
                        ? "the server's disk is full; repeat the call when it "
                          "has space again"
                        : "the server's database is busy; repeat the call";
  } else if (IsRefusal(status)) {
    static LogLimit limit;
    LogSome(&limit, "the server refused a call", status, peer, request_id);
  }
  return shown;
}

grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context,
                          absl::string_view request_id) {
  if (status.ok()) return grpc::Status::OK;
  const ShownError shown = Show(status, context->peer(), request_id);
  if (!shown.reason.empty()) {
    context->AddTrailingMetadata("signalbox-reason", shown.reason);
  }
  if (!shown.not_granted.empty()) {
    context->AddTrailingMetadata("signalbox-not-granted", shown.not_granted);
  }
  if (shown.retry_after.has_value()) {
    context->AddTrailingMetadata(
        "grpc-retry-pushback-ms",
        absl::StrCat(absl::ToInt64Milliseconds(*shown.retry_after)));
  }
  return grpc::Status(shown.code, shown.message,
                      shown.reason.empty() ? "" : DetailsOf(shown));
}

}  // namespace signalbox
