#include "shim/server_call.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/log.h"
#include "common/request_id.h"
#include "common/rpc/client_context.h"

namespace signalbox {
namespace {

void Fill(absl::Time time, google::protobuf::Timestamp* proto) {
  const timespec parts = absl::ToTimespec(time);
  proto->set_seconds(parts.tv_sec);
  proto->set_nanos(static_cast<int32_t>(parts.tv_nsec));
}

v1::Change ToProto(const HookChange& change) {
  v1::Change proto;
  proto.set_event(change.event);
  proto.set_pull_request_number(change.pull_request_number);
  proto.set_title(change.title);
  proto.set_author(change.author);
  proto.set_head_ref(change.head_ref);
  proto.set_base_ref(change.base_ref);
  proto.set_draft(change.draft);
  proto.set_fork(change.fork);
  proto.set_clone_url(change.clone_url);
  if (change.updated_time != absl::InfinitePast()) {
    Fill(change.updated_time, proto.mutable_updated_time());
  }
  return proto;
}

// Fills the fields that both requests for a report have.
template <typename Request>
void FillBoth(const HookReport& report, v1::Delivery delivery,
              Request* request) {
  request->set_repository(report.repository);
  request->set_repository_id(report.repository_id);
  request->set_sha(report.sha);
  request->set_description(report.description);
  request->set_target_url(report.target_url);
  if (report.observed.has_value()) {
    v1::Observed& observed = *request->mutable_observed();
    observed.set_status_id(report.observed->status_id);
    observed.set_creator_login(report.observed->creator_login);
  }
  *request->mutable_delivery() = std::move(delivery);
}

void Fill(const HookReport& report, v1::Delivery delivery,
          v1::ReportPendingRequest* request) {
  FillBoth(report, std::move(delivery), request);
  request->mutable_contexts()->Add(report.contexts.begin(),
                                   report.contexts.end());
  request->set_rerun(report.rerun);
  if (report.change.has_value()) {
    *request->mutable_change() = ToProto(*report.change);
  }
}

void Fill(const HookReport& report, v1::Delivery delivery,
          v1::ReportResultRequest* request) {
  FillBoth(report, std::move(delivery), request);
  request->set_context(report.contexts.front());
  request->set_result(static_cast<v1::Result>(*report.result));
}

void Fill(const HookRetest& retest, absl::string_view,
          v1::ReportEventRequest* proto) {
  v1::RerunRequested& event = *proto->mutable_rerun_requested();
  event.set_repository(retest.repository);
  event.set_pull_request_number(retest.pull_request_number);
  event.mutable_contexts()->Add(retest.contexts.begin(), retest.contexts.end());
  event.set_login(retest.login);
  event.set_author_association(retest.author_association);
}

void Fill(const HookRename& rename, absl::string_view,
          v1::ReportEventRequest* proto) {
  const auto fill = [&](auto* event) {
    event->set_repository(rename.repository);
    event->set_old_repository(rename.old_repository);
    event->set_repository_id(rename.repository_id);
    if (rename.update_time != absl::InfinitePast()) {
      Fill(rename.update_time, event->mutable_update_time());
    }
  };
  if (rename.transferred) {
    fill(proto->mutable_repository_transferred());
  } else {
    fill(proto->mutable_repository_renamed());
  }
}

void Fill(const HookArchive& archive, absl::string_view,
          v1::ReportEventRequest* proto) {
  v1::RepositoryArchived& event = *proto->mutable_repository_archived();
  event.set_repository(archive.repository);
  event.set_repository_id(archive.repository_id);
  event.set_archived(archive.archived);
}

void Fill(const HookInstallation& installation, absl::string_view action,
          v1::ReportEventRequest* proto) {
  v1::InstallationChanged& event = *proto->mutable_installation_changed();
  event.set_installation_id(installation.installation_id);
  event.set_account(installation.account);
  event.set_action(std::string(action));
  event.set_app_id(installation.app_id);
}

// Whether a unary call tells more than this answer of a stream. For a busy
// server, gRPC repeats that call. A server that does not know `not_granted`
// names it in the trailing metadata of that call alone.
bool IsBetterAskedAlone(const v1::StreamReportsResponse& answer) {
  return answer.code() == grpc::StatusCode::UNAVAILABLE ||
         (answer.code() == grpc::StatusCode::PERMISSION_DENIED &&
          answer.not_granted().empty());
}

// Makes each kind of call.
class Caller {
 public:
  // Borrows all but the delivery.
  Caller(ServerLink& link, std::chrono::steady_clock::time_point deadline,
         v1::Delivery delivery)
      : link_(link), deadline_(deadline), delivery_(std::move(delivery)) {
    if (IsRequestId(delivery_.id())) request_id_ = delivery_.id();
  }

