#include "clients/cpp/client.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cpp/repeats.h"
#include "common/address.h"
#include "common/error.h"
#include "common/request_id.h"
#include "common/rpc/channel.h"
#include "common/rpc/client_context.h"
#include "common/rpc/connection_failure.h"
#include "common/secret.h"

namespace signalbox {
namespace {

// Of one answer. No server has more pages; the limit stops an endless list.
constexpr size_t kMostPages = 10'000;
// Servers without paging explain a status with up to 1,000 reports of up to 7
// KiB each. That exceeds gRPC's default limit of 4 MiB.
constexpr int kLargestAnswer = 16 << 20;

gpr_timespec After(absl::Duration duration) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_millis(absl::ToInt64Milliseconds(duration), GPR_TIMESPAN));
}

// Reads until the stream ends, or until `on_message` returns false. A stream
// that falls silent ends with UNAVAILABLE: the other end may have gone away.
grpc::Status ReadStream(
    v1::StatusService::StubInterface* stub,
    const v1::WatchStatusesRequest& request, absl::Duration longest_silence,
    grpc::ClientContext* context,
    const std::function<bool(const v1::WatchStatusesResponse&)>& on_message) {
  grpc::CompletionQueue queue;
  int tag = 0;
  // Waits for the one operation that is under way. False: it failed, or the
  // stream was silent for too long.
  bool is_silent = false;
  const auto wait = [&] {
    void* ended = nullptr;
    bool ok = false;
    if (queue.AsyncNext(&ended, &ok, After(longest_silence)) ==
        grpc::CompletionQueue::TIMEOUT) {
      is_silent = true;
      context->TryCancel();
      queue.Next(&ended, &ok);
      return false;
    }
    return ok;
  };
  const auto stream = stub->AsyncWatchStatuses(context, request, &queue, &tag);
  bool goes_on = wait();
  v1::WatchStatusesResponse message;
  while (goes_on) {
    stream->Read(&message, &tag);
    goes_on = wait();
    if (goes_on && !on_message(message)) {
      context->TryCancel();
      goes_on = false;
    }
  }
  grpc::Status status;
  stream->Finish(&status, &tag);
  wait();
  queue.Shutdown();
  if (is_silent) {
    return {grpc::StatusCode::UNAVAILABLE, "the server was silent"};
  }
  return status;
}

ChannelTls TlsOf(const ClientOptions& options) {
  return {options.tls, options.ca_file, options.cert_file, options.key_file,
          options.server_name};
}

grpc::ChannelArguments ArgumentsOfChannel() {
  grpc::ChannelArguments arguments;
  // By default, a channel that cannot connect waits up to two minutes before it
  // retries, and fails every call meanwhile.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  // Farms often set http_proxy; a report must not travel through it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // This client retries by itself: it knows how long the caller waits.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

}  // namespace

absl::StatusOr<Client> Client::Connect(absl::string_view address,
                                       ClientOptions options) {
  if (!options.token.empty()) {
    if (!options.tls && !IsThisMachine(address)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "without TLS, a token is sent only to this machine (localhost, "
          "127.0.0.1, [::1] or unix:PATH), not to ",
          address, ": the connection is not encrypted"));
    }
    if (!IsBearerToken(options.token)) {
      return absl::InvalidArgumentError(
          "the token has characters other than visible ASCII, or more than "
          "4,096 of them");
    }
  }
  if (options.retry_for < absl::ZeroDuration() ||
      options.try_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "retry_for must be at least 0, and try_timeout more than 0");
  }
  if (!options.request_id.empty() && !IsRequestId(options.request_id)) {
    return absl::InvalidArgumentError(
        "request_id is not 1 to 64 letters, digits and ._:-");
  }
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel =
      OpenChannel(address, TlsOf(options), ArgumentsOfChannel());
  if (!channel.ok()) return channel.status();
  Client client(v1::StatusService::NewStub(*channel), std::move(options));
  client.channel_ = *std::move(channel);
  client.address_ = std::string(address);
  return client;
}

Client::Client(std::shared_ptr<v1::StatusService::StubInterface> stub,
               ClientOptions options)
    : stub_(std::move(stub)), options_(std::move(options)) {
  if (!options_.pause) {
    options_.pause = [](absl::Duration duration) {
      absl::SleepFor(duration);
      return true;
    };
  }
  if (!options_.now) {
    options_.now = [] {
      return absl::UnixEpoch() +
             absl::FromChrono(
                 std::chrono::steady_clock::now().time_since_epoch());
    };
  }
  if (!options_.random) {
    options_.random = [] {
      return std::random_device()() /
             (1.0 + static_cast<double>(std::random_device::max()));
    };
  }
}

