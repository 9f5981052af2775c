#include "rest/refusal.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace signalbox {
namespace {

RestRefusal Of(grpc::StatusCode code, const std::string& reason = "",
               const std::string& not_granted = "",
               const std::string& message = "message") {
  return RefusalOf(grpc::Status(code, message), reason, not_granted);
}

TEST(RefusalTest, EachCodeOfTheServerHasItsAnswer) {
  static const struct {
    grpc::StatusCode code;
    const char* reason;
    const char* not_granted;
    int status;
    const char* message;
  } kCases[] = {
      {grpc::StatusCode::UNAUTHENTICATED, "UNKNOWN_CALLER", "", 401,
       "Bad credentials"},
      // In GitHub's words.
      {grpc::StatusCode::UNAUTHENTICATED, "INVALID_JWT", "", 401, "message"},
      {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "repository", 404,
       "Not Found"},
      {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "right", 403,
       "Resource not accessible by integration: message"},
      {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "attempt", 403,
       "Resource not accessible by integration: message"},
      {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "context", 403,
       "Resource not accessible by integration: message"},
      {grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_HOST", "", 404,
       "Not Found"},
      {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_CONTEXT", "", 422,
       "Validation Failed"},
      {grpc::StatusCode::NOT_FOUND, "REPOSITORY_UNKNOWN", "", 404, "Not Found"},
      {grpc::StatusCode::UNAVAILABLE, "", "", 503, "Server Error"},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "DISK_FULL", "", 503,
       "Server Error"},
      {grpc::StatusCode::DEADLINE_EXCEEDED, "", "", 503, "Server Error"},
      {grpc::StatusCode::CANCELLED, "", "", 503, "Server Error"},
      {grpc::StatusCode::INTERNAL, "", "", 500, "Server Error"},
      {grpc::StatusCode::UNKNOWN, "", "", 500, "Server Error"},
      {grpc::StatusCode::UNIMPLEMENTED, "", "", 500, "Server Error"}};
  for (const auto& one : kCases) {
    const RestRefusal refusal = Of(one.code, one.reason, one.not_granted);
    EXPECT_EQ(refusal.status, one.status) << one.code << one.not_granted;
    EXPECT_EQ(refusal.message, one.message) << one.code << one.not_granted;
  }
}

// A caller without a grant of a repository learns nothing about it: the answer
// is the same as for a path that is not there.
TEST(RefusalTest, ARepositoryOfOthersIsNotThere) {
  const RestRefusal hidden =
      Of(grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "repository");
  for (const RestRefusal& other :
       {NotFoundRefusal(),
        Of(grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_HOST"),
        Of(grpc::StatusCode::NOT_FOUND, "REPOSITORY_UNKNOWN")}) {
    EXPECT_EQ(other.status, hidden.status);
    EXPECT_EQ(other.message, hidden.message);
    EXPECT_EQ(other.reason, hidden.reason);
    EXPECT_EQ(other.field, hidden.field);
  }
  EXPECT_EQ(hidden.reason, "");
}

// Clients look for these words in a 403, and then wait.
TEST(RefusalTest, NoRefusalLooksLikeARateLimit) {
  for (int code = 1; code <= 16; ++code) {
    for (const char* const not_granted : {"", "right", "context"}) {
      const RestRefusal refusal =
          Of(static_cast<grpc::StatusCode>(code), "", not_granted);
      EXPECT_NE(refusal.status, 429);
      const std::string message = absl::AsciiStrToLower(refusal.message);
      EXPECT_FALSE(absl::StrContains(message, "rate")) << message;
      EXPECT_FALSE(absl::StrContains(message, "abuse")) << message;
    }
  }
}

TEST(RefusalTest, NamesTheFieldOfAnInvalidReport) {
  const RestRefusal context =
      Of(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_CONTEXT");
  EXPECT_EQ(context.field, "context");
  EXPECT_EQ(context.code, "custom");
  EXPECT_EQ(context.problem, "message");
  EXPECT_EQ(context.reason, "INVALID_CONTEXT");
  EXPECT_EQ(Of(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_SHA").field, "sha");
  EXPECT_EQ(Of(grpc::StatusCode::INVALID_ARGUMENT, "OTHER").field, "base");
}

TEST(RefusalTest, SaysThatAReportMayHaveBeenAccepted) {
  EXPECT_EQ(Of(grpc::StatusCode::DEADLINE_EXCEEDED).reason,
            "UNKNOWN_WHETHER_ACCEPTED");
}

}  // namespace
}  // namespace signalbox
