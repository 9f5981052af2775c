#include "rest/server_calls.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "common/names.h"
#include "common/rpc/client_context.h"

namespace signalbox {
namespace {

constexpr int kPageSize = 100;
constexpr size_t kMostReports = 5000;

using Stub = v1::StatusService::StubInterface;

// Makes one call.
template <typename Request, typename Response>
RestOr<Response> Call(Stub& server,
                      grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                   const Request&, Response*),
                      const Request& request, const CallTerms& terms) {
  grpc::ClientContext context;
  SetDeadline(terms.deadline, &context);
  AddAuthorization(terms.authorization.Reveal(), &context);
  AddRequestId(terms.request_id, &context);
  Response response;
  const grpc::Status status = (server.*method)(&context, request, &response);
  if (status.ok()) return response;
  return RefusalOf(
      status, TrailingMetadata(context, "signalbox-reason").value_or(""),
      TrailingMetadata(context, "signalbox-not-granted").value_or(""));
}

void Set(const v1::ReportPendingRequest& report,
         v1::StreamReportsRequest* request) {
  *request->mutable_pending() = report;
}

void Set(const v1::ReportResultRequest& report,
         v1::StreamReportsRequest* request) {
  *request->mutable_result() = report;
}

}  // namespace

template <typename Request>
std::optional<RestOr<Reported>> ServerCalls::Stream(
    const Request& request, const CallTerms& terms) const {
  const auto stream = streams_.Find(terms.authorization);
  if (stream == nullptr) return std::nullopt;
  const auto report = std::make_shared<v1::StreamReportsRequest>();
  Set(request, report.get());
  report->set_request_id(terms.request_id);
  const auto answer = stream->Send(report, terms.deadline);
  // gRPC repeats a call of its own while the server is busy.
  if (!answer || answer->code() == grpc::StatusCode::UNAVAILABLE) {
    return std::nullopt;
  }
  if (answer->code() != 0) {
    return RefusalOf(
        {static_cast<grpc::StatusCode>(answer->code()), answer->message()},
        answer->reason(), answer->not_granted());
  }
  if (answer->receipts_size() != 1) return RestRefusal();
  return Reported{answer->receipts(0), answer->creator()};
}

RestOr<Reported> ServerCalls::Report(const v1::ReportPendingRequest& request,
                                     const CallTerms& terms) const {
  if (auto streamed = Stream(request, terms)) return *std::move(streamed);
  const auto answer = Call(server_, &Stub::ReportPending, request, terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
    return *refusal;
  }
  const auto& reported = std::get<v1::ReportPendingResponse>(answer);
  if (reported.receipts_size() != 1) return RestRefusal();
  streams_.Add(terms.authorization);
  return Reported{reported.receipts(0), reported.creator()};
}

RestOr<Reported> ServerCalls::Report(const v1::ReportResultRequest& request,
                                     const CallTerms& terms) const {
  if (auto streamed = Stream(request, terms)) return *std::move(streamed);
  const auto answer = Call(server_, &Stub::ReportResult, request, terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
    return *refusal;
  }
  const auto& reported = std::get<v1::ReportResultResponse>(answer);
  streams_.Add(terms.authorization);
  return Reported{reported.receipt(), reported.creator()};
}

RestOr<v1::GetServerInfoResponse> ServerCalls::ServerInfo(
    const CallTerms& terms) const {
  return Call(server_, &Stub::GetServerInfo, v1::GetServerInfoRequest(), terms);
}

RestOr<v1::Grants> ServerCalls::Grants(const CallTerms& terms) const {
  const auto answer = ServerInfo(terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
    return *refusal;
  }
  return std::get<v1::GetServerInfoResponse>(answer).grants();
}

RestOr<bool> ServerCalls::HasCallers(const CallTerms& terms) const {
  CallTerms anonymous = terms;
  anonymous.authorization = Secret();
  const RestOr<v1::Grants> grants = Grants(anonymous);
  const auto* const refusal = std::get_if<RestRefusal>(&grants);
  if (refusal == nullptr) return false;
  if (refusal->status == 401) return true;
  return *refusal;
}

RestOr<v1::IssueTokenResponse> ServerCalls::IssueToken(
    const v1::IssueTokenRequest& request, const CallTerms& terms) const {
  return Call(server_, &Stub::IssueToken, request, terms);
}

RestOr<v1::GetRepositoryResponse> ServerCalls::Repository(
    const v1::GetRepositoryRequest& request, const CallTerms& terms) const {
  return Call(server_, &Stub::GetRepository, request, terms);
}

RestOr<std::string> ServerCalls::Resolve(const std::string& repository,
                                         const std::string& ref,
                                         const CallTerms& terms) const {
  if (IsSha(ref)) return ref;
  v1::ResolveRefRequest request;
  request.set_repository(repository);
  request.set_ref(ref);
  const auto answer = Call(server_, &Stub::ResolveRef, request, terms);
  if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
    // A repository that is not granted is no unknown ref.
    if (refusal->reason == "REF_UNKNOWN") return UnknownRefRefusal(ref);
    return *refusal;
  }
  return std::get<v1::ResolveRefResponse>(answer).sha();
}

RestOr<v1::StatusCreator> ServerCalls::Reports(
    const std::string& repository, const std::string& sha,
    const CallTerms& terms,
    absl::FunctionRef<void(const v1::ListedReport&)> take) const {
  v1::ListReportsRequest request;
  request.set_repository(repository);
  request.set_sha(sha);
  request.set_page_size(kPageSize);
  size_t count = 0;
  v1::StatusCreator creator;
  do {
    const auto answer = Call(server_, &Stub::ListReports, request, terms);
    if (const auto* const refusal = std::get_if<RestRefusal>(&answer)) {
      return *refusal;
    }
    const auto& page = std::get<v1::ListReportsResponse>(answer);
    for (const v1::ListedReport& report : page.reports()) {
      take(report);
      ++count;
    }
    creator = page.creator();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && count < kMostReports);
  return creator;
}

}  // namespace signalbox