  ServerAnswer operator()(const HookReport& report) {
    const auto request = std::make_shared<v1::StreamReportsRequest>();
    request->set_request_id(request_id_);
    if (report.result.has_value()) {
      Fill(report, std::move(delivery_), request->mutable_result());
    } else {
      Fill(report, std::move(delivery_), request->mutable_pending());
    }
    const std::optional<v1::StreamReportsResponse> streamed =
        link_.reports.Send(request, deadline_);
    if (!streamed.has_value() || IsBetterAskedAlone(*streamed)) {
      return MakeUnary(*request);
    }
    if (request->has_pending() && streamed->code() == 0) {
      return EndOfPending(streamed->receipts().empty());
    }
    return {
        {static_cast<grpc::StatusCode>(streamed->code()), streamed->message()},
        streamed->not_granted(),
        ""};
  }

  template <typename Event>
  ServerAnswer operator()(const Event& event) {
    v1::ReportEventRequest request;
    Fill(event, delivery_.action(), &request);
    *request.mutable_delivery() = std::move(delivery_);
    v1::ReportEventResponse response;
    const ServerAnswer answer =
        Make(&v1::StatusService::StubInterface::ReportEvent, request, response);
    if (answer.status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      return {grpc::Status::OK, "", "this server does not support the event"};
    }
    return answer;
  }

 private:
  static ServerAnswer EndOfPending(bool without_receipts) {
    return {grpc::Status::OK, "",
            without_receipts ? "the server expects no context for it" : ""};
  }

  ServerAnswer MakeUnary(const v1::StreamReportsRequest& request) {
    if (request.has_result()) {
      v1::ReportResultResponse response;
      return Make(&v1::StatusService::StubInterface::ReportResult,
                  request.result(), response);
    }
    v1::ReportPendingResponse response;
    ServerAnswer answer = Make(&v1::StatusService::StubInterface::ReportPending,
                               request.pending(), response);
    return answer.status.ok() ? EndOfPending(response.receipts().empty())
                              : answer;
  }

  template <typename Request, typename Response>
  ServerAnswer Make(grpc::Status (v1::StatusService::StubInterface::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    SetDeadline(deadline_, &context);
    AddToken(link_.token.Reveal(), &context);
    AddRequestId(request_id_, &context);
    ServerAnswer answer = {(link_.server.*method)(&context, request, &response),
                           "", ""};
    if (answer.status.error_code() == grpc::StatusCode::PERMISSION_DENIED) {
      answer.not_granted = std::string(
          TrailingMetadata(context, "signalbox-not-granted").value_or(""));
    }
    return answer;
  }

  ServerLink& link_;
  const std::chrono::steady_clock::time_point deadline_;
  v1::Delivery delivery_;
  std::string request_id_;  // Empty: the server makes one.
};

}  // namespace

CallSummary Summarize(const HookCall& call) {
  CallSummary summary;
  std::visit(
      [&](const auto& request) {
        using Request = std::decay_t<decltype(request)>;
        summary.method = "ReportEvent";
        if constexpr (std::is_same_v<Request, HookReport>) {
          summary.method =
              request.result.has_value() ? "ReportResult" : "ReportPending";
        }
        if constexpr (requires { request.repository; }) {
          summary.repository = request.repository;
        } else {
          summary.repository = request.account;
        }
        if constexpr (requires { request.sha; }) summary.sha = request.sha;
      },
      call.request);
  return summary;
}

ServerAnswer CallServer(const HookCall& call, v1::Delivery delivery,
                        std::chrono::steady_clock::time_point deadline,
                        ServerLink& link) {
  delivery.set_action(call.action);
  return std::visit(Caller(link, deadline, std::move(delivery)), call.request);
}

TokenCheck::TokenCheck(const Secret& token,
                       v1::StatusService::StubInterface* server)
    : code_(std::async(std::launch::async,
                       [this, token, server] { return Run(token, server); })) {}

TokenCheck::~TokenCheck() {
  MutexLock lock(&mu_);
  gives_up_ = true;
  if (under_way_ != nullptr) under_way_->TryCancel();
}

grpc::StatusCode TokenCheck::Run(const Secret& token,
                                 v1::StatusService::StubInterface* server) {
  grpc::ClientContext context;
  AddToken(token.Reveal(), &context);
  context.set_wait_for_ready(true);
  {
    MutexLock lock(&mu_);
    if (gives_up_) return grpc::StatusCode::CANCELLED;
    under_way_ = &context;
  }
  // The cheapest call that shows whether the server knows the token. It shows
  // that even without the right to read.
  v1::ListCommitsRequest request;
  request.set_page_size(1);
  v1::ListCommitsResponse response;
  const grpc::Status status = server->ListCommits(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
    LogError(
        "the server does not accept this shim's token, so the shim answers "
        "every webhook with 503; restart it with a --token-file that holds "
        "the token of a configured caller",
        {{"why", status.error_message()}});
  }
  MutexLock lock(&mu_);
  under_way_ = nullptr;
  return status.error_code();
}

}  // namespace signalbox