Client Client::WithPatience(absl::Duration retry_for,
                            std::function<bool(absl::Duration)> pause) const {
  ClientOptions options = options_;
  options.retry_for = retry_for;
  options.pause = std::move(pause);
  Client client(stub_, std::move(options));
  client.channel_ = channel_;
  client.address_ = address_;
  return client;
}

std::string Client::RequestId() const {
  return options_.request_id.empty() ? NewRequestId() : options_.request_id;
}

bool Client::PauseBeforeRepeat(absl::Status* error,
                               std::optional<absl::string_view> pushback,
                               absl::Time begin, Repeats* repeats) const {
  if (absl::IsUnavailable(*error) && channel_ != nullptr) {
    absl::Status cause =
        ExplainConnectionFailure(error->message(), address_, TlsOf(options_));
    if (!cause.ok()) {
      *error = std::move(cause);
      return false;
    }
  }
  const std::optional<absl::Duration> pause =
      repeats->PauseAfter(*error, pushback);
  const absl::Duration waited = options_.now() - begin;
  const absl::Duration left = options_.retry_for - waited;
  if (!pause || left <= absl::ZeroDuration()) return false;
  // A pause that this client chose may end early for a last try. One that the
  // server asked for may not.
  if (pushback && *pause > left) return false;
  if (options_.on_repeat) options_.on_repeat(*error, waited);
  return options_.pause(std::min(*pause, left));
}

absl::Status Client::Repeat(
    const std::function<grpc::Status(grpc::ClientContext*)>& make_try) const {
  const absl::Time begin = options_.now();
  const absl::Time give_up = begin + options_.retry_for;
  Repeats repeats(options_.random);
  const std::string request_id = RequestId();
  while (true) {
    grpc::ClientContext context;
    // A monotonic deadline: a step of the wall clock must not end a try.
    context.set_deadline(
        After(std::max(std::min(options_.try_timeout, give_up - options_.now()),
                       kShortestTry)));
    AddToken(options_.token, &context);
    AddRequestId(request_id, &context);
    const grpc::Status status = make_try(&context);
    if (status.ok()) return absl::OkStatus();
    absl::Status error = ErrorOf(status, context, request_id);
    if (!PauseBeforeRepeat(&error, Pushback(context), begin, &repeats))
      return error;
  }
}

absl::Status Client::WatchStatuses(
    v1::WatchStatusesRequest request,
    const std::function<bool(const v1::WatchStatusesResponse& message)>&
        on_message) const {
  // Since the server stopped answering. A first stream may stay silent for
  // longer than `retry_for`, so its own time does not count.
  absl::Time begin;
  std::optional<Repeats> repeats;
  const std::string request_id = RequestId();
  while (true) {
    bool was_there = false;
    bool is_wanted = true;
    grpc::ClientContext context;
    AddToken(options_.token, &context);
    AddRequestId(request_id, &context);
    const grpc::Status status =
        ReadStream(stub_.get(), request, options_.longest_silence, &context,
                   [&](const v1::WatchStatusesResponse& message) {
                     was_there = true;
                     request.set_after_sequence(message.sequence());
                     is_wanted = on_message(message);
                     return is_wanted;
                   });
    if (!is_wanted) return absl::OkStatus();
    absl::Status error = status.ok() ? StreamEnded(request_id)
                                     : ErrorOf(status, context, request_id);
    if (was_there || !repeats) {
      begin = options_.now();
      repeats.emplace(options_.random);
    }
    if (!PauseBeforeRepeat(&error, Pushback(context), begin, &*repeats))
      return error;
  }
}

