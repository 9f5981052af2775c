#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/printable.h"
#include "clients/cli/status_text.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kCommit[] =
    "acme/widgets@6dcb09b5b57875f334f61aebed695e2e4193db5e";

const absl::Time kTimelineNow = absl::FromCivil(
    absl::CivilSecond(2026, 6, 1, 10, 0, 0), absl::UTCTimeZone());

google::protobuf::Timestamp Ago(absl::Duration duration) {
  const absl::Time time = kTimelineNow - duration;
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(
      time - absl::FromUnixSeconds(timestamp.seconds()))));
  return timestamp;
}

class TimelineTest : public testing::Test {
 protected:
  TimelineTest() {
    v1::CommitStatus* status = explained_.mutable_status();
    status->set_context("ci/build");
    status->set_state(v1::COMMIT_STATE_SUCCESS);
    status->mutable_posting()->set_state(v1::POSTING_STATE_ABANDONED);
    status->mutable_posting()->set_reason("PERMISSION_MISSING");
    explained_.set_next_step("Nothing, until something changes.");
  }

  v1::ReportRecord* AddReport(absl::Duration ago, v1::CommitState state) {
    v1::ReportRecord* report = explained_.add_reports();
    *report->mutable_accept_time() = Ago(ago);
    report->set_disposition(v1::DISPOSITION_ACCEPTED);
    report->set_state(state);
    return report;
  }

  v1::TryRecord* AddTry(absl::Duration ago, int code, const char* reason) {
    v1::TryRecord* attempted = explained_.add_tries();
    *attempted->mutable_begin_time() = Ago(ago);
    *attempted->mutable_end_time() = Ago(ago - absl::Milliseconds(200));
    attempted->set_http_status(code);
    attempted->set_reason(reason);
    return attempted;
  }

  void AddMany(int count) {
    for (int i = count; i > 0; --i) {
      AddReport(absl::Minutes(i), v1::COMMIT_STATE_PENDING)
          ->set_description(absl::StrCat("report ", i));
      AddTry(absl::Minutes(i) - absl::Seconds(1), 503, "SERVER_ERROR")
          ->set_message(absl::StrCat("try ", i));
    }
  }

  std::string Text(const Screen& screen = {}) const {
    return Timeline(kCommit, explained_, kTimelineNow, screen);
  }
  std::vector<std::string> Lines(const Screen& screen = {}) const {
    std::vector<std::string> lines = absl::StrSplit(Text(screen), '\n');
    EXPECT_EQ(lines.back(), "");
    lines.pop_back();
    return lines;
  }
  // The text in the row of a single report.
  std::string RowOf(const v1::ReportRecord& report) {
    explained_.clear_reports();
    *explained_.add_reports() = report;
    return Lines().back();
  }

  v1::ExplainStatusResponse explained_;
};

