#include "rest/status_request.h"

#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/names.h"
#include "common/webhook/json_fields.h"

namespace signalbox {
namespace {

constexpr absl::string_view kMembers[] = {"state", "context", "description",
                                          "target_url"};
constexpr std::pair<absl::string_view, v1::CommitState> kStates[] = {
    {"error", v1::COMMIT_STATE_ERROR},
    {"failure", v1::COMMIT_STATE_FAILURE},
    {"pending", v1::COMMIT_STATE_PENDING},
    {"success", v1::COMMIT_STATE_SUCCESS}};

v1::Result ResultOf(v1::CommitState state) {
  switch (state) {
    case v1::COMMIT_STATE_SUCCESS:
      return v1::RESULT_SUCCESS;
    case v1::COMMIT_STATE_FAILURE:
      return v1::RESULT_FAILURE;
    case v1::COMMIT_STATE_ERROR:
      return v1::RESULT_ERROR;
    default:
      return v1::RESULT_UNSPECIFIED;
  }
}

RestRefusal Unreadable(const absl::Status& why) {
  RestRefusal refusal;
  refusal.status = 400;
  refusal.message = absl::StrContains(why.message(), "not a JSON object")
                        ? "Body should be a JSON object"
                        : "Problems parsing JSON";
  return refusal;
}

// Fills what both requests have.
template <typename Request>
Request WithTexts(Request request, const StatusRequest& status,
                  const std::string& repository, const std::string& sha) {
  request.set_repository(repository);
  request.set_sha(sha);
  request.set_description(status.description);
  request.set_target_url(status.target_url);
  request.set_newest_text_wins(true);
  request.set_with_creator(true);
  return request;
}

}  // namespace

v1::CommitState StateNamed(absl::string_view name) {
  for (const auto& [one, state] : kStates) {
    if (one == name) return state;
  }
  return v1::COMMIT_STATE_UNSPECIFIED;
}

absl::string_view NameOf(v1::CommitState state) {
  for (const auto& [name, one] : kStates) {
    if (one == state) return name;
  }
  return "";
}

std::variant<StatusRequest, RestRefusal> ReadStatusRequest(
    absl::string_view body) {
  const absl::StatusOr<JsonFields> fields = JsonFields::Read(body, kMembers);
  if (!fields.ok()) return Unreadable(fields.status());
  StatusRequest request;
  std::string state;
  std::string* const texts[] = {&state, &request.context, &request.description,
                                &request.target_url};
  for (size_t i = 0; i < std::size(kMembers); ++i) {
    const JsonValue* const value = fields->Find(kMembers[i]);
    if (value == nullptr || std::holds_alternative<JsonNull>(*value)) continue;
    const auto* const text = std::get_if<std::string>(value);
    if (text == nullptr) {
      return InvalidFieldRefusal(kMembers[i], "invalid", "is not a string");
    }
    *texts[i] = *text;
  }
  if (state.empty()) return InvalidFieldRefusal("state", "missing_field", "");
  request.state = StateNamed(state);
  if (request.state == v1::COMMIT_STATE_UNSPECIFIED) {
    return InvalidFieldRefusal("state", "custom",
                               "state is not included in the list");
  }
  if (request.context.empty()) request.context = "default";
  if (!IsContext(request.context)) {
    return InvalidFieldRefusal(
        "context", "custom",
        absl::StrCat("context is not a text of 1 to ", kMaxContext,
                     " characters up to U+FFFF without control characters, "
                     "and without spaces at its ends"));
  }
  return request;
}

std::variant<v1::ReportPendingRequest, v1::ReportResultRequest> ReportOf(
    const StatusRequest& status, const std::string& repository,
    const std::string& sha) {
  if (status.state == v1::COMMIT_STATE_PENDING) {
    v1::ReportPendingRequest request =
        WithTexts(v1::ReportPendingRequest(), status, repository, sha);
    request.add_contexts(status.context);
    request.set_expires_only_if_configured(true);
    return request;
  }
  v1::ReportResultRequest request =
      WithTexts(v1::ReportResultRequest(), status, repository, sha);
  request.set_context(status.context);
  request.set_result(ResultOf(status.state));
  return request;
}

}  // namespace signalbox
