#include "server/rpc/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/convert.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The largest message that gRPC's clients take by default.
constexpr size_t kClientLimit = 4 << 20;

CommitView CommitOf(const std::vector<std::string>& contexts) {
  CommitView commit;
  commit.repository = *ParseRepository("acme/app");
  for (const std::string& context : contexts) {
    commit.statuses.emplace_back().context = context;
  }
  std::sort(commit.statuses.begin(), commit.statuses.end(),
            [](const StatusView& a, const StatusView& b) {
              return absl::AsciiStrToLower(a.context) <
                     absl::AsciiStrToLower(b.context);
            });
  return commit;
}

StatusPage StatusesAfter(const CommitView& commit, int page_size,
                         const std::string& token) {
  const auto request = ParseStatusPage(page_size, token);
  EXPECT_TRUE(request.ok()) << request.status();
  return PageOf(commit, *request);
}

HistoryPage HistoryAfter(const History& history, int page_size,
                         const std::string& token) {
  const auto request = ParseHistoryPage(page_size, token);
  EXPECT_TRUE(request.ok()) << request.status();
  return PageOf(history, *request);
}

TEST(ReportPageTest, HasItsOwnTokens) {
  const std::string token = ReportPageToken(7);
  EXPECT_EQ(ParseReportPage(0, token)->before_sequence, 7);
  EXPECT_EQ(ParseReportPage(0, "")->before_sequence, 0);
  EXPECT_EQ(ParseReportPage(0, "")->limit, 30);
  EXPECT_EQ(ParseReportPage(1000, token)->limit, 100);
  EXPECT_EQ(ReasonOf(ParseReportPage(-1, token).status()), "INVALID_PAGE_SIZE");
  EXPECT_EQ(ReasonOf(ParseCommitPage(0, token).status()), "INVALID_PAGE_TOKEN");
  for (const char* const bad : {"7", "r", "r0", "r-1", "rr7", "r7x"}) {
    EXPECT_EQ(ReasonOf(ParseReportPage(0, bad).status()), "INVALID_PAGE_TOKEN")
        << bad;
  }
}

TEST(StatusPageTest, OnePageHoldsWhatFits) {
  const CommitView commit = CommitOf({"a", "B", "c"});
  const StatusPage page = StatusesAfter(commit, 0, "");
  EXPECT_EQ(page.statuses.begin, 0u);
  EXPECT_EQ(page.statuses.end, 3u);
  EXPECT_EQ(page.next_page_token, "");
  EXPECT_EQ(StatusesAfter(commit, 3, "").next_page_token, "");
  EXPECT_NE(StatusesAfter(commit, 2, "").next_page_token, "");
  EXPECT_EQ(StatusesAfter(CommitOf({}), 0, "").statuses.end, 0u);
}

// Contexts are compared without regard to case, and may be any UTF-8.
TEST(StatusPageTest, EveryStatusIsOnOnePage) {
  const CommitView commit = CommitOf(
      {"a", "Aa", "B", "ci/Grün", "ci/gruen", "Z", "z z", "~", "\u00e9"});
  for (int page_size = 1; page_size <= 10; ++page_size) {
    std::string token;
    size_t next = 0;
    do {
      const StatusPage page = StatusesAfter(commit, page_size, token);
      EXPECT_EQ(page.statuses.begin, next);
      EXPECT_GT(page.statuses.end, next);
      EXPECT_LE(page.statuses.end, next + page_size);
      next = page.statuses.end;
      token = page.next_page_token;
    } while (!token.empty());
    EXPECT_EQ(next, commit.statuses.size());
  }
}

TEST(StatusPageTest, WhatComesAndGoesMeanwhileMovesNothingElse) {
  const StatusPage first = StatusesAfter(CommitOf({"b", "d", "f", "h"}), 2, "");
  const CommitView later = CommitOf({"a", "c", "e", "f", "h"});
  const StatusPage second = StatusesAfter(later, 9, first.next_page_token);
  EXPECT_EQ(later.statuses[second.statuses.begin].context, "e");
  EXPECT_EQ(second.statuses.end, later.statuses.size());
}

