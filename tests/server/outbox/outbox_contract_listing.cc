// Statuses across repositories: lists, and counts of what is not posted.

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using Kind = Settlement::Kind;

// "NAME SHA state reason" of each, page by page.
std::vector<std::string> Listed(Outbox* outbox, StatusQuery query) {
  std::vector<std::string> lines;
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = outbox->ListStatuses(query);
    EXPECT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->statuses.size(), static_cast<size_t>(query.limit));
    for (const ListedStatus& listed : page->statuses) {
      lines.push_back(absl::StrCat(
          listed.repository.name, " ", listed.sha.Hex().substr(0, 1), " ",
          static_cast<int>(listed.status.posting.state), " ",
          listed.status.posting.reason));
    }
    if (!page->next.has_value()) return lines;
    query.after = *page->next;
  }
  ADD_FAILURE() << "it does not end";
  return lines;
}

StatusQuery QueryOf(std::set<PostingState> states, int limit = 100) {
  StatusQuery query;
  query.states = std::move(states);
  query.limit = limit;
  // Keeps the statuses that are in one of `states`.
  query.wants = [states = query.states](ListedStatus* listed) {
    return states.contains(listed->status.posting.state);
  };
  return query;
}

constexpr PostingState kDue = PostingState::kDue;
constexpr PostingState kPosted = PostingState::kPosted;
constexpr PostingState kWaiting = PostingState::kWaiting;
constexpr PostingState kAbandoned = PostingState::kAbandoned;
constexpr PostingState kObserved = PostingState::kObserved;

TEST_P(ListingContract, ListsWhatIsStuck) {
  std::vector<std::string> stuck = parked_;
  stuck.insert(stuck.end(), {"gadgets a 4 REPOSITORY_NOT_FOUND",
                             "gadgets b 3 SERVER_ERROR", "gadgets c 1 "});
  for (const int limit : {1, 2, 3, 100}) {
    EXPECT_EQ(Listed(&outbox(), QueryOf({kDue, kWaiting, kAbandoned}, limit)),
              stuck)
        << limit;
  }
}

TEST_P(ListingContract, ListsOnlyTheStatesThatAreWanted) {
  EXPECT_THAT(Listed(&outbox(), QueryOf({kDue})), ElementsAre("gadgets c 1 "));
  EXPECT_THAT(Listed(&outbox(), QueryOf({kAbandoned})),
              ElementsAre("gadgets a 4 REPOSITORY_NOT_FOUND"));
  std::vector<std::string> waiting = parked_;
  waiting.push_back("gadgets b 3 SERVER_ERROR");
  EXPECT_EQ(Listed(&outbox(), QueryOf({kWaiting})), waiting);
  EXPECT_EQ(Listed(&outbox(), QueryOf({kWaiting}, 1)), waiting);
  EXPECT_THAT(Listed(&outbox(), QueryOf({kPosted})),
              ElementsAre("posted a 2 "));
  EXPECT_THAT(Listed(&outbox(), QueryOf({kObserved})),
              ElementsAre("observed a 5 "));
}

TEST_P(ListingContract, WhatIsPostedIsListedBesideTheRest) {
  StatusQuery query = QueryOf({kDue, kPosted, kWaiting, kAbandoned, kObserved});
  for (const int limit : {1, 2, 3, 100}) {
    query.limit = limit;
    EXPECT_THAT(Listed(&outbox(), query),
                ElementsAre("posted a 2 ", parked_[0], parked_[1], parked_[2],
                            "gadgets a 4 REPOSITORY_NOT_FOUND",
                            "gadgets b 3 SERVER_ERROR", "gadgets c 1 ",
                            "observed a 5 "))
        << limit;
  }
}

TEST_P(ListingContract, ListsOnlyTheReasonsThatAreWanted) {
  StatusQuery query = QueryOf({kWaiting, kAbandoned});
  query.reasons = {"SERVER_ERROR", "NO_COMMIT_FOUND"};
  query.wants = [](ListedStatus* listed) {
    return listed->status.posting.reason == "SERVER_ERROR";
  };
  EXPECT_THAT(Listed(&outbox(), query),
              ElementsAre("gadgets b 3 SERVER_ERROR"));
  query.reasons = {"REPOSITORY_NOT_FOUND"};
  query.wants = [](ListedStatus* listed) {
    return listed->status.posting.reason == "REPOSITORY_NOT_FOUND";
  };
  EXPECT_EQ(Listed(&outbox(), query).size(), 4u);
}

TEST_P(ListingContract, ListsOnlyTheRepositoriesThatAreWanted) {
  StatusQuery query = QueryOf({kDue, kWaiting, kAbandoned}, 2);
  query.wants_repository = [](const ListedStatus& listed) {
    EXPECT_EQ(listed.credential, "acme");
    return listed.repository.name == "gadgets";
  };
  EXPECT_EQ(Listed(&outbox(), query).size(), 3u);
  query.states.insert(kPosted);
  EXPECT_EQ(Listed(&outbox(), query).size(), 3u);
}