template <typename Request, typename Response>
absl::StatusOr<Response> Client::Call(Method<Request, Response> method,
                                      const Request& request) const {
  Response response;
  const absl::Status status = Repeat([&](grpc::ClientContext* context) {
    response.Clear();
    return ((*stub_).*method)(context, request, &response);
  });
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ReportPendingResponse> Client::ReportPending(
    const v1::ReportPendingRequest& request) const {
  return Call(&v1::StatusService::StubInterface::ReportPending, request);
}

absl::StatusOr<v1::ReportResultResponse> Client::ReportResult(
    const v1::ReportResultRequest& request) const {
  return Call(&v1::StatusService::StubInterface::ReportResult, request);
}

template <typename Request, typename Response>
absl::StatusOr<std::vector<Response>> Client::CallPages(
    Method<Request, Response> method, Request request) const {
  const bool all = request.page_size() == 0 && request.page_token().empty();
  std::vector<Response> pages;
  do {
    if (pages.size() == kMostPages) {
      return absl::InternalError("the pages of the server's answer do not end");
    }
    absl::StatusOr<Response> page = Call(method, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    pages.push_back(*std::move(page));
  } while (all && !request.page_token().empty());
  return pages;
}

absl::StatusOr<v1::GetCommitStatusResponse> Client::GetCommitStatus(
    const v1::GetCommitStatusRequest& request) const {
  auto pages =
      CallPages(&v1::StatusService::StubInterface::GetCommitStatus, request);
  if (!pages.ok()) return pages.status();
  // The last page was read last, so its state is the newest.
  v1::GetCommitStatusResponse answer = pages->back();
  answer.clear_statuses();
  for (const v1::GetCommitStatusResponse& page : *pages) {
    answer.mutable_statuses()->MergeFrom(page.statuses());
  }
  return answer;
}

absl::StatusOr<v1::ExplainStatusResponse> Client::ExplainStatus(
    const v1::ExplainStatusRequest& request) const {
  auto pages =
      CallPages(&v1::StatusService::StubInterface::ExplainStatus, request);
  if (!pages.ok()) return pages.status();
  if (pages->size() == 1) return std::move(pages->front());
  // Each page is older than the one before it.
  v1::ExplainStatusResponse answer;
  *answer.mutable_status() = pages->front().status();
  answer.set_next_step(pages->front().next_step());
  for (auto page = pages->rbegin(); page != pages->rend(); ++page) {
    answer.mutable_reports()->MergeFrom(page->reports());
    answer.mutable_tries()->MergeFrom(page->tries());
  }
  return answer;
}

absl::StatusOr<v1::RetryPostResponse> Client::RetryPost(
    const v1::RetryPostRequest& request) const {
  return Call(&v1::StatusService::StubInterface::RetryPost, request);
}

absl::StatusOr<v1::ListStatusesResponse> Client::ListStatuses(
    const v1::ListStatusesRequest& request) const {
  return Call(&v1::StatusService::StubInterface::ListStatuses, request);
}

absl::StatusOr<v1::RetryPostsResponse> Client::RetryPosts(
    const v1::RetryPostsRequest& request) const {
  return Call(&v1::StatusService::StubInterface::RetryPosts, request);
}

absl::StatusOr<v1::DiagnoseRepositoryResponse> Client::DiagnoseRepository(
    const v1::DiagnoseRepositoryRequest& request) const {
  return Call(&v1::StatusService::StubInterface::DiagnoseRepository, request);
}

absl::StatusOr<v1::GetServerInfoResponse> Client::GetServerInfo(
    const v1::GetServerInfoRequest& request) const {
  return Call(&v1::StatusService::StubInterface::GetServerInfo, request);
}

absl::StatusOr<v1::IssueTokenResponse> Client::IssueToken(
    const v1::IssueTokenRequest& request) const {
  return Call(&v1::StatusService::StubInterface::IssueToken, request);
}

absl::StatusOr<bool> Client::IsServing() const {
  if (channel_ == nullptr) {
    return absl::UnimplementedError("there is no connection of our own");
  }
  // No package has the two messages. The request for the whole server is empty,
  // and the answer is one number.
  using google::protobuf::Empty;
  constexpr int kStatusField = 1;
  constexpr uint64_t kServing = 1;
  grpc::TemplatedGenericStub<Empty, Empty> stub(channel_);
  const Empty request;
  Empty response;
  const absl::Status status = Repeat([&](grpc::ClientContext* context) {
    response.Clear();
    std::promise<grpc::Status> ended;
    stub.UnaryCall(context, "/grpc.health.v1.Health/Check", grpc::StubOptions(),
                   &request, &response, [&ended](grpc::Status end) {
                     ended.set_value(std::move(end));
                   });
    return ended.get_future().get();
  });
  if (!status.ok()) return status;
  const google::protobuf::UnknownFieldSet& fields =
      response.GetReflection()->GetUnknownFields(response);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == kStatusField &&
        field.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      return field.varint() == kServing;
    }
  }
  return false;
}

std::string Client::ReasonOf(const absl::Status& error) {
  return signalbox::ReasonOf(error);
}

std::string Client::RequestIdOf(const absl::Status& error) {
  return signalbox::RequestIdOf(error);
}

bool Client::MayHaveBeenAccepted(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return WantsRepeat(error);
    default:
      return false;
  }
}

}  // namespace signalbox