// The largest that are possible.
TEST(StatusPageTest, EightHundredFullContextsStayBelowWhatClientsTake) {
  std::vector<std::string> contexts;
  std::string wide;
  while (wide.size() < 4 * 251) wide += "\U0001F680";
  for (int i = 0; i < 800; ++i) {
    contexts.push_back(absl::StrCat(1000 + i, wide));
  }
  CommitView commit = CommitOf(contexts);
  for (StatusView& status : commit.statuses) {
    status.description = std::string(4096, 'd');
    status.target_url = std::string(2048, 'u');
    status.posting.reason = std::string(60, 'R');
    status.posting.next_try_time = absl::FromUnixSeconds(2'000'000'000);
    status.posting.post_time = absl::FromUnixSeconds(2'000'000'000);
    status.expire_time = absl::FromUnixSeconds(2'000'000'000);
    status.sequence = status.attempt = int64_t{1} << 62;
  }
  std::string token;
  int count = 0;
  do {
    const StatusPage page = StatusesAfter(commit, 5000, token);
    const v1::GetCommitStatusResponse answer = ToProto(commit, page);
    EXPECT_LT(answer.ByteSizeLong(), kClientLimit * 3 / 4);
    count += answer.statuses_size();
    token = answer.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(count, 800);
}

TEST(StatusPageTest, RefusesWhatIsNotFromHere) {
  EXPECT_EQ(ReasonOf(ParseStatusPage(-1, "").status()), "INVALID_PAGE_SIZE");
  for (const char* token : {"!", "\xff", "Cg==", "gICA"}) {
    EXPECT_EQ(ReasonOf(ParseStatusPage(0, token).status()),
              "INVALID_PAGE_TOKEN")
        << token;
  }
}

// A history with reports and tries at these seconds.
History HistoryOf(const std::vector<int>& reports,
                  const std::vector<int>& tries) {
  History history;
  history.repository = *ParseRepository("acme/app");
  for (const int second : reports) {
    RecordedReport& report = history.reports.emplace_back();
    report.id = 1000 + second;
    report.sequence = second;
    report.accept_time = absl::FromUnixSeconds(second);
  }
  for (const int second : tries) {
    RecordedTry& recorded = history.tries.emplace_back();
    recorded.id = 2000 + second;
    recorded.sequence = second;
    recorded.attempted.begin_time = absl::FromUnixSeconds(second);
  }
  return history;
}

std::vector<int64_t> SequencesOf(const History& history,
                                 const HistoryPage& page) {
  std::vector<int64_t> sequences;
  for (size_t i = page.reports.begin; i < page.reports.end; ++i) {
    sequences.push_back(history.reports[i].sequence);
  }
  for (size_t i = page.tries.begin; i < page.tries.end; ++i) {
    sequences.push_back(history.tries[i].sequence);
  }
  return sequences;
}

TEST(HistoryPageTest, TheFirstPageHasTheNewestOfBoth) {
  const History history = HistoryOf({1, 3, 5, 6}, {2, 4, 7});
  HistoryPage page = HistoryAfter(history, 3, "");
  EXPECT_THAT(SequencesOf(history, page), ElementsAre(5, 6, 7));
  page = HistoryAfter(history, 3, page.next_page_token);
  EXPECT_THAT(SequencesOf(history, page), ElementsAre(3, 2, 4));
  page = HistoryAfter(history, 3, page.next_page_token);
  EXPECT_THAT(SequencesOf(history, page), ElementsAre(1));
  EXPECT_EQ(page.next_page_token, "");
  page = HistoryAfter(history, 0, "");
  EXPECT_THAT(SequencesOf(history, page), ElementsAre(1, 3, 5, 6, 2, 4, 7));
  EXPECT_EQ(page.next_page_token, "");
  EXPECT_THAT(
      SequencesOf(HistoryOf({}, {}), HistoryAfter(HistoryOf({}, {}), 0, "")),
      IsEmpty());
}

TEST(HistoryPageTest, WhatComesAndGoesMeanwhileMovesNothingElse) {
  const HistoryPage first = HistoryAfter(HistoryOf({1, 3, 5}, {2, 4}), 2, "");
  const History later = HistoryOf({3, 5, 6, 8}, {2, 4, 7});
  const HistoryPage second = HistoryAfter(later, 9, first.next_page_token);
  EXPECT_THAT(SequencesOf(later, second), ElementsAre(3, 2));
}

// Any lists, with times that go back as a clock can.
TEST(HistoryPageTest, EverythingIsOnOnePage) {
  std::mt19937 random(Seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<int> reports(random() % 12);
    std::vector<int> tries(random() % 12);
    for (int& second : reports) second = random() % 10;
    for (int& second : tries) second = random() % 10;
    History history = HistoryOf(reports, tries);
    for (size_t i = 0; i < reports.size(); ++i) history.reports[i].id = 10 + i;
    for (size_t i = 0; i < tries.size(); ++i) history.tries[i].id = 10 + i;
    const int page_size = 1 + random() % 6;
    size_t report = reports.size();
    size_t attempt = tries.size();
    std::string token;
    do {
      const HistoryPage page = HistoryAfter(history, page_size, token);
      EXPECT_EQ(page.reports.end, report);
      EXPECT_EQ(page.tries.end, attempt);
      report = page.reports.begin;
      attempt = page.tries.begin;
      token = page.next_page_token;
    } while (!token.empty());
    EXPECT_EQ(report + attempt, 0u) << round;
  }
}

TEST(HistoryPageTest, AThousandFullReportsStayBelowWhatClientsTake) {
  History history;
  for (int i = 0; i < 1000; ++i) {
    RecordedReport& report = history.reports.emplace_back();
    report.id = 1 + i;
    report.sequence = report.attempt = int64_t{1} << 62;
    report.accept_time = absl::FromUnixSeconds(i);
    report.description = std::string(4096, 'd');
    report.target_url = std::string(2048, 'u');
    report.caller = report.delivery_id = std::string(255, 'i');
    RecordedTry& recorded = history.tries.emplace_back();
    recorded.id = 1 + i;
    recorded.attempted.begin_time = absl::FromUnixSeconds(i);
    recorded.attempted.end_time = absl::FromUnixSeconds(i + 1);
    recorded.attempted.request_id = std::string(128, 'r');
    recorded.attempted.message = std::string(256, 'm');
    recorded.attempted.reason = "SERVER_ERROR";
  }
  std::string token;
  int reports = 0;
  int tries = 0;
  do {
    const v1::ExplainStatusResponse answer =
        ToProto(history, HistoryAfter(history, 0, token));
    EXPECT_LT(answer.ByteSizeLong(), kClientLimit * 3 / 4);
    reports += answer.reports_size();
    tries += answer.tries_size();
    token = answer.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(reports, 1000);
  EXPECT_EQ(tries, 1000);
}

// A farm may leave out all texts but the series.
TEST(HistoryPageTest, ReportsWithLongSeriesFillAPage) {
  History history;
  for (int i = 0; i < 9000; ++i) {
    RecordedReport& report = history.reports.emplace_back();
    report.id = 1 + i;
    report.series = std::string(255, 's');
  }
  const HistoryPage page = HistoryAfter(history, 0, "");
  EXPECT_LE(ToProto(history, page).ByteSizeLong(), kMaxPageBytes);
  EXPECT_NE(page.next_page_token, "");
}

TEST(HistoryPageTest, RefusesWhatIsNotFromHere) {
  EXPECT_EQ(ReasonOf(ParseHistoryPage(-1, "").status()), "INVALID_PAGE_SIZE");
  for (const char* token :
       {"1", "1.2.3", "a.b", ".", "1.", "99999999999999999999.1"}) {
    EXPECT_EQ(ReasonOf(ParseHistoryPage(0, token).status()),
              "INVALID_PAGE_TOKEN")
        << token;
  }
}

}  // namespace
}  // namespace signalbox