TEST_F(TimelineTest, MergesReportsAndTriesInOrderOfTime) {
  v1::ReportRecord* webhook =
      AddReport(absl::Minutes(9), v1::COMMIT_STATE_PENDING);
  webhook->set_delivery_id("72d3162e-cc78");
  v1::ReportRecord* farm =
      AddReport(absl::Minutes(2), v1::COMMIT_STATE_SUCCESS);
  farm->set_caller("linux-farm");
  farm->set_attempt(7);
  farm->set_description("Succeeded in 2m 13s");
  v1::ReportRecord* late =
      AddReport(absl::Seconds(50), v1::COMMIT_STATE_PENDING);
  late->set_disposition(v1::DISPOSITION_SUPERSEDED);
  late->set_attempt(6);
  AddTry(absl::Minutes(9) - absl::Seconds(1), 201, "POSTED")
      ->set_request_id("C0DE:1");
  v1::TryRecord* refused = AddTry(absl::Minutes(1), 403, "PERMISSION_MISSING");
  refused->set_message("Resource not accessible");
  refused->set_request_id("C0DE:2");
  AddTry(absl::Seconds(30), 0, "TIMEOUT");
  EXPECT_EQ(
      Text(),
      "acme/widgets@6dcb09b5b57875f334f61aebed695e2e4193db5e ci/build: "
      "success, not posted: permission missing\n"
      "\n"
      "What happens next: Nothing, until something changes.\n"
      "\n"
      "TIME (UTC)           AGO    WHO         WHAT\n"
      "2026-06-01 09:51:00  9 min  webhook     pending    delivery "
      "72d3162e-cc78\n"
      "2026-06-01 09:51:01  8 min  GitHub      201        POSTED in 0.2s "
      "(request C0DE:1)\n"
      "2026-06-01 09:58:00  2 min  linux-farm  success    attempt 7: Succeeded "
      "in 2m 13s\n"
      "2026-06-01 09:59:00  1 min  GitHub      403        PERMISSION_MISSING "
      "in 0.2s: Resource not accessible (request C0DE:2)\n"
      "2026-06-01 09:59:10  50 s   report      pending    superseded, attempt "
      "6\n"
      "2026-06-01 09:59:30  30 s   GitHub      no answer  TIMEOUT in 0.2s\n");
}

// The clock may show the same time for a report and its try.
TEST_F(TimelineTest, AReportStandsBeforeATryOfTheSameTime) {
  AddTry(absl::Minutes(1), 201, "POSTED");
  AddReport(absl::Minutes(1), v1::COMMIT_STATE_PENDING);
  const std::vector<std::string> lines = Lines();
  EXPECT_THAT(lines.at(5), HasSubstr("pending"));
  EXPECT_THAT(lines.at(6), HasSubstr("201"));
}

TEST_F(TimelineTest, SaysWhoReportedWhat) {
  v1::ReportRecord report;
  report.set_disposition(v1::DISPOSITION_ACCEPTED);
  report.set_state(v1::COMMIT_STATE_ERROR);
  EXPECT_THAT(RowOf(report), HasSubstr("report  error"));
  report.set_result(v1::RESULT_TIMED_OUT);
  EXPECT_THAT(RowOf(report), EndsWith("report  error (timed out)"));
  report.set_description("No end");
  EXPECT_THAT(RowOf(report), EndsWith("error (timed out)  No end"));
  report.set_delivery_id("72d3");
  EXPECT_THAT(RowOf(report), EndsWith("webhook  error (timed out)  delivery "
                                      "72d3: No end"));
  // Where callers have names, the shim has one.
  report.set_caller("shim");
  report.set_attempt(3);
  EXPECT_THAT(RowOf(report), EndsWith("shim  error (timed out)  attempt 3, "
                                      "delivery 72d3: No end"));
  report.set_request_id("72d3");
  EXPECT_THAT(RowOf(report), EndsWith("attempt 3, delivery 72d3: No end"));
  report.set_request_id("build:17");
  EXPECT_THAT(RowOf(report), EndsWith("attempt 3, delivery 72d3, request "
                                      "build:17: No end"));
  report.set_disposition(v1::DISPOSITION_UNCHANGED);
  EXPECT_THAT(RowOf(report), HasSubstr("unchanged, attempt 3, "));
  report.set_disposition(static_cast<v1::Disposition>(77));
  EXPECT_THAT(RowOf(report), HasSubstr("unknown, attempt 3, "));
}

TEST_F(TimelineTest, ATryShowsWhatIsKnownOfIt) {
  v1::TryRecord* attempted = explained_.add_tries();
  EXPECT_THAT(Lines().back(), EndsWith("GitHub  no answer"));
  attempted->set_message("down");
  EXPECT_THAT(Lines().back(), EndsWith("no answer  down"));
  attempted->set_request_id("C0DE:1");
  EXPECT_THAT(Lines().back(), EndsWith("no answer  down (request C0DE:1)"));
  attempted->clear_message();
  EXPECT_THAT(Lines().back(), EndsWith("no answer  (request C0DE:1)"));
  // The clock was set back during the try.
  *attempted->mutable_begin_time() = Ago(absl::Seconds(1));
  *attempted->mutable_end_time() = Ago(absl::Seconds(5));
  EXPECT_THAT(Lines().back(), HasSubstr("in 0.0s"));
}

