#include "rest/refusal.h"

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

RestRefusal Invalid(absl::string_view reason, absl::string_view message) {
  // Hosts and names that cannot be a repository's are paths that are not there.
  if (reason == "UNKNOWN_HOST" || reason == "INVALID_REPOSITORY") {
    return NotFoundRefusal();
  }
  const bool is_context = reason == "INVALID_CONTEXT";
  const bool is_sha = reason == "INVALID_SHA";
  RestRefusal refusal = InvalidFieldRefusal(is_context ? "context"
                                            : is_sha   ? "sha"
                                                       : "base",
                                            "custom", message);
  refusal.reason = std::string(reason);
  return refusal;
}

RestRefusal NotGranted(const grpc::Status& status, absl::string_view reason,
                       absl::string_view not_granted) {
  // As GitHub, which hides repositories from those who may not see them.
  if (not_granted == "repository") return NotFoundRefusal();
  RestRefusal refusal =
      PlainRefusal(403, absl::StrCat("Resource not accessible by integration: ",
                                     status.error_message()));
  refusal.reason = std::string(reason);
  return refusal;
}

}  // namespace

RestRefusal PlainRefusal(int status, absl::string_view message) {
  RestRefusal refusal;
  refusal.status = status;
  refusal.message = std::string(message);
  return refusal;
}

RestRefusal NotFoundRefusal() { return PlainRefusal(404, "Not Found"); }

RestRefusal BadCredentialsRefusal() {
  return PlainRefusal(401, "Bad credentials");
}

RestRefusal InvalidFieldRefusal(absl::string_view field, absl::string_view code,
                                absl::string_view problem) {
  RestRefusal refusal = PlainRefusal(422, "Validation Failed");
  refusal.field = std::string(field);
  refusal.code = std::string(code);
  refusal.problem = std::string(problem);
  return refusal;
}

RestRefusal UnknownRefRefusal(absl::string_view ref) {
  return PlainRefusal(422, absl::StrCat("No commit found for SHA: ", ref));
}

RestRefusal TryLaterRefusal(absl::string_view reason) {
  RestRefusal refusal = PlainRefusal(503, "Server Error");
  refusal.reason = std::string(reason);
  return refusal;
}

RestRefusal RefusalOf(const grpc::Status& status, absl::string_view reason,
                      absl::string_view not_granted) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAUTHENTICATED:
      // Tools correct their clock if the message is GitHub's.
      return reason == "INVALID_JWT" ? PlainRefusal(401, status.error_message())
                                     : BadCredentialsRefusal();
    case grpc::StatusCode::PERMISSION_DENIED:
      return NotGranted(status, reason, not_granted);
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Invalid(reason, status.error_message());
    case grpc::StatusCode::NOT_FOUND: {
      RestRefusal refusal = NotFoundRefusal();
      // Only of a repository that the caller may read.
      if (reason == "REF_UNKNOWN") refusal.reason = std::string(reason);
      return refusal;
    }
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return TryLaterRefusal("UNKNOWN_WHETHER_ACCEPTED");
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::ABORTED:
      return TryLaterRefusal(reason);
    default:
      return RestRefusal();
  }
}

}  // namespace signalbox
