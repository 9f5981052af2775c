#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Three hours after the test begins.
const absl::Time kMorning = FakeClock().Now() + absl::Hours(3);

Event Moved(absl::string_view from, absl::string_view to, int64_t number,
            absl::Time time) {
  return RepositoryMoved{Repo(from), Repo(to), number, time};
}

EventSubmission Renamed(Event event, std::string id = "d1") {
  EventSubmission submission;
  submission.delivery = {std::move(id), "", "e", "a", 0};
  submission.event = std::move(event);
  return submission;
}

}  // namespace

// `acme/app` (77) was renamed, and a new `acme/app` (78) made.
#define SIGNALBOX_MADE_ANEW()                                 \
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app"), 77); \
  Rename("acme/app", "acme/app-old", 77);                     \
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app", 'b'), 78)

TEST_P(OutboxContract, ALateDeliveryMergesNoTwoRepositories) {
  SIGNALBOX_MADE_ANEW();
  Deliver(On(WebhookPending(), "acme/app", 'c'), 77);
  EXPECT_THAT(Names(), ElementsAre("acme/app 78", "acme/app-old 77"));
  EXPECT_TRUE(IsKnown("acme/app-old", 'c'));
  EXPECT_FALSE(IsKnown("acme/app", 'c'));
  EXPECT_TRUE(IsKnown("acme/app", 'b'));
  EXPECT_FALSE(IsKnown("acme/app-old", 'b'));
  // The server asks about both, and the answers change nothing.
  EXPECT_THAT(Asked(), ElementsAre("77", "acme/app"));
  Answer("77", "acme/app-old", 77);
  Answer("acme/app", "acme/app", 78);
  EXPECT_THAT(Names(), ElementsAre("acme/app 78", "acme/app-old 77"));
  EXPECT_THAT(Asked(), IsEmpty());
}

TEST_P(OutboxContract, ALateRenameMergesNoTwoRepositories) {
  SIGNALBOX_MADE_ANEW();
  // The late rename names acme/app, which is 78's name now.
  EXPECT_TRUE(Tell(Renamed(Moved("acme/first", "acme/app", 77, kMorning))));
  EXPECT_THAT(Names(), ElementsAre("acme/app 78", "acme/app-old 77"));
  Answer("77", "acme/app-old", 77);
  Answer("acme/app", "acme/app", 78);
  EXPECT_THAT(Names(), ElementsAre("acme/app 78", "acme/app-old 77"));
}

TEST_P(OutboxContract, ARenameOfAnotherNumberLeavesTheNewOwnerOfTheName) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app"), 78);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/other", 'b'));
  // The server does not know number 77, which was called acme/app once.
  EXPECT_TRUE(Tell(Renamed(Moved("acme/app", "acme/app-old", 77, kMorning))));
  EXPECT_TRUE(IsKnown("acme/app"));
  EXPECT_FALSE(IsKnown("acme/app-old"));
}

TEST_P(OutboxContract, ANameThatMovesOnDisplacesNobodyForGood) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app"), 77);
  // A new repository got the name. The server missed the rename of the old one.
  Deliver(On(ResultOf(Result::kFailure, 1), "acme/app", 'b'), 78);
  EXPECT_THAT(Asked(), ElementsAre("78", "acme/app"));
  // 78 is not posted under a name that 77 still has.
  ASSERT_TRUE(TakeResult().has_value());
  EXPECT_EQ(TakeResult(), std::nullopt);
  Answer("78", "acme/app", 78);
  EXPECT_TRUE(IsKnown("acme/app", 'b'));
  EXPECT_FALSE(IsKnown("acme/app", 'a'));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->sha, ShaOf('b'));
  EXPECT_EQ(lease->repository.FullName(), "acme/app");
  // Now 77 waits for its name.
  EXPECT_THAT(Asked(), ElementsAre("77", "acme/app"));
  Answer("77", "acme/app-old", 77);
  EXPECT_TRUE(IsKnown("acme/app-old", 'a'));
  Answer("acme/app", "acme/app", 78);
  EXPECT_THAT(Names(), ElementsAre("acme/app 78", "acme/app-old 77"));
}

TEST_P(OutboxContract, ARepositoryThatIsGoneIsAbandonedInTheEnd) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app"), 77);
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  Deliver(On(ResultOf(Result::kFailure, 1), "acme/app", 'b'), 78);
  const ChangeCursor before = *outbox().NewestChange();
  for (int hours = 0; hours < 7 * 24; ++hours) {
    if (!Asked().empty() && Asked().front() == "78") Answer("78", "");
    EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
    clock_.Advance(absl::Hours(1));
  }
  EXPECT_TRUE(AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10).ok());
  const auto changes = outbox().ChangesAfter(before, 10);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(changes->front().status.posting.state, PostingState::kAbandoned);
  EXPECT_EQ(changes->front().status.posting.reason, "REPOSITORY_GONE");
  // A delivery that names it asks again.
  Deliver(On(WebhookPending(), "acme/app", 'c'), 78);
  Answer("78", "acme/app-new", 78);
  EXPECT_EQ(Status("acme/app-new", 'b').posting.state, PostingState::kDue);
}