TEST_F(TimelineTest, NoHistoryIsSaid) {
  explained_.mutable_status()->mutable_posting()->set_state(
      v1::POSTING_STATE_OBSERVED);
  EXPECT_THAT(Lines(),
              ElementsAre(EndsWith("ci/build: success, seen at GitHub"), "",
                          StartsWith("What happens next: "), "",
                          "No report and no try is known."));
  explained_.Clear();
  EXPECT_THAT(Lines(), ElementsAre(EndsWith(": unspecified, unknown"), "",
                                   "No report and no try is known."));
}

TEST_F(TimelineTest, TimesOutOfAllBoundsDoNoHarm) {
  for (const int64_t seconds :
       {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
        std::numeric_limits<int64_t>::max()}) {
    v1::ReportRecord* report =
        AddReport(absl::ZeroDuration(), v1::COMMIT_STATE_PENDING);
    report->mutable_accept_time()->set_seconds(seconds);
    report->mutable_accept_time()->set_nanos(-1);
    v1::TryRecord* attempted = AddTry(absl::ZeroDuration(), 1 << 30, "");
    attempted->mutable_begin_time()->set_seconds(seconds);
    attempted->mutable_end_time()->set_seconds(~seconds);
  }
  explained_.add_reports();
  EXPECT_EQ(Lines().size(), 4 + 1 + 9u);
}

TEST_F(TimelineTest, LinesAreCutToTheColumnsOfATerminalOnly) {
  AddReport(absl::Minutes(1), v1::COMMIT_STATE_PENDING)
      ->set_caller(std::string(100, 'c'));
  AddTry(absl::Minutes(1), 403, "PERMISSION_MISSING")
      ->set_message(absl::StrCat("caf\u00e9 ", std::string(300, 'm')));
  EXPECT_THAT(Text(), AllOf(HasSubstr(std::string(100, 'c')),
                            HasSubstr(std::string(300, 'm')),
                            Not(HasSubstr("\u2026"))));
  for (const size_t columns : {1, 2, 10, 30, 42, 49, 50, 60, 80, 120}) {
    for (const bool colours : {false, true}) {
      const std::vector<std::string> lines = Lines({columns, 0, colours});
      ASSERT_EQ(lines.size(), 7u);
      for (size_t i = 4; i < lines.size(); ++i) {
        const std::string line =
            colours ? lines[i].substr(0, lines[i].find('\x1b')) : lines[i];
        EXPECT_LE(CharacterCount(line), columns) << line;
      }
      EXPECT_THAT(lines[6], HasSubstr("\u2026"));
      // A sequence that begins also ends.
      EXPECT_EQ(std::count(lines[6].begin(), lines[6].end(), '\x1b') % 2, 0);
    }
  }
  EXPECT_THAT(Lines({80, 0, false})[5],
              AllOf(HasSubstr("ccc\u2026"), EndsWith("pending")));
}

// The answer fits on the screen, with the newest entries.
TEST_F(TimelineTest, TheOldestAreLeftOutWhereTheScreenEnds) {
  AddMany(400);
  EXPECT_EQ(Lines().size(), 4 + 1 + 800u);
  const std::vector<std::string> lines = Lines({120, 40, false});
  EXPECT_EQ(lines.size(), 39u);  // And the prompt.
  EXPECT_THAT(lines.at(0), StartsWith(kCommit));
  EXPECT_THAT(lines.at(2), StartsWith("What happens next: "));
  EXPECT_EQ(lines.at(4), "767 older entries are left out; `| cat` shows all.");
  EXPECT_THAT(lines.at(5), StartsWith("TIME"));
  EXPECT_THAT(lines.back(), EndsWith(": try 1"));
  EXPECT_THAT(lines.at(lines.size() - 2), EndsWith(" report 1"));
}

