#include "server/outbox/sqlite_listing.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StatusQuery QueryOf(std::set<PostingState> states, int limit = 100) {
  StatusQuery query;
  query.states = std::move(states);
  query.limit = limit;
  query.wants = [states = query.states](ListedStatus* listed) {
    return states.contains(listed->status.posting.state);
  };
  return query;
}

class SqliteListingTest : public SqliteOutboxFixture {
 protected:
  static constexpr int kMany = 20'000;
  // To read all their entries, SQLite asks over a thousand times.
  static constexpr int kFewLooks = 40;

  // Stores many statuses of a repository. The last three are abandoned, and
  // `others` sets the columns of the rest.
  void FillAll(const std::string& others) {
    {
      const std::unique_ptr<Outbox> outbox = Open();
      Fill(outbox.get(), kMany);
    }
    Tamper(absl::StrCat("UPDATE entry SET ", others,
                        "; UPDATE entry SET posting_state = 4, due_time_us = "
                        "NULL, posting_reason = 'PERMISSION_MISSING' WHERE "
                        "entry_id > ",
                        kMany - 3)
               .c_str());
  }

  struct Read {
    ListedPage page;
    // How often SQLite asked whether to go on: for each page that it read from
    // the file, and for each thousand steps of its machine.
    int work = 0;
  };
  Read List(const StatusQuery& query) {
    Read read;
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    EXPECT_TRUE(connection.ok());
    (*connection)->SetCancelled([&read] {
      ++read.work;
      return false;
    });
    SqliteTransaction transaction(connection->get(),
                                  SqliteTransaction::Kind::kRead);
    read.page = ListStatuses(connection->get(), query);
    EXPECT_TRUE((*connection)->status().ok()) << (*connection)->status();
    return read;
  }
};

constexpr char kArePosted[] =
    "posting_state = 2, due_time_us = NULL, posting_reason = ''";
constexpr char kAreDue[] = "posting_state = 1, due_time_us = 1";
constexpr char kAreAbandoned[] =
    "posting_state = 4, due_time_us = NULL, posting_reason = 'NO_CREDENTIAL'";

TEST_F(SqliteListingTest, WhatIsStuckIsFoundAmongMuchThatIsPosted) {
  FillAll(kArePosted);
  const Read read = List(QueryOf(
      {PostingState::kDue, PostingState::kWaiting, PostingState::kAbandoned}));
  EXPECT_EQ(read.page.statuses.size(), 3u);
  EXPECT_EQ(read.page.next, std::nullopt);
  EXPECT_LE(read.work, kFewLooks);
}

TEST_F(SqliteListingTest, WhatIsStuckIsFoundAmongMuchThatIsDue) {
  FillAll(kAreDue);
  const Read read =
      List(QueryOf({PostingState::kWaiting, PostingState::kAbandoned}));
  EXPECT_EQ(read.page.statuses.size(), 3u);
  EXPECT_EQ(read.page.next, std::nullopt);
  EXPECT_LE(read.work, kFewLooks);
}

TEST_F(SqliteListingTest, AReasonIsFoundAmongMuchOfAnother) {
  FillAll(kAreAbandoned);
  StatusQuery query = QueryOf({PostingState::kAbandoned});
  query.reasons = {"PERMISSION_MISSING"};
  const Read read = List(query);
  EXPECT_EQ(read.page.statuses.size(), 3u);
  EXPECT_LE(read.work, kFewLooks);
}

TEST_F(SqliteListingTest, APageOfAllReadsAPageOnly) {
  FillAll(kArePosted);
  StatusQuery query = QueryOf({PostingState::kPosted}, 10);
  for (int pages = 0; pages < 3; ++pages) {
    const Read read = List(query);
    EXPECT_EQ(read.page.statuses.size(), 10u);
    EXPECT_LE(read.work, kFewLooks);
    query.after = read.page.next.value_or(StatusPlace());
  }
}

// A filter that matches nothing holds nobody up for long, and comes to an end.
TEST_F(SqliteListingTest, APageOfWhatFitsNothingEndsAndGoesOn) {
  for (const char* others : {kArePosted, kAreDue, kAreAbandoned}) {
    std::filesystem::remove_all(data_dir());
    FillAll(others);
    StatusQuery query = QueryOf({PostingState::kDue, PostingState::kAbandoned});
    if (others == kArePosted) query.states.insert(PostingState::kPosted);
    int looked = 0;
    query.wants = [&looked](ListedStatus*) {
      ++looked;
      return false;
    };
    int pages = 0;
    for (; pages < 100; ++pages) {
      const int before = looked;
      const Read read = List(query);
      EXPECT_THAT(read.page.statuses, IsEmpty());
      EXPECT_LE(looked - before, 5000);
      EXPECT_LE(read.work, 1000) << others;
      if (!read.page.next.has_value()) break;
      query.after = *read.page.next;
    }
    EXPECT_EQ(looked, kMany) << others;
    EXPECT_LE(pages, 10) << others;
  }
}

