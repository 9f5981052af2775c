#include "common/error.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace signalbox {
namespace {

TEST(ErrorTest, CarriesItsReason) {
  const absl::Status status =
      Error(absl::StatusCode::kUnavailable, "DISK_FULL", "no room");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "no room");
  EXPECT_EQ(ReasonOf(status), "DISK_FULL");
}

TEST(ErrorTest, OtherStatusesHaveNoReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::NotFoundError("x")), "");
  EXPECT_EQ(Error(absl::StatusCode::kNotFound, "", "x"),
            absl::NotFoundError("x"));
}

TEST(ErrorTest, AnInvalidFieldNamesFieldValueAndWanted) {
  const absl::Status status = InvalidField(
      "sha", "main", "is not a full SHA (40 or 64 hexadecimal digits)",
      "INVALID_SHA");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "sha: \"main\" is not a full SHA (40 or 64 hexadecimal digits)");
  EXPECT_EQ(ReasonOf(status), "INVALID_SHA");
}

TEST(ErrorTest, AnInvalidOptionIsTheCallersMistake) {
  const absl::Status status = InvalidOption(
      "--token-file", Error(absl::StatusCode::kNotFound, "NO_FILE", "no file"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "--token-file: no file");
  EXPECT_EQ(ReasonOf(status), "NO_FILE");
}

TEST(QuotedTest, LeavesPrintableAsciiAndNothingElse) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a b~"), "\"a b~\"");
  EXPECT_EQ(Quoted("\"\\"), "\"\\\"\\\\\"");
  EXPECT_EQ(Quoted("\n\r\t"), "\"\\n\\r\\t\"");
  EXPECT_EQ(Quoted("\x1b[31m"), "\"\\x1b[31m\"");
  EXPECT_EQ(Quoted("\u202e"), "\"\\u202e\"");
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  for (const char c : Quoted(every_byte, 256)) {
    EXPECT_GE(c, ' ');
    EXPECT_LE(c, '~');
  }
}

TEST(QuotedTest, ShortensToItsLimit) {
  EXPECT_EQ(Quoted("abcd", 4), "\"abcd\"");
  EXPECT_EQ(Quoted("abcde", 4), "\"abcd\"...");
  EXPECT_EQ(Quoted("\u00e9\u00e9", 2), "\"\\u00e9\\u00e9\"");
  EXPECT_EQ(Quoted("\u00e9\u00e9", 1), "\"\\u00e9\"...");
  EXPECT_EQ(Quoted(std::string(1000, 'x')).size(), 80 + 5U);
}

}  // namespace
}  // namespace signalbox