TEST_F(TimelineTest, ASentenceThatTakesSeveralLinesIsCountedSo) {
  AddMany(400);
  explained_.set_next_step(std::string(1000, 'x'));
  const std::vector<std::string> lines = Lines({100, 40, false});
  EXPECT_THAT(lines.at(2), HasSubstr(std::string(1000, 'x')));
  EXPECT_EQ(lines.size() + 10 + 1, 39u);
}

TEST_F(TimelineTest, ASmallScreenStillShowsTheNewest) {
  AddMany(400);
  for (const size_t rows : {1, 5, 10}) {
    EXPECT_EQ(Lines({80, rows, false}).size(), 6 + 5u);
  }
}

TEST_F(TimelineTest, WhatFitsIsNotLeftOut) {
  AddMany(5);
  EXPECT_THAT(Text({120, 40, false}), Not(HasSubstr("left out")));
  EXPECT_THAT(Text({120, 24, false}), HasSubstr("report 5"));
}

TEST_F(TimelineTest, SaysWhenAHistoryIsAtItsBound) {
  AddMany(999);
  EXPECT_THAT(Text(), Not(HasSubstr("Only the newest")));
  AddTry(absl::ZeroDuration(), 201, "POSTED");
  EXPECT_EQ(Lines().at(4),
            "Only the newest 1,000 tries are known; older ones may be "
            "missing.");
  AddReport(absl::ZeroDuration(), v1::COMMIT_STATE_PENDING);
  EXPECT_THAT(Lines().at(4),
              StartsWith("Only the newest 1,000 reports and 1,000 tries are"));
  EXPECT_EQ(Lines().size(), 4 + 2 + 2000u);
}

TEST_F(TimelineTest, ColoursOnlyIfAsked) {
  AddReport(absl::Minutes(1), v1::COMMIT_STATE_PENDING);
  AddTry(absl::Minutes(1), 201, "POSTED");
  AddTry(absl::Minutes(1), 503, "SERVER_ERROR");
  Screen screen;
  screen.colours = true;
  EXPECT_THAT(Text(screen), AllOf(HasSubstr("\x1b[32msuccess\x1b[0m"),
                                  HasSubstr("\x1b[33mpending\x1b[0m"),
                                  HasSubstr("\x1b[32m201\x1b[0m"),
                                  HasSubstr("\x1b[31m503\x1b[0m")));
  EXPECT_THAT(Text(), Not(HasSubstr("\x1b")));
}

TEST_F(TimelineTest, TextOfTheServerCannotSteerTheTerminal) {
  const std::string hostile = "a\x1b[2J\r\nb\x9b\u202e\x07";
  v1::CommitStatus* status = explained_.mutable_status();
  status->set_context(hostile);
  status->mutable_posting()->set_reason(hostile);
  explained_.set_next_step(hostile);
  v1::ReportRecord* report =
      AddReport(absl::Minutes(1), v1::COMMIT_STATE_PENDING);
  report->set_caller(hostile);
  report->set_delivery_id(hostile);
  report->set_description(hostile);
  v1::TryRecord* attempted = AddTry(absl::Minutes(1), 403, "");
  attempted->set_reason(hostile);
  attempted->set_message(hostile);
  attempted->set_request_id(hostile);
  for (const size_t columns : {0, 60, 80, 1000}) {
    const std::vector<std::string> lines = absl::StrSplit(
        Timeline(hostile, explained_, kTimelineNow, {columns, 0, false}), '\n');
    EXPECT_EQ(lines.size(), 8u);
    for (const std::string& line : lines) EXPECT_EQ(line, Printable(line));
  }
}

}  // namespace
}  // namespace signalbox
