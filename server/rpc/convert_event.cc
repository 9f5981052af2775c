#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/request_limits.h"

namespace signalbox {
namespace {

constexpr absl::string_view kReason = "INVALID_EVENT";

absl::StatusOr<int64_t> GitHubId(absl::string_view field, int64_t value) {
  if (value > 0) return value;
  return InvalidField(field, absl::StrCat(value),
                      "is not an id of GitHub; wanted a positive number",
                      kReason);
}

absl::StatusOr<std::string> Word(absl::string_view field,
                                 const std::string& value, bool required) {
  const bool printable =
      std::all_of(value.begin(), value.end(),
                  [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (printable && value.size() <= kMaxWord && !(required && value.empty())) {
    return value;
  }
  return InvalidField(
      field, value,
      absl::StrCat("is not a word of printable ASCII of ", required ? 1 : 0,
                   " to ", kMaxWord, " bytes"),
      kReason);
}

template <typename Proto>
absl::StatusOr<Event> MovedFrom(const Proto& proto,
                                const ConvertOptions& options) {
  absl::StatusOr<Repository> to =
      RepositoryFromProto(proto.repository(), options);
  if (!to.ok()) return to.status();
  absl::StatusOr<Repository> from =
      RepositoryFromProto(proto.old_repository(), options);
  if (!from.ok()) return from.status();
  if (from->host != to->host) {
    return InvalidField(
        "old_repository", proto.old_repository(),
        "is on another host than repository; wanted the same host", kReason);
  }
  const absl::StatusOr<int64_t> id =
      GitHubId("repository_id", proto.repository_id());
  if (!id.ok()) return id.status();
  // An invalid time counts as unknown, because GitHub's own times are valid.
  const absl::Time update_time =
      proto.has_update_time()
          ? TimeFromProto(proto.update_time()).value_or(absl::InfinitePast())
          : absl::InfinitePast();
  return RepositoryMoved{*std::move(from), *std::move(to), *id, update_time};
}

absl::StatusOr<Event> ArchivedFrom(const v1::RepositoryArchived& proto,
                                   const ConvertOptions& options) {
  absl::StatusOr<Repository> repository =
      RepositoryFromProto(proto.repository(), options);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<int64_t> id =
      GitHubId("repository_id", proto.repository_id());
  if (!id.ok()) return id.status();
  return RepositoryArchived{*std::move(repository), *id, proto.archived()};
}

absl::StatusOr<Event> InstallationFrom(const v1::InstallationChanged& proto,
                                       const ConvertOptions& options) {
  // An account is written like a repository without its name.
  absl::StatusOr<Repository> account =
      RepositoryFromProto(absl::StrCat(proto.account(), "/any"), options);
  if (!account.ok()) {
    return InvalidField(
        "account", proto.account(),
        "is not [HOST/]LOGIN with a host that is in the server's configuration",
        kReason);
  }
  const absl::StatusOr<int64_t> id =
      GitHubId("installation_id", proto.installation_id());
  if (!id.ok()) return id.status();
  if (proto.app_id() < 0) {
    return InvalidField("app_id", absl::StrCat(proto.app_id()),
                        "is negative; wanted 0 or more", kReason);
  }
  absl::StatusOr<std::string> action =
      Word("action", proto.action(), /*required=*/true);
  if (!action.ok()) return action.status();
  return InstallationChanged{account->host, account->owner, *id, proto.app_id(),
                             *std::move(action)};
}

absl::StatusOr<Event> RerunFrom(const v1::RerunRequested& proto,
                                const ConvertOptions& options) {
  absl::StatusOr<Repository> repository =
      RepositoryFromProto(proto.repository(), options);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<int64_t> number =
      GitHubId("pull_request_number", proto.pull_request_number());
  if (!number.ok()) return number.status();
  if (proto.contexts_size() > kMaxContexts) {
    return InvalidField(
        "contexts", absl::StrCat(proto.contexts_size()),
        absl::StrCat("is too many; wanted at most ", kMaxContexts),
        "TOO_MANY_CONTEXTS");
  }
  RerunRequested rerun;
  for (const std::string& context : proto.contexts()) {
    absl::StatusOr<std::string> parsed = ParseContext(context);
    if (!parsed.ok()) return parsed.status();
    rerun.contexts.push_back(*std::move(parsed));
  }
  absl::StatusOr<std::string> login =
      Word("login", proto.login(), /*required=*/true);
  if (!login.ok()) return login.status();
  absl::StatusOr<std::string> association = Word(
      "author_association", proto.author_association(), /*required=*/false);
  if (!association.ok()) return association.status();
  rerun.repository = *std::move(repository);
  rerun.pull_request_number = *number;
  rerun.login = *std::move(login);
  rerun.author_association = *std::move(association);
  return rerun;
}

absl::StatusOr<Event> EventFrom(const v1::ReportEventRequest& request,
                                const ConvertOptions& options) {
  switch (request.event_case()) {
    case v1::ReportEventRequest::kRepositoryRenamed:
      return MovedFrom(request.repository_renamed(), options);
    case v1::ReportEventRequest::kRepositoryTransferred:
      return MovedFrom(request.repository_transferred(), options);
    case v1::ReportEventRequest::kRepositoryArchived:
      return ArchivedFrom(request.repository_archived(), options);
    case v1::ReportEventRequest::kInstallationChanged:
      return InstallationFrom(request.installation_changed(), options);
    case v1::ReportEventRequest::kRerunRequested:
      return RerunFrom(request.rerun_requested(), options);
    case v1::ReportEventRequest::EVENT_NOT_SET:
      break;
  }
  return InvalidField("event", "",
                      "is missing, or this server does not know it", kReason);
}

}  // namespace

absl::StatusOr<EventSubmission> FromProto(const v1::ReportEventRequest& request,
                                          const ConvertOptions& options) {
  absl::StatusOr<Delivery> delivery = DeliveryFromProto(request.delivery());
  if (!delivery.ok()) return delivery.status();
  absl::StatusOr<Event> event = EventFrom(request, options);
  if (!event.ok()) return event.status();
  EventSubmission submission;
  submission.delivery = *std::move(delivery);
  submission.event = *std::move(event);
  return submission;
}

}  // namespace signalbox
