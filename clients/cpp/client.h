#ifndef SIGNALBOX_CLIENTS_CPP_CLIENT_H_
#define SIGNALBOX_CLIENTS_CPP_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

class Repeats;

struct ClientOptions {
  // For how long the client repeats a call while the server is unreachable or
  // busy. The last try begins at most this long after the first. Zero: the
  // client makes one try. absl::InfiniteDuration(): it repeats forever.
  absl::Duration retry_for = absl::Seconds(60);

  // The deadline of one try. The last tries get only what is left of
  // `retry_for`, but at least 2 s. The server counts more than 30 s as 30 s.
  absl::Duration try_timeout = absl::Seconds(10);

  // Sent as `authorization: Bearer TOKEN`. Empty: the client sends no token.
  std::string token;

  // Whether the connection is encrypted. Without it, `ca_file` to `server_name`
  // must be empty, and a token is sent to this machine only.
  bool tls = false;
  // PEM file with the authorities to trust for the server's certificate. Empty:
  // the system's.
  std::string ca_file;
  // PEM files with the client's own certificate and private key, for a server
  // that asks for them. Read by Connect, once.
  std::string cert_file;
  std::string key_file;
  // The name that must be in the server's certificate. Empty: the host in the
  // server's address.
  std::string server_name;

  // Waits before a repeat. Returns false to stop early: the call then ends with
  // the error of its last try. Unset: the client sleeps.
  std::function<bool(absl::Duration)> pause;

  // If the server sends nothing to a watch for so long, the client takes the
  // connection for lost and resumes the watch on a new one. The server sends at
  // least a bookmark once a minute.
  absl::Duration longest_silence = absl::Seconds(150);

  // The id of each call (common/request_id.h), under which the server's log and
  // `ExplainStatus` show it. Empty: each call gets one of its own, which its
  // repeats keep. A ReportStream and a watch are one call.
  std::string request_id;

  // Called before each repeat with the error of the last try, for example to
  // show the user why the call takes long. `waited` is the time since the call
  // began, or, for a watch, since the last message. Unset: not called.
  std::function<void(const absl::Status& error, absl::Duration waited)>
      on_repeat;

  // For tests. Unset: a monotonic clock, and the system's random numbers.
  // `random` returns at least 0 and less than 1.
  std::function<absl::Time()> now;
  std::function<double()> random;
};

// Client reports to a Signalbox server and reads from it. It repeats a call
// until the server answers, so an OK from the client is an OK of the server:
// the report is on the server's disk. If the answer to a report is lost, the
// client sends the same report again, with the same attempt. That is always
// safe if the report has an attempt.
//
//   absl::StatusOr<Client> client = Client::Connect("127.0.0.1:50051", {});
//   if (!client.ok()) ...
//   v1::ReportResultRequest result;
//   result.set_repository("acme/widgets");
//   result.set_sha(sha);
//   result.set_attempt(build_number);
//   result.set_result(v1::RESULT_SUCCESS);
//   if (const auto answer = client->ReportResult(result); !answer.ok()) ...
//
// What a caller may rely on:
// - Time alone limits the repeats, not their number: they stop when `retry_for`
//   is over.
// - After UNAVAILABLE and DEADLINE_EXCEEDED the client repeats. It first waits
//   for the pause that the server asks for (`grpc-retry-pushback-ms`). If the
//   server asks for none, it waits 0.1 s, doubled each time up to 5 s, and
//   shortened at random by up to half. The client never shortens the server's
//   pause: if the pause is longer than what is left of `retry_for`, the call
//   ends at once.
// - After RESOURCE_EXHAUSTED the client repeats only if the server asks for a
//   pause, as it does while its disk is full (2 to 5 s). Without a pause the
//   error is final: the caller has reached a limit, or the request is too
//   large.
// - If the server certainly wants TLS or a client certificate, which the client
//   does not have, UNAVAILABLE is final (reasons TLS_NEEDED and
//   CERTIFICATE_NEEDED). To find that out, the client begins a handshake.
// - All other errors are final.
// - Errors carry the server's code, its message, and its reason (ReasonOf).
//   MayHaveBeenAccepted says whether the server may have accepted the report
//   although the call ended with an error.
//
// A value: copies share the connection. Thread-safe, if `pause`, `on_repeat`,
// `now` and `random` are.
class Client {
 public:
  // Makes a client for the server at `address`, as gRPC spells it: `HOST:PORT`
  // or `unix:PATH`. The client connects at the first call, not here.
  //
  // INVALID_ARGUMENT: the options have a token, but the address is not on this
  // machine, and the connection is not encrypted; the token has characters
  // other than visible ASCII, or more than 4,096; `retry_for` is negative, or
  // `try_timeout` not positive; `request_id` is none; the options of TLS do not
  // fit together, or a file of theirs holds something else (the message says
  // which and why). NOT_FOUND and other codes of the system: a file cannot be
  // read.
  static absl::StatusOr<Client> Connect(absl::string_view address,
                                        ClientOptions options);

