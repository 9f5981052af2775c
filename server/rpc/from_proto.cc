#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/error.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

constexpr char kDefaultContext[] = "ci/build";

// InfinitePast, which means unknown, for a time that a Timestamp may not have
// (outside the years 1 to 9999). A head with such a time would stay the newest
// forever.
absl::Time TimeOf(const google::protobuf::Timestamp& proto) {
  constexpr int64_t kFirst = -62135596800;
  constexpr int64_t kLast = 253402300799;
  if (proto.seconds() < kFirst || proto.seconds() > kLast ||
      proto.nanos() < 0 || proto.nanos() > 999999999) {
    return absl::InfinitePast();
  }
  return absl::FromUnixSeconds(proto.seconds()) +
         absl::Nanoseconds(proto.nanos());
}

HookChange ChangeOf(const v1::Change& proto) {
  HookChange change;
  change.event = proto.event();
  change.pull_request_number = proto.pull_request_number();
  change.title = proto.title();
  change.author = proto.author();
  change.head_ref = proto.head_ref();
  change.base_ref = proto.base_ref();
  change.draft = proto.draft();
  change.fork = proto.fork();
  change.clone_url = proto.clone_url();
  if (proto.has_updated_time()) {
    change.updated_time = TimeOf(proto.updated_time());
  }
  return change;
}

Delivery DeliveryOf(const v1::Delivery& proto) {
  return Delivery{proto.id(), proto.digest(), proto.event(), proto.action(),
                  proto.hook_id()};
}

// Reads the fields that both requests for a report have.
template <typename Request>
ReportCall CallOf(const Request& request) {
  ReportCall call;
  HookReport& report = call.report;
  report.repository = request.repository();
  report.repository_id = request.repository_id();
  report.sha = request.sha();
  report.description = request.description();
  report.target_url = request.target_url();
  if (request.has_observed()) {
    report.observed = HookObserved{request.observed().status_id(),
                                   request.observed().creator_login()};
  }
  if (request.has_delivery()) call.delivery = DeliveryOf(request.delivery());
  call.attempt = request.attempt();
  call.series = request.series();
  if (request.has_if_sequence()) call.if_sequence = request.if_sequence();
  call.newest_text_wins = request.newest_text_wins();
  return call;
}

// Of a repository that was renamed or transferred.
template <typename Proto>
HookRename RenameOf(const Proto& proto) {
  HookRename rename;
  rename.repository = proto.repository();
  rename.old_repository = proto.old_repository();
  rename.repository_id = proto.repository_id();
  rename.transferred = std::is_same_v<Proto, v1::RepositoryTransferred>;
  if (proto.has_update_time()) rename.update_time = TimeOf(proto.update_time());
  return rename;
}

HookRetest RetestOf(const v1::RerunRequested& proto) {
  return HookRetest{proto.repository(),
                    proto.pull_request_number(),
                    {proto.contexts().begin(), proto.contexts().end()},
                    proto.login(),
                    proto.author_association()};
}

}  // namespace

std::string ContextOrDefault(const std::string& context) {
  return context.empty() ? kDefaultContext : context;
}

absl::StatusOr<Converted> FromProto(const v1::ReportPendingRequest& request,
                                    const ConvertOptions& options) {
  ReportCall call = CallOf(request);
  call.report.contexts.assign(request.contexts().begin(),
                              request.contexts().end());
  call.report.rerun = request.rerun();
  call.never_expires = request.never_expires();
  call.expires_only_if_configured = request.expires_only_if_configured();
  if (request.has_change()) call.report.change = ChangeOf(request.change());
  if (request.has_expires_after()) {
    call.expires_after = absl::Seconds(request.expires_after().seconds()) +
                         absl::Nanoseconds(request.expires_after().nanos());
  }
  return ConvertReport(std::move(call), options);
}

absl::StatusOr<Converted> FromProto(const v1::ReportResultRequest& request,
                                    const ConvertOptions& options) {
  ReportCall call = CallOf(request);
  call.report.contexts.push_back(ContextOrDefault(request.context()));
  call.report.result = static_cast<Result>(request.result());
  return ConvertReport(std::move(call), options);
}

std::optional<ChangeCursor> FromProto(const v1::WatchStatusesRequest& request) {
  if (!request.has_after_sequence()) return std::nullopt;
  return ChangeCursor(request.after_sequence());
}

absl::StatusOr<EventSubmission> FromProto(const v1::ReportEventRequest& request,
                                          const ConvertOptions& options) {
  HookCall call;
  switch (request.event_case()) {
    case v1::ReportEventRequest::kRepositoryRenamed:
      call.request = RenameOf(request.repository_renamed());
      break;
    case v1::ReportEventRequest::kRepositoryTransferred:
      call.request = RenameOf(request.repository_transferred());
      break;
    case v1::ReportEventRequest::kRepositoryArchived: {
      const v1::RepositoryArchived& proto = request.repository_archived();
      call.request = HookArchive{proto.repository(), proto.repository_id(),
                                 proto.archived()};
      break;
    }
    case v1::ReportEventRequest::kInstallationChanged: {
      const v1::InstallationChanged& proto = request.installation_changed();
      call.action = proto.action();
      call.request = HookInstallation{proto.installation_id(), proto.account(),
                                      proto.app_id()};
      break;
    }
    case v1::ReportEventRequest::kRerunRequested:
      call.request = RetestOf(request.rerun_requested());
      break;
    case v1::ReportEventRequest::EVENT_NOT_SET:
      return InvalidField("event", "",
                          "is missing, or is of a kind that this server does "
                          "not know; wanted one of the events in the proto",
                          "INVALID_EVENT");
  }
  absl::StatusOr<HookSubmission> converted =
      ConvertHookCall(call, DeliveryOf(request.delivery()), options);
  if (!converted.ok()) return converted.status();
  return std::get<EventSubmission>(*std::move(converted));
}

}  // namespace signalbox