TEST_P(OutboxContract, RenamesAreTakenInGitHubsOrder) {
  Deliver(On(Pending(1), "acme/a"), 7);
  EXPECT_TRUE(Tell(Renamed(
      Moved("acme/b", "acme/c", 7, kMorning + absl::Hours(1)), "second")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
  EXPECT_TRUE(Tell(Renamed(Moved("acme/a", "acme/b", 7, kMorning), "first")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
  EXPECT_TRUE(IsKnown("acme/a"));
  EXPECT_TRUE(IsKnown("acme/b"));
  EXPECT_TRUE(Tell(Renamed(
      Moved("acme/c", "acme/a", 7, kMorning + absl::Hours(2)), "third")));
  EXPECT_THAT(Names(), ElementsAre("acme/a 7"));
}

// When a delivery first named the repository, it had another name already.
TEST_P(OutboxContract, ARenameFromBeforeTheFirstDeliveryIsAskedAbout) {
  clock_.Advance(absl::Hours(4));
  Deliver(On(Pending(1), "acme/c"), 7);
  EXPECT_TRUE(Tell(Renamed(Moved("acme/a", "acme/b", 7, kMorning), "late")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
  Answer("7", "acme/c", 7);
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
}

// Nobody has reported under the name in GitHub's answer. A row for it would
// separate the farm's reports from the webhook's.
TEST_P(OutboxContract, AnAnswerAboutAnUnknownNumberMakesNoRepositoryKnown) {
  clock_.Advance(absl::Hours(4));
  Accept(On(ResultOf(Result::kSuccess, 31), "acme/app"));
  EXPECT_TRUE(Tell(Renamed(Moved("acme/app", "acme/app-1", 7, kMorning))));
  EXPECT_THAT(Asked(), ElementsAre("7", "acme/app", "acme/app-1"));
  Answer("7", "acme/app-1", 7);
  Answer("acme/app-1", "acme/app-1", 7);
  EXPECT_THAT(Names(), ElementsAre("acme/app 0"));
  Submission submission = Of({On(WebhookPending(), "acme/app")});
  submission.report.repository_id = 7;
  submission.delivery = Delivery{"d2", "", "pull_request", "opened", 0};
  EXPECT_EQ(Receipts(submission)[0].disposition, Disposition::kSuperseded);
  Answer("acme/app", "acme/app-1", 7);
  EXPECT_THAT(Names(), ElementsAre("acme/app-1 7"));
}

// Whether GitHub answers or nobody asks it.
TEST_P(OutboxContract, WhatHasNoNameForAWeekIsAbandoned) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/app"), 77);
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  Deliver(On(ResultOf(Result::kFailure, 1), "acme/app", 'b'), 78);
  for (int day = 0; day < 7; ++day) {
    EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
    EXPECT_EQ(*AsHolder(outbox(), &Outbox::DoChores, Now()), false);
    clock_.Advance(absl::Hours(24));
  }
  const ChangeCursor before = *outbox().NewestChange();
  EXPECT_TRUE(AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10).ok());
  const auto changes = outbox().ChangesAfter(before, 10);
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(changes->front().status.posting.reason, "REPOSITORY_GONE");
}

TEST_P(OutboxContract, AClockSetBackDelaysNoQuestion) {
  SIGNALBOX_MADE_ANEW();
  Deliver(On(WebhookPending(), "acme/app", 'c'), 77);
  EXPECT_THAT(Asked(), ElementsAre("77", "acme/app"));
  clock_.Jump(-absl::Hours(1));
  EXPECT_THAT(Asked(), IsEmpty());
  EXPECT_TRUE(
      AsHolder(outbox(), &Outbox::BringForward, kFarthestDue, Now(), 10).ok());
  EXPECT_THAT(Asked(), ElementsAre("77", "acme/app"));
}

TEST_P(OutboxContract, AnAnswerIsNewerThanAnOlderRename) {
  Deliver(On(Pending(1), "acme/a"), 7);
  Deliver(On(Pending(1), "acme/c"), 7);
  Answer("7", "acme/c", 7, kMorning);
  EXPECT_TRUE(Tell(Renamed(
      Moved("acme/a", "acme/b", 7, kMorning - absl::Hours(1)), "late")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
}

TEST_P(OutboxContract, AChainOfRenamesInOneSecondIsFollowed) {
  Deliver(On(Pending(1), "acme/a"), 7);
  EXPECT_TRUE(Tell(Renamed(Moved("acme/a", "acme/b", 7, kMorning), "first")));
  EXPECT_TRUE(Tell(Renamed(Moved("acme/b", "acme/c", 7, kMorning), "second")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
}

// GitHub sends no future times, and our own clock may be wrong by hours.
TEST_P(OutboxContract, ARenameOfTheFutureDoesNotStayTheNewest) {
  Deliver(On(Pending(1), "acme/a"), 7);
  const absl::Time future = Now() + absl::Hours(25);
  EXPECT_TRUE(Tell(Renamed(Moved("acme/a", "acme/b", 7, future), "first")));
  const absl::Time ahead = Now() + absl::Hours(1);
  EXPECT_TRUE(Tell(Renamed(Moved("acme/x", "acme/c", 7, ahead), "second")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
  EXPECT_TRUE(Tell(Renamed(Moved("acme/b", "acme/d", 7, Now()), "third")));
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
}

// The shim of an older version sends no time.
TEST_P(OutboxContract, ARenameWithoutATimeIsBelievedOfTheNameThatItHas) {
  Deliver(On(Pending(1), "acme/a"), 7);
  EXPECT_TRUE(Tell(
      Renamed(Moved("acme/a", "acme/b", 7, absl::InfinitePast()), "first")));
  EXPECT_THAT(Names(), ElementsAre("acme/b 7"));
  EXPECT_TRUE(Tell(
      Renamed(Moved("acme/x", "acme/c", 7, absl::InfinitePast()), "second")));
  EXPECT_THAT(Names(), ElementsAre("acme/b 7"));
  Answer("7", "acme/c", 7);
  EXPECT_THAT(Names(), ElementsAre("acme/c 7"));
}

// A post that GitHub refuses by the old name may be of a newer repository.
TEST_P(OutboxContract, AnAliasEndsWhenGitHubAnswersTheNameItself) {
  Deliver(On(Pending(1), "acme/app"), 1);
  Rename("acme/app", "acme/app-old", 1);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app", 'a'));
  Answer("acme/app", "acme/app-old", 1);
  PostAll();
  // GitHub has answered today. Meanwhile a new acme/app is made.
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app", 'b'));
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app-old", 'c'));
  EXPECT_THAT(Asked(), IsEmpty());
  for (int i = 0; i < 2; ++i) {
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(lease->repository.FullName(), "acme/app-old");
    Settlement refused = EndOf(*lease, Settlement::Kind::kAbandoned);
    refused.reason = "NO_COMMIT_FOUND";
    Settle(refused);
  }
  clock_.Advance(absl::Minutes(5));
  ASSERT_THAT(Asked(), ElementsAre("acme/app"));
  Answer("acme/app", "acme/app", 2);
  EXPECT_THAT(Names(), ElementsAre("acme/app 2", "acme/app-old 1"));
  // Reports under the old name that were not posted move. Others stay.
  EXPECT_TRUE(IsKnown("acme/app", 'b'));
  EXPECT_FALSE(IsKnown("acme/app-old", 'b'));
  EXPECT_TRUE(IsKnown("acme/app-old", 'a'));
  EXPECT_FALSE(IsKnown("acme/app", 'a'));
  EXPECT_TRUE(IsKnown("acme/app-old", 'c'));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->repository.FullName(), "acme/app");
  EXPECT_EQ(lease->sha, ShaOf('b'));
  EXPECT_EQ(TakeResult(), std::nullopt);
}

// A post could reach the wrong repository, so the server asks first.
TEST_P(OutboxContract, AnOldNameIsAskedForOnceADay) {
  Deliver(On(Pending(1), "acme/app"), 1);
  Rename("acme/app", "acme/app-old", 1);
  EXPECT_THAT(Asked(), IsEmpty());
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app"));
  EXPECT_EQ(TakeResult(), std::nullopt);
  // A 404 keeps the old name.
  Answer("acme/app", "");
  ASSERT_TRUE(TakeResult().has_value());
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app", 'b'));
  EXPECT_TRUE(TakeResult().has_value());
  EXPECT_THAT(Asked(), IsEmpty());
  clock_.Advance(absl::Hours(24));
  // The old name was used since.
  EXPECT_THAT(Asked(), ElementsAre("acme/app"));
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app", 'c'));
  EXPECT_TRUE(IsKnown("acme/app-old", 'c'));
  Answer("acme/app", "acme/app", 2);
  EXPECT_EQ(Commit("acme/app", 'c').repository.FullName(), "acme/app");
  EXPECT_FALSE(IsKnown("acme/app-old", 'c'));
  clock_.Advance(absl::Hours(48));
  EXPECT_THAT(Asked(), IsEmpty());
}

TEST_P(OutboxContract, AnUnansweredQuestionHoldsNothingUpForLong) {
  Deliver(On(Pending(1), "acme/app"), 1);
  Rename("acme/app", "acme/app-old", 1);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app"));
  const std::vector<NameQuestion> questions = Questions();
  ASSERT_EQ(questions.size(), 1u);
  NameAnswer answer;
  answer.question_id = questions.front().id;
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::AnswerName, answer, Now()).ok());
  EXPECT_THAT(Asked(), IsEmpty());
  clock_.Advance(kAmbiguousWait);
  EXPECT_TRUE(TakeResult().has_value());
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(Asked(), ElementsAre("acme/app"));
}

TEST_P(OutboxContract, ANameThatGoesBackIsNoAliasAnyMore) {
  Deliver(On(Pending(1), "acme/app"), 1);
  Rename("acme/app", "acme/app-new", 1);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app"));
  Answer("acme/app", "acme/app", 1);
  EXPECT_THAT(Names(), ElementsAre("acme/app 1"));
  EXPECT_TRUE(IsKnown("acme/app-new"));
}

// GitHub's answer shows that two rows are one repository.
TEST_P(OutboxContract, ARowWithoutANumberJoinsTheOneThatHasIt) {
  Deliver(On(Pending(1), "acme/old"), 7);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/new", 'b'));
  Deliver(On(WebhookPending(), "acme/new", 'c'), 7);
  EXPECT_THAT(Asked(), ElementsAre("7", "acme/new"));
  Answer("7", "acme/new", 7);
  EXPECT_THAT(Names(), ElementsAre("acme/new 7"));
  for (const char sha : {'a', 'b', 'c'}) {
    EXPECT_TRUE(IsKnown("acme/new", sha)) << sha;
  }
}

TEST_P(OutboxContract, TheServersOwnQuestionsGiveNumbers) {
  Submission submission = Of({On(Pending(1), "acme/app")});
  submission.report.repository_id = 7;
  Receipts(submission);
  EXPECT_THAT(Names(), ElementsAre("acme/app 0"));
  submission.from_github = true;
  submission.report.sha = ShaOf('b');
  Receipts(submission);
  EXPECT_THAT(Names(), ElementsAre("acme/app 7"));
}

// Without a right to the repository with that number, the number counts as
// unknown: the old name now belongs to a new repository.
TEST_P(OutboxContract, ANumberOfAnotherTenantEndsAnOldNameAsAnyOther) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "prod/app"), 1);
  for (const int64_t number : {1, 99}) {
    const std::string old_name = absl::StrCat("acme/old", number);
    const std::string new_name = absl::StrCat("acme/new", number);
    Deliver(On(ResultOf(Result::kSuccess, 1), old_name), number + 1);
    Rename(old_name, new_name, number + 1);
    Submission submission = Of({On(WebhookPending(), old_name, 'b')});
    submission.report.repository_id = number;
    submission.delivery =
        Delivery{absl::StrCat("d", number), "", "push", "", 0};
    submission.may_report = [](const Repository& repository) {
      return repository.owner == "acme" ? absl::OkStatus()
                                        : absl::PermissionDeniedError("no");
    };
    Receipts(submission);
    EXPECT_TRUE(IsKnown(old_name, 'b'));
    EXPECT_FALSE(IsKnown(new_name, 'b'));
    EXPECT_TRUE(IsKnown(new_name));
  }
  EXPECT_FALSE(IsKnown("prod/app", 'b'));
  EXPECT_THAT(Names(),
              ElementsAre("acme/new1 2", "acme/new99 100", "acme/old1 0",
                          "acme/old99 99", "prod/app 1"));
}

// An event's number gives no right to the repository that has it.
TEST_P(OutboxContract, AnEventMovesNoRepositoryOfAnotherTenant) {
  Deliver(On(ResultOf(Result::kSuccess, 1), "prod/app"), 1);
  Deliver(On(ResultOf(Result::kSuccess, 1), "acme/sandbox"), 2);
  EventSubmission submission =
      Renamed(Moved("acme/sandbox", "acme/sandbox2", 1, kMorning));
  submission.may_report = [](const Repository& repository) {
    return repository.owner == "acme" ? absl::OkStatus()
                                      : absl::PermissionDeniedError("no");
  };
  EXPECT_TRUE(Tell(submission));
  EXPECT_THAT(Names(), ElementsAre("acme/sandbox 2", "prod/app 1"));
}

}  // namespace signalbox