// `wants` can turn the due statuses of a waiting credential into waiting ones.
TEST_P(ListingContract, WhatIsDueOfACredentialThatWaitsIsWaiting) {
  StatusQuery query = QueryOf({kWaiting});
  query.wants_repository = [](const ListedStatus& listed) {
    return listed.repository.name == "gadgets";
  };
  query.credential_waits = [](const std::string& credential) {
    return credential == "acme";
  };
  query.wants = [](ListedStatus* listed) {
    Posting& posting = listed->status.posting;
    if (posting.state == kDue) posting.state = kWaiting;
    return posting.state == kWaiting;
  };
  EXPECT_THAT(Listed(&outbox(), query),
              ElementsAre("gadgets b 3 SERVER_ERROR", "gadgets c 3 "));
  query.states = {kDue};
  EXPECT_THAT(Listed(&outbox(), query), testing::IsEmpty());
}

TEST_P(ListingContract, ParkedIsSaidWithTheNextTime) {
  const auto page = outbox().ListStatuses(QueryOf({kWaiting}));
  ASSERT_EQ(page->statuses.size(), 4u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(page->statuses[i].is_parked);
    EXPECT_EQ(page->statuses[i].status.posting.next_try_time,
              Now() + absl::Seconds(10));
  }
  EXPECT_FALSE(page->statuses[3].is_parked);
}

// A status that exists all the time is on exactly one page.
TEST_P(ListingContract, WhatHappensMeanwhileMovesNothingElse) {
  for (const bool with_posted : {false, true}) {
    StatusQuery query = QueryOf({kDue, kWaiting, kAbandoned}, 1);
    if (with_posted) query.states.insert(kPosted);
    query.wants = nullptr;
    std::vector<Sha> seen;
    for (int pages = 0; pages < 30; ++pages) {
      const auto page = outbox().ListStatuses(query);
      ASSERT_TRUE(page.ok());
      for (const ListedStatus& listed : page->statuses) {
        if (listed.repository.name == "gadgets") seen.push_back(listed.sha);
      }
      if (!page->next.has_value()) break;
      query.after = *page->next;
      Retry(Done("gadgets", 'a'));
      Accept(On(ResultOf(Result::kFailure, 5 + pages), "gadgets", 'c'));
    }
    EXPECT_THAT(seen, ElementsAre(ShaOf('a'), ShaOf('b'), ShaOf('c')));
  }
}

// All its reports were superseded, so there is nothing to post.
TEST_P(ListingContract, WhatWasNeverAcceptedIsLeftOut) {
  Submission newer = Of({On(WebhookPending(), "heads", 'a')});
  newer.change = CodeChange();
  newer.change->event = "pull_request";
  newer.change->pull_request_number = 7;
  newer.change->updated_time = Now();
  Receipts(newer);
  SetReport(&newer, On(WebhookPending(), "heads", 'b'));
  newer.change->updated_time = Now() - absl::Hours(1);
  Receipts(newer);
  StatusQuery query = QueryOf({kDue, kWaiting, kAbandoned});
  query.wants_repository = [](const ListedStatus& listed) {
    return listed.repository.name == "heads";
  };
  query.wants = nullptr;
  EXPECT_THAT(Listed(&outbox(), query), ElementsAre("heads a 1 "));
  query.states.insert(kPosted);
  EXPECT_THAT(Listed(&outbox(), query), ElementsAre("heads a 1 "));
}

TEST_P(ListingContract, WhatHasLostItsNameIsLeftOutAndCounted) {
  Deliver(On(WebhookPending(), "lost"), 7);
  Deliver(On(WebhookPending(), "lost"), 8);
  StatusQuery query = QueryOf({kDue, kWaiting, kAbandoned});
  query.wants_repository = [](const ListedStatus& listed) {
    return listed.repository.name == "lost";
  };
  EXPECT_EQ(Listed(&outbox(), query).size(), 1u);
  query.states.insert(kPosted);
  EXPECT_EQ(Listed(&outbox(), query).size(), 1u);
  const auto counts = outbox().CountPostings(Now());
  EXPECT_EQ(counts->by_reason.at({kWaiting, "", "NAME_UNKNOWN"}), 1);
}

TEST_P(ParkingContract, ManyAreTriedAgainAtOnce) {
  for (const char sha : {'a', 'b'}) {
    Accept(Done("widgets", sha));
    Settle(*TakeResult(), Kind::kAbandoned);
  }
  EXPECT_TRUE(
      outbox()
          .RetryAll({Done("widgets", 'a').Key(), Done("widgets", 'b').Key(),
                     Done("unknown", 'a').Key()},
                    Now())
          .ok());
  EXPECT_TRUE(TakeResult().has_value());
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ListingContract, CountsWhatIsNotPosted) {
  const absl::Time due = Now();
  clock_.Advance(absl::Seconds(3));
  const auto counts = outbox().CountPostings(Now());
  ASSERT_TRUE(counts.ok());
  std::vector<std::string> lines;
  for (const auto& [key, count] : counts->by_reason) {
    lines.push_back(absl::StrCat(static_cast<int>(key.state), " ",
                                 key.credential, " ", key.reason, " ", count));
  }
  EXPECT_THAT(lines,
              ElementsAre("1 acme  1", "3  REPOSITORY_NOT_FOUND 3",
                          "3  SERVER_ERROR 1", "4  REPOSITORY_NOT_FOUND 1"));
  EXPECT_THAT(counts->oldest_due, ElementsAre(testing::Pair("acme", due)));
}

TEST_P(ParkingContract, NothingIsCountedWhereNothingIs) {
  const auto counts = outbox().CountPostings(Now());
  ASSERT_TRUE(counts.ok());
  EXPECT_TRUE(counts->by_reason.empty());
  EXPECT_TRUE(counts->oldest_due.empty());
}

}  // namespace
}  // namespace signalbox