// The same holds for many repositories of which none is wanted.
TEST_F(SqliteListingTest, APageGoesThroughABoundedNumberOfRepositories) {
  const std::unique_ptr<Outbox> outbox = Open();
  std::vector<Submission> submissions;
  for (int i = 0; i < 2500; ++i) {
    submissions.push_back(
        Of({On(ResultOf(Result::kSuccess), absl::StrCat("acme/r", i))}));
  }
  ASSERT_TRUE(outbox->Accept(submissions, clock_.Now()).ok());
  for (const bool all : {false, true}) {
    StatusQuery query = QueryOf({PostingState::kDue});
    if (all) query.states.insert(PostingState::kPosted);
    int asked = 0;
    query.wants_repository = [&asked](const ListedStatus& listed) {
      ++asked;
      return listed.repository.name == "r2499";
    };
    std::vector<int> of_pages;
    std::vector<std::string> found;
    for (int pages = 0; pages < 10; ++pages) {
      asked = 0;
      const auto page = outbox->ListStatuses(query);
      of_pages.push_back(asked);
      for (const ListedStatus& listed : page->statuses) {
        found.push_back(listed.repository.name);
      }
      if (!page->next.has_value()) break;
      query.after = *page->next;
    }
    EXPECT_THAT(of_pages, ElementsAre(1000, 1000, 500));
    EXPECT_THAT(found, ElementsAre("r2499"));
  }
}

// One damaged row stops neither a list nor a retry of all.
TEST_F(SqliteListingTest, ADamagedRowIsListedAsSuchBesideTheOthers) {
  for (const char* damage : {"phase = 9", "try_count = -1", "version = 'x'"}) {
    std::filesystem::remove_all(data_dir());
    KeyReport other = ResultOf(Result::kSuccess, 1);
    other.sha = ShaOf('b');
    {
      const std::unique_ptr<Outbox> outbox = Open();
      ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok());
      ASSERT_TRUE(Accept(outbox.get(), other).ok());
    }
    MakeLenient();
    Tamper(absl::StrCat("UPDATE entry SET ", damage, " WHERE entry_id = 1")
               .c_str());
    damage_.clear();
    const std::unique_ptr<Outbox> outbox = OpenAndNoteDamage();
    ASSERT_NE(outbox, nullptr);
    StatusQuery query = QueryOf({PostingState::kDue, PostingState::kAbandoned});
    for (const bool all : {false, true}) {
      if (all) query.states.insert(PostingState::kPosted);
      const auto page = outbox->ListStatuses(query);
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_EQ(page->statuses.size(), 2u) << damage;
      EXPECT_EQ(page->statuses[0].status.posting.reason, "ROW_DAMAGED");
      EXPECT_EQ(page->statuses[1].status.posting.state, PostingState::kDue);
    }
    EXPECT_EQ(damage_.size(), 1u);
  }
}

TEST_F(SqliteListingTest, ACommitWithADamagedShaIsOnNoPage) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    for (const char sha : {'a', 'b', 'c'}) {
      KeyReport report = ResultOf(Result::kSuccess, 1);
      report.sha = ShaOf(sha);
      ASSERT_TRUE(Accept(outbox.get(), report).ok());
    }
  }
  Tamper(
      "UPDATE commit_summary SET sha = x'bbbb' WHERE sha = x'"
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'");
  for (const bool by_commits : {false, true}) {
    StatusQuery query = QueryOf({PostingState::kDue}, /*limit=*/1);
    if (by_commits) query.states.insert(PostingState::kPosted);
    std::vector<Sha> listed;
    for (int pages = 0; pages < 10; ++pages) {
      const ListedPage page = List(query).page;
      for (const ListedStatus& one : page.statuses) listed.push_back(one.sha);
      if (!page.next.has_value()) break;
      EXPECT_FALSE(by_commits && page.next->sha.empty());
      query.after = *page.next;
    }
    EXPECT_THAT(listed, ElementsAre(ShaOf('a'), ShaOf('c')));
  }
}

TEST_F(SqliteListingTest, ADamagedRowIsSetAsideByARetryOfMany) {
  const KeyReport first = ResultOf(Result::kFailure, 1);
  KeyReport other = ResultOf(Result::kSuccess, 1);
  other.sha = ShaOf('b');
  {
    const std::unique_ptr<Outbox> outbox = Open();
    ASSERT_TRUE(Accept(outbox.get(), first).ok());
    ASSERT_TRUE(Accept(outbox.get(), other).ok());
  }
  Tamper(
      "UPDATE entry SET posting_state = 4, due_time_us = NULL; "
      "UPDATE entry SET posting_state = 9 WHERE entry_id = 1");
  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_TRUE(outbox->RetryAll({first.Key(), other.Key()}, clock_.Now()).ok());
  const auto page = outbox->ListStatuses(
      QueryOf({PostingState::kDue, PostingState::kAbandoned}));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->statuses.size(), 2u);
  EXPECT_EQ(page->statuses[0].status.posting.reason, "ROW_DAMAGED");
  EXPECT_EQ(page->statuses[1].status.posting.state, PostingState::kDue);
}

}  // namespace
}  // namespace signalbox