  // Makes a client that uses the caller's own stub.
  Client(std::shared_ptr<v1::StatusService::StubInterface> stub,
         ClientOptions options);

  // Returns a client on the same connection with other values for these two
  // options.
  Client WithPatience(absl::Duration retry_for,
                      std::function<bool(absl::Duration)> pause) const;

  // All calls block until the server answers, or until `retry_for` is over.
  //
  // GetCommitStatus and ExplainStatus read all pages of the answer and join
  // them. Each page has the whole `retry_for`. If `request` has a page_size or
  // a page_token, they read that page alone.
  absl::StatusOr<v1::ReportPendingResponse> ReportPending(
      const v1::ReportPendingRequest& request) const;
  absl::StatusOr<v1::ReportResultResponse> ReportResult(
      const v1::ReportResultRequest& request) const;
  absl::StatusOr<v1::GetCommitStatusResponse> GetCommitStatus(
      const v1::GetCommitStatusRequest& request) const;
  absl::StatusOr<v1::ExplainStatusResponse> ExplainStatus(
      const v1::ExplainStatusRequest& request) const;
  absl::StatusOr<v1::RetryPostResponse> RetryPost(
      const v1::RetryPostRequest& request) const;
  absl::StatusOr<v1::ListStatusesResponse> ListStatuses(
      const v1::ListStatusesRequest& request) const;
  absl::StatusOr<v1::RetryPostsResponse> RetryPosts(
      const v1::RetryPostsRequest& request) const;
  absl::StatusOr<v1::DiagnoseRepositoryResponse> DiagnoseRepository(
      const v1::DiagnoseRepositoryRequest& request) const;
  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo(
      const v1::GetServerInfoRequest& request) const;
  absl::StatusOr<v1::IssueTokenResponse> IssueToken(
      const v1::IssueTokenRequest& request) const;

  // Calls `on_message` for every message of a watch, bookmarks included, in the
  // calling thread. When the stream ends, the client resumes after the last
  // sequence: changes come in order, and none is missing or comes twice.
  // `retry_for` begins anew each time the server stops answering.
  //
  // Blocks until `on_message` returns false, and then returns OK, or until an
  // error: one of WatchStatuses in the proto, or UNAVAILABLE after `retry_for`.
  // To resume later, pass the last sequence as `after_sequence`.
  absl::Status WatchStatuses(
      v1::WatchStatusesRequest request,
      const std::function<bool(const v1::WatchStatusesResponse& message)>&
          on_message) const;

  // Asks the server's health service (grpc.health.v1) whether it serves. False:
  // it is about to stop. Every caller may ask. UNIMPLEMENTED: the server has no
  // health service, or this client uses the caller's own stub.
  absl::StatusOr<bool> IsServing() const;

  // The server's stable word for an error that this class returned, such as
  // INVALID_SHA. Empty if the server gave none.
  static std::string ReasonOf(const absl::Status& error);
  // The id of the call that ended with an error that this class returned. Empty
  // if no call was made.
  static std::string RequestIdOf(const absl::Status& error);

  // Whether the server may have accepted the report of a call or of a stream
  // that ended with `error`: after UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL,
  // CANCELLED and UNKNOWN (of which the last two come from a proxy, or from
  // gRPC itself), and a RESOURCE_EXHAUSTED with a pushback. After any other
  // error it did not.
  static bool MayHaveBeenAccepted(const absl::Status& error);

 private:
  friend class ReportStream;

  template <typename Request, typename Response>
  using Method = grpc::Status (v1::StatusService::StubInterface::*)(
      grpc::ClientContext*, const Request&, Response*);

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method,
                                const Request& request) const;
  // The id for a call that begins.
  std::string RequestId() const;
  // Reads all pages, or the one that `request` asks for. Never empty.
  template <typename Request, typename Response>
  absl::StatusOr<std::vector<Response>> CallPages(
      Method<Request, Response> method, Request request) const;
  // After a try ended with `error`: pauses and returns true, or returns false
  // if the call must not be repeated. Replaces `error` if it finds a certain
  // cause. `pushback`: the pause that the server asked for, in ms. `begin`:
  // when `retry_for` began.
  bool PauseBeforeRepeat(absl::Status* error,
                         std::optional<absl::string_view> pushback,
                         absl::Time begin, Repeats* repeats) const;
  // Makes tries until one succeeds, an error is final, or `retry_for` is over.
  absl::Status Repeat(
      const std::function<grpc::Status(grpc::ClientContext*)>& make_try) const;

  std::shared_ptr<grpc::Channel> channel_;  // Null: a caller's stub.
  std::string address_;                     // Empty: a caller's stub.
  std::shared_ptr<v1::StatusService::StubInterface> stub_;
  ClientOptions options_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_CLIENT_H_
