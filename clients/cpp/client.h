#ifndef SIGNALBOX_CLIENTS_CPP_CLIENT_H_
#define SIGNALBOX_CLIENTS_CPP_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

struct ClientOptions {
  // For how long a call is repeated while the server is away or busy. The last
  // try begins no later than this after the first; zero makes a single try,
  // absl::InfiniteDuration() never gives up.
  absl::Duration retry_for = absl::Seconds(60);

  // The deadline of one try. The last tries get what is left of `retry_for`,
  // but never less than 2 s. The server counts more than 30 s as 30 s.
  absl::Duration try_timeout = absl::Seconds(10);

  // Sent as `authorization: Bearer TOKEN`; empty: nothing is sent.
  std::string token;

  // Waits before a repeat. Returns false to give up early: the call then ends
  // with the error of its last try. Unset: sleeps.
  std::function<bool(absl::Duration)> pause;

  // Called before each repeat, with how the last try ended: for a word to who
  // waits. Unset: nothing.
  std::function<void(const absl::Status& error)> on_repeat;

  // For tests. Unset: a monotonic clock, and the system's randomness, which is
  // at least 0 and less than 1.
  std::function<absl::Time()> now;
  std::function<double()> random;
};

// Client reports to a Signalbox server and asks it. It repeats a call until
// the server has answered, so that an OK from here means an OK from there: the
// report is on the server's disk. A report whose answer was lost is repeated
// as it was, with the same attempt, which is always safe if it has one.
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
// - A try is repeated by time, never by count: until `retry_for` is over.
// - UNAVAILABLE and DEADLINE_EXCEEDED are repeated after the pause that the
//   server asks for (`grpc-retry-pushback-ms`), else after 0.1 s doubling to
//   5 s, shortened at random by up to half. The pause that the server asks for
//   is never shortened: a call whose patience ends within it ends at once.
// - RESOURCE_EXHAUSTED is repeated if the server asks for a pause, as it does
//   while its disk is full (2 to 5 s). Without one it is final: a limit of the
//   caller's, or a request that is too large.
// - All other errors are final.
// - Errors carry the server's code, its message, and its reason (ReasonOf).
//   After UNAVAILABLE and DEADLINE_EXCEEDED it is not known whether the server
//   accepted the report; after any other error it did not.
//
// A value: copies share the connection. Thread-safe, if `pause`, `now` and
// `random` are.
class Client {
 public:
  // A client for the server at `address`, as gRPC spells it: `HOST:PORT` or
  // `unix:PATH`. Connects when first called, not now.
  //
  // INVALID_ARGUMENT: a token is not sent to anything but this machine, since
  // the connection is not encrypted; or the token is not visible ASCII.
  static absl::StatusOr<Client> Connect(absl::string_view address,
                                        ClientOptions options);

  // A client over a stub of the caller's own making.
  Client(std::shared_ptr<v1::StatusService::StubInterface> stub,
         ClientOptions options);

  // A client on the same connection with another patience.
  Client WithPatience(absl::Duration retry_for,
                      std::function<bool(absl::Duration)> pause) const;

  // All block until the server answered, or patience ran out.
  //
  // The answers of GetCommitStatus and ExplainStatus can have several pages.
  // All are read, each with the whole patience, and put together, unless
  // `request` has a page_size or a page_token: then it is that page alone.
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

  // Calls `on_message` for every message of a watch, bookmarks included, in the
  // calling thread, and resumes after the last one by itself when the stream
  // ends: changes come in order, and none is missed or comes twice. Each time
  // that the server is away it has the whole patience.
  //
  // Blocks until `on_message` returns false, which is OK, or for an error: of
  // the server's, see WatchStatuses in the proto; UNAVAILABLE if patience ran
  // out. To go on later, give the last sequence as `after_sequence`.
  absl::Status WatchStatuses(
      v1::WatchStatusesRequest request,
      const std::function<bool(const v1::WatchStatusesResponse& message)>&
          on_message) const;

  // Whether the server says of itself (grpc.health.v1) that it serves; false:
  // it is about to stop. Anybody may ask. UNIMPLEMENTED: it does not say, or
  // this client has a stub of the caller's own making.
  absl::StatusOr<bool> IsServing() const;

  // The server's stable word for an error of this class, such as INVALID_SHA;
  // empty if it gave none.
  static std::string ReasonOf(const absl::Status& error);

 private:
  class Repeats;

  template <typename Request, typename Response>
  using Method = grpc::Status (v1::StatusService::StubInterface::*)(
      grpc::ClientContext*, const Request&, Response*);

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method,
                                const Request& request) const;
  // All pages, or the one that `request` asks for. Never empty.
  template <typename Request, typename Response>
  absl::StatusOr<std::vector<Response>> CallPages(
      Method<Request, Response> method, Request request) const;
  void Authorize(grpc::ClientContext* context) const;
  // Whether to try once more after `error`, which ended a try with `context`;
  // the pause before it is over then.
  bool PauseBeforeRepeat(const absl::Status& error,
                         const grpc::ClientContext& context, absl::Time give_up,
                         Repeats* repeats) const;
  // Makes tries until one ends well or patience runs out.
  absl::Status Repeat(
      const std::function<grpc::Status(grpc::ClientContext*)>& make_try) const;

  std::shared_ptr<grpc::Channel> channel_;  // Null: the stub is a caller's.
  std::shared_ptr<v1::StatusService::StubInterface> stub_;
  ClientOptions options_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_CLIENT_H_
