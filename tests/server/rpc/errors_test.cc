#include "server/rpc/errors.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/error.h"
#include "common/log.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ShownError Shown(absl::StatusCode code, absl::string_view reason,
                 absl::string_view message) {
  return Show(Error(code, reason, message), "", "");
}

TEST(ErrorsTest, WhatACallerDidWrongIsToldInFull) {
  const ShownError shown =
      Shown(absl::StatusCode::kInvalidArgument, "INVALID_SHA", "sha: \"main\"");
  EXPECT_EQ(shown.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(shown.message, "sha: \"main\"");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), nullptr, "").ok());
}

// Callers must not learn where the server keeps its files.
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
           // Not a refusal: the caller has all its rights.
           {absl::StatusCode::kPermissionDenied, "STORE_NOT_WRITABLE",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "STORE_DAMAGED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "STORE_FAILED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kDataLoss, "STORE_DAMAGED",
            grpc::StatusCode::INTERNAL},
           {absl::StatusCode::kInternal, "", grpc::StatusCode::INTERNAL}}) {
    const ShownError shown = Shown(
        c.code, c.reason,
        "database \"/var/lib/signalbox/signalbox.db\": database is locked "
        "(SQLite database is locked, code 5)");
    EXPECT_EQ(shown.code, c.shown) << c.reason;
    EXPECT_THAT(shown.message, Not(HasSubstr("/"))) << c.reason;
    EXPECT_THAT(shown.message, Not(HasSubstr("SQLite"))) << c.reason;
    EXPECT_NE(shown.message, "") << c.reason;
  }
}

TEST(ErrorsTest, TheLogNamesARefusedCall) {
  // A process of its own: the log leaves out lines if there are many.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StartLogging(LogFormat::kJson);
        Show(Error(absl::StatusCode::kPermissionDenied, "NOT_GRANTED", "no"),
             "ipv4:10.0.0.1:99", "id-of-the-call");
        Show(absl::InternalError("broken"), "", "id-of-another");
        std::exit(0);
      },
      testing::ExitedWithCode(0), "id-of-the-call(.|\n)*id-of-another");
}

TEST(PushbackTest, OnlyWhatTimeRepairsAsksForARepeat) {
  for (int code = 1; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(PushbackFor(Error(status_code, "SOME_REASON", "x"), 0),
              status_code == absl::StatusCode::kUnavailable
                  ? std::make_optional(absl::Milliseconds(200))
                  : std::nullopt)
        << code;
  }
}

// Callers that were refused together must not come back together.
TEST(PushbackTest, AFullDiskSpreadsItsCallersOverThreeSeconds) {
  const absl::Status full =
      Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", "full");
  for (const uint64_t first :
       {uint64_t{0}, uint64_t{12345}, ~uint64_t{0} - 99}) {
    std::vector<absl::Duration> pushbacks;
    for (uint64_t i = 0; i < 100; ++i) {
      pushbacks.push_back(*PushbackFor(full, first + i));
      EXPECT_GE(pushbacks.back(), absl::Seconds(2));
      EXPECT_LE(pushbacks.back(), absl::Seconds(5));
    }
    std::sort(pushbacks.begin(), pushbacks.end());
    for (size_t i = 1; i < pushbacks.size(); ++i) {
      const absl::Duration gap = pushbacks[i] - pushbacks[i - 1];
      EXPECT_GT(gap, absl::Milliseconds(5));
      EXPECT_LT(gap, absl::Milliseconds(90));
    }
  }
}

}  // namespace
}  // namespace signalbox
