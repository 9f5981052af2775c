#include "server/rpc/errors.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "server/base/error.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

grpc::Status Shown(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message) {
  return ToGrpcStatus(Error(code, reason, message), nullptr);
}

TEST(ErrorsTest, WhatACallerDidWrongIsToldInFull) {
  const grpc::Status shown =
      Shown(absl::StatusCode::kInvalidArgument, "INVALID_SHA", "sha: \"main\"");
  EXPECT_EQ(shown.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(shown.error_message(), "sha: \"main\"");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), nullptr).ok());
}

// Where the server keeps its files is nobody's business who calls.
TEST(ErrorsTest, TroubleOfTheStoreIsToldWithoutPaths) {
  struct Case {
    absl::StatusCode code;
    const char* reason;
    grpc::StatusCode shown;
  };
  for (const Case& c : std::vector<Case>{
           {absl::StatusCode::kResourceExhausted, "DISK_FULL",
            grpc::StatusCode::RESOURCE_EXHAUSTED},
           {absl::StatusCode::kUnavailable, "STORE_BUSY",
            grpc::StatusCode::UNAVAILABLE},
           // No refusal: the caller has all its rights.
           {absl::StatusCode::kPermissionDenied, "STORE_NOT_WRITABLE",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "STORE_DAMAGED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "STORE_FAILED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kDataLoss, "STORE_DAMAGED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "", grpc::StatusCode::INTERNAL}}) {
    const grpc::Status shown = Shown(
        c.code, c.reason,
        "database \"/var/lib/signalbox/signalbox.db\": database is locked "
        "(SQLite database is locked, code 5)");
    EXPECT_EQ(shown.error_code(), c.shown) << c.reason;
    EXPECT_THAT(shown.error_message(), Not(HasSubstr("/"))) << c.reason;
    EXPECT_THAT(shown.error_message(), Not(HasSubstr("SQLite"))) << c.reason;
    EXPECT_NE(shown.error_message(), "") << c.reason;
  }
}

}  // namespace
}  // namespace signalbox
