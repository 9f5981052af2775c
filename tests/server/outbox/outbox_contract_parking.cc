// What happens to repositories for which GitHub refuses everything.

#include <functional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using Kind = Settlement::Kind;

TEST_P(ParkingContract, ARefusedRepositoryWaitsAsAWhole) {
  Park();
  for (const char sha : {'a', 'b', 'c'}) ExpectParked(sha, absl::Seconds(10));
  EXPECT_FALSE(TakeAny().has_value());
  EXPECT_FALSE(TakeProbe().has_value());
  EXPECT_TRUE(DueCredentials().empty());
  EXPECT_EQ(NextDueTime(), Now() + absl::Seconds(10));
  EXPECT_THAT(*outbox().CredentialsOfParked(), ElementsAre("acme"));
  const History history = HistoryOf(Done("widgets", 'b'));
  EXPECT_EQ(history.parked_since, Now());
  EXPECT_EQ(history.status.posting.reason, "REPOSITORY_NOT_FOUND");
}

TEST_P(ParkingContract, OthersGoOn) {
  Park();
  Accept(Done("gadgets", 'a'));
  Accept(Done("other/lib", 'a'));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme", "other"));
  EXPECT_EQ(TakeProbe()->repository.name, "gadgets");
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, OnlyWhatIsTriedTakesANumber) {
  for (const char sha : {'a', 'b', 'c'}) Accept(Done("widgets", sha));
  const ChangeCursor before = *outbox().NewestChange();
  const std::optional<Lease> lease = TakeResult();
  Settle(Refused(*lease));
  const auto changes = outbox().ChangesAfter(before, 10);
  ASSERT_EQ(changes->size(), 1u);
  const StatusView& status = changes->front().status;
  EXPECT_EQ(changes->front().sha, lease->sha);
  EXPECT_EQ(status.posting.state, PostingState::kWaiting);
  EXPECT_EQ(status.posting.reason, "REPOSITORY_NOT_FOUND");
  EXPECT_EQ(status.posting.next_try_time, Now() + absl::Seconds(10));
}

TEST_P(ParkingContract, OneEntryProbes) {
  const Lease first = Park();
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  EXPECT_FALSE(TakeAny().has_value());
  const std::optional<Lease> probe = TakeProbe();
  ASSERT_TRUE(probe.has_value());
  EXPECT_TRUE(probe->is_probe);
  EXPECT_EQ(probe->entry_id, first.entry_id);
  EXPECT_FALSE(TakeProbe().has_value());
  EXPECT_TRUE(DueCredentials().empty());
  Settle(Refused(*probe, "PERMISSION_MISSING"));
  ExpectParked('b', absl::Minutes(1), "PERMISSION_MISSING");
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, WhatWasUnderWayDoesNotPutTheProbeOff) {
  for (const char sha : {'a', 'b', 'c'}) Accept(Done("widgets", sha));
  const std::optional<Lease> first = TakeResult();
  const std::optional<Lease> second = TakeResult();
  Settle(Refused(*first));
  clock_.Advance(absl::Seconds(3));
  Settle(Refused(*second));
  ExpectParked('a', absl::Seconds(7));
  ExpectParked('b', absl::Seconds(7));
}

TEST_P(ParkingContract, WhatIsTakenMakesAllOfItDue) {
  Park();
  clock_.Advance(absl::Seconds(10));
  Settle(Taken(*TakeProbe()));
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_TRUE(TakeResult().has_value());
  EXPECT_TRUE(TakeResult().has_value());
  EXPECT_FALSE(TakeResult().has_value());
}

// GitHub checks a status's content only if the token may write it.
TEST_P(ParkingContract, AnyRefusalOfWhatIsSaidEndsIt) {
  Park();
  clock_.Advance(absl::Seconds(10));
  Settlement repaired = EndOf(*TakeProbe(), Kind::kRetry);
  repaired.writable = true;
  Settle(repaired);
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ParkingContract, SoDoesOneThatIsAbandoned) {
  Park();
  clock_.Advance(absl::Seconds(10));
  Settlement abandoned = EndOf(*TakeProbe(), Kind::kAbandoned);
  abandoned.writable = true;
  Settle(abandoned);
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ParkingContract, ATroubleChangesNeitherStepNorClock) {
  Park();
  clock_.Advance(absl::Seconds(10));
  const std::optional<Lease> probe = TakeProbe();
  Settlement lost = EndOf(*probe, Kind::kRetry);
  lost.ambiguous = true;
  Settle(lost);
  ExpectParked('b', absl::ZeroDuration());
  // The next probe is the entry that GitHub may have taken.
  EXPECT_FALSE(TakeProbe().has_value());
  EXPECT_EQ(NextDueTime(), Now() + kAmbiguousWait);
  clock_.Advance(kAmbiguousWait);
  const std::optional<Lease> again = TakeProbe();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->entry_id, probe->entry_id);
  EXPECT_TRUE(again->ambiguous_since.has_value());
  Settle(EndOf(*again, Kind::kRead));
  Settle(Refused(*TakeProbe()));
  ExpectParked('b', absl::Minutes(1));
}

TEST_P(ParkingContract, AProbeThatWasLostIsTakenOutAgain) {
  Park();
  clock_.Advance(absl::Seconds(10));
  ASSERT_TRUE(TakeProbe().has_value());
  clock_.Advance(absl::Seconds(19));
  EXPECT_FALSE(TakeProbe().has_value());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(TakeProbe()->ambiguous_since.has_value());
}

// The poster knows its running probes. The wall clock may have been set.
TEST_P(ParkingContract, AProbeThatIsHeldIsNotTakenOutAgain) {
  std::set<int64_t> held;
  for (int i = 0; i < 20; ++i) {
    Accept(Done(absl::StrCat("r", i), 'a'));
    const std::optional<Lease> lease = TakeResult();
    Settle(Refused(*lease));
    held.insert(lease->entry_id);
  }
  Park();
  clock_.Advance(absl::Minutes(1));
  const std::optional<Lease> probe = TakeProbe(false, &held);
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->repository.name, "widgets");
  held.insert(probe->entry_id);
  clock_.Advance(absl::Minutes(1));
  EXPECT_FALSE(TakeProbe(false, &held).has_value());
  // No other entry of its repository probes either.
  held = {probe->entry_id};
  std::vector<std::string> names;
  while (const std::optional<Lease> one = TakeProbe(false, &held)) {
    names.push_back(one->repository.name);
  }
  EXPECT_EQ(names.size(), 20u);
  EXPECT_THAT(names, testing::Not(testing::Contains("widgets")));
  EXPECT_EQ(TakeProbe()->entry_id, probe->entry_id);
}

// A probe with a result may use the reserve. One with a pending may not.
TEST_P(ParkingContract, APendingProbesOnlyWhereAPendingMayBeSent) {
  Accept(On(Pending(1), "widgets", 'a'));
  Settle(Refused(*TakePending()));
  clock_.Advance(absl::Minutes(1));
  EXPECT_FALSE(TakeProbe(/*pendings=*/false).has_value());
  const std::optional<Lease> pending = TakeProbe(/*pendings=*/true);
  ASSERT_TRUE(pending.has_value());
  Settle(Refused(*pending));
  clock_.Advance(absl::Minutes(1));
  Accept(Done("widgets", 'b'));
  const std::optional<Lease> result = TakeProbe(/*pendings=*/false);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->sha.Hex().substr(0, 1), "b");
  EXPECT_FALSE(TakeProbe(/*pendings=*/true).has_value());
}

TEST_P(ParkingContract, TheRepositoryThatWaitsLongestProbesFirst) {
  for (const char* name : {"one", "two", "three"}) {
    Accept(Done(name, 'a'));
    Settle(Refused(*TakeResult()));
    clock_.Advance(absl::Seconds(1));
  }
  clock_.Advance(absl::Minutes(1));
  for (const char* name : {"one", "two", "three"}) {
    EXPECT_EQ(TakeProbe()->repository.name, name);
  }
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, ANewReportOfWhatProbesIsWhatProbes) {
  const Lease first = Park();
  clock_.Advance(absl::Seconds(5));
  KeyReport newer = Done("widgets", 'a');
  newer.sha = first.sha;
  newer.attempt = 2;
  newer.result = Result::kFailure;
  Accept(newer);
  clock_.Advance(absl::Seconds(5));
  const std::optional<Lease> probe = TakeProbe();
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->entry_id, first.entry_id);
  EXPECT_EQ(probe->wanted.state, CommitState::kFailure);
}

TEST_P(ParkingContract, AReportBringsTheProbeForward) {
  ParkForLong();
  clock_.Advance(absl::Minutes(5));
  const ChangeCursor before = *outbox().NewestChange();
  EXPECT_EQ(Accept(Done("widgets", 'b')).disposition, Disposition::kUnchanged);
  EXPECT_EQ(*outbox().NewestChange(), before);
  ExpectParked('a', absl::ZeroDuration());
  const std::optional<Lease> probe = TakeProbe();
  ASSERT_TRUE(probe.has_value());
  Settle(Refused(*probe));
  // At most one probe in ten seconds, however much is reported.
  clock_.Advance(absl::Seconds(1));
  Accept(Done("widgets", 'd'));
  ExpectParked('d', absl::Seconds(9));
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, TheServersOwnReportBringsNothingForward) {
  KeyReport pending = On(Pending(1), "widgets", 'd');
  pending.expires_after = absl::Minutes(30);
  Accept(pending);
  ParkForLong();
  clock_.Advance(absl::Minutes(30));
  EXPECT_EQ(Expire(), 1);
  ExpectParked('d', absl::Minutes(30));
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, WhatIsOnlyForTheHistoryBringsNoProbeForward) {
  ParkForLong();
  clock_.Advance(absl::Minutes(5));
  Submission told = Of({WebhookPending()});
  told.for_history = true;
  Receipts(told);
  EXPECT_FALSE(TakeProbe().has_value());
}

TEST_P(ParkingContract, WhatMayHelpBringsTheProbeForward) {
  int events = 0;
  const auto retry = [&] { Retry(Done("widgets", 'c')); };
  const auto unarchived = [&] {
    EventSubmission event;
    event.delivery = {absl::StrCat("a", ++events), "", "repository",
                      "unarchived"};
    event.event = RepositoryArchived{Repo("widgets"), 7, false};
    EXPECT_TRUE(Tell(event));
  };
  const auto granted = [&] {
    EventSubmission event;
    event.delivery = {absl::StrCat("b", ++events), "", "installation",
                      "created"};
    event.event = InstallationChanged{"github.com", "acme", 5, 0,
                                      "new_permissions_accepted"};
    EXPECT_TRUE(Tell(event));
  };
  const auto other_token = [&] {
    EXPECT_TRUE(
        AsHolder(outbox(), &Outbox::BringProbesForward, "acme", 0, Now(), 100)
            .ok());
  };
  bool is_first = true;
  for (const std::function<void()>& hope : std::vector<std::function<void()>>{
           retry, unarchived, granted, other_token}) {
    if (is_first) ParkForLong();
    is_first = false;
    clock_.Advance(absl::Minutes(10));
    hope();
    const std::optional<Lease> probe = TakeProbe();
    ASSERT_TRUE(probe.has_value());
    Settle(Refused(*probe));
    hope();
    EXPECT_FALSE(TakeProbe().has_value());
  }
}

TEST_P(ParkingContract, ARenameBringsTheProbeForward) {
  ParkForLong();
  clock_.Advance(absl::Minutes(10));
  Rename("widgets", "gadgets", 7);
  const std::optional<Lease> probe = TakeProbe();
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->repository.name, "gadgets");
  EXPECT_FALSE(TakeAny().has_value());
}

TEST_P(ParkingContract, AnotherCredentialIsAskedAtOnce) {
  ParkForLong();
  Rename("widgets", "other/widgets", 7);
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_THAT(DueCredentials(), ElementsAre("other"));
  EXPECT_TRUE(Take(Request(false, "other")).has_value());
}

TEST_P(ParkingContract, TwoNamesOfWhichOneIsParkedBecomeOne) {
  Park();
  Accept(Done("gadgets", 'a'));
  Rename("widgets", "gadgets", 7);
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  int taken = 0;
  while (TakeResult().has_value()) ++taken;
  EXPECT_EQ(taken, 3);
}

// The server does not know its new name, and another one has the old name.
TEST_P(ParkingContract, WhatLosesItsNameProbesNoMore) {
  Deliver(Done("widgets", 'a'), 77);
  Settle(Refused(*TakeResult()));
  Deliver(Done("widgets", 'b'), 78);
  Answer("78", "widgets", 78);
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_EQ(TakeProbe()->sha.Hex().substr(0, 1), "b");
  EXPECT_FALSE(TakeProbe().has_value());
  Answer("77", "gadgets", 77);
  EXPECT_EQ(TakeAny()->repository.name, "gadgets");
}

TEST_P(ParkingContract, ARefusalOfALostNameParksNobody) {
  Deliver(Done("widgets", 'a'), 77);
  const std::optional<Lease> lease = TakeResult();
  Deliver(Done("widgets", 'b'), 78);
  Answer("78", "widgets", 78);
  Settle(Refused(*lease));
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_EQ(TakeAny()->sha.Hex().substr(0, 1), "b");
  EXPECT_FALSE(TakeAny().has_value());
  Answer("77", "gadgets", 77);
  EXPECT_EQ(TakeAny()->sha.Hex().substr(0, 1), "a");
}

// Another repository may have the name.
TEST_P(ParkingContract, ARefusalOfAnOldNameAsksWhoHasIt) {
  Deliver(Done("widgets", 'a'), 77);
  Rename("widgets", "gadgets", 77);
  Settle(Taken(*TakeResult()));
  Accept(Done("widgets", 'b'));
  Answer("acme/widgets", "acme/gadgets", 77);
  clock_.Advance(kAmbiguousWait);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_TRUE(Asked().empty());
  Settle(Refused(*lease));
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(Asked(), ElementsAre("acme/widgets"));
}

TEST_P(ParkingContract, AWeekAfterTheLastReportItIsAbandoned) {
  Park();
  const absl::Time begin = Now();
  clock_.Advance(absl::Hours(7 * 24) - absl::Seconds(1));
  Settle(Refused(*TakeProbe()));
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
  clock_.Advance(absl::Hours(1));
  Settle(Refused(*TakeProbe()));
  const ChangeCursor before = *outbox().NewestChange();
  EXPECT_EQ(ReasonOf(outbox().AbandonParked(Term(), Now(), 2).status()),
            "TERM_OVER");
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 2), 2);
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 1);
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
  EXPECT_EQ(outbox().ChangesAfter(before, 10)->size(), 3u);
  for (const char sha : {'a', 'b', 'c'}) {
    EXPECT_EQ(Status("widgets", sha).posting.state, PostingState::kAbandoned);
    EXPECT_EQ(Status("widgets", sha).posting.reason, "REPOSITORY_NOT_FOUND");
  }
  EXPECT_TRUE(outbox().CredentialsOfParked()->empty());
  EXPECT_FALSE(TakeProbe().has_value());

  // The retention counts from the abandoning.
  ForgetOlderThan(absl::Hours(1));
  EXPECT_TRUE(IsKnown("widgets"));
  ForgetOlderThan(-absl::Hours(1));
  EXPECT_FALSE(IsKnown("widgets"));
  EXPECT_LT(begin, Now());
}

TEST_P(ParkingContract, AReportBeginsTheWeekAnew) {
  Park();
  clock_.Advance(absl::Hours(4 * 24));
  Accept(Done("widgets", 'a'));
  clock_.Advance(absl::Hours(4 * 24));
  Settle(Refused(*TakeProbe()));
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
  clock_.Advance(absl::Hours(4 * 24));
  Settle(Refused(*TakeProbe()));
  // Even after the week has ended.
  Accept(Done("widgets", 'a'));
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonParked, Now(), 10), 0);
}

TEST_P(ParkingContract, WhatAStoppedCredentialHoldsIsAbandonedInTheEnd) {
  Accept(Done("widgets", 'a'));
  Accept(Done("other/lib", 'a'));
  clock_.Advance(absl::Hours(24));
  Accept(Done("widgets", 'b'));
  EXPECT_EQ(*AsHolder(outbox(), &Outbox::AbandonHeld, "acme",
                      "APP_NOT_INSTALLED", absl::Hours(1), Now(), 9),
            1);
  const Posting posting = Status("widgets", 'a').posting;
  EXPECT_EQ(posting.state, PostingState::kAbandoned);
  EXPECT_EQ(posting.reason, "APP_NOT_INSTALLED");
  EXPECT_EQ(Status("widgets", 'b').posting.state, PostingState::kDue);
  EXPECT_EQ(Status("other/lib", 'a').posting.state, PostingState::kDue);
}

// After an OK the status is posted, even if the report changed nothing.
TEST_P(ParkingContract, ARepeatedReportMakesItsAbandonedEntryDueAgain) {
  Accept(ResultOf(Result::kSuccess, 1));
  AbandonResult("VALIDATION_FAILED");
  clock_.Advance(absl::Minutes(1));
  const ChangeCursor before = *outbox().NewestChange();
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 1)).disposition,
            Disposition::kUnchanged);
  EXPECT_EQ(outbox().ChangesAfter(before, 10)->size(), 1u);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(Status().posting.try_count, 0);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  Settlement settlement = EndOf(*lease, Kind::kAbandoned);
  settlement.reason = "VALIDATION_FAILED";
  Settle(settlement);

  // A repeat makes it due at most once in ten seconds.
  clock_.Advance(absl::Seconds(3));
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_EQ(Status().posting.next_try_time, Now() + absl::Seconds(7));
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(absl::Seconds(7));
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ParkingContract, WhatNoTryCanRepairStaysAbandoned) {
  for (const char* reason :
       {"STATUS_LIMIT_REACHED", "INVALID_SHA", "CONTEXT_REFUSED"}) {
    KeyReport report = ResultOf(Result::kSuccess, 1);
    report.context = absl::AsciiStrToLower(reason);
    Accept(report);
    AbandonResult(reason);
    clock_.Advance(absl::Minutes(1));
    Accept(report);
    EXPECT_FALSE(TakeResult().has_value()) << reason;
  }
}

// The server does not know what to post.
TEST_P(ParkingContract, WhatWasDamagedIsNotTriedAgain) {
  Accept(ResultOf(Result::kSuccess, 1));
  AbandonResult(std::string(kRowDamaged));
  clock_.Advance(absl::Minutes(1));
  const StatusKey key = ResultOf(Result::kSuccess, 1).Key();
  const absl::Status retried = outbox().Retry(key, Now());
  EXPECT_TRUE(absl::IsFailedPrecondition(retried)) << retried;
  EXPECT_EQ(ReasonOf(retried), kRowDamaged);
  EXPECT_TRUE(outbox().RetryAll({key}, Now()).ok());
  EXPECT_FALSE(TakeResult().has_value());
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ParkingContract, ASupersededReportRevivesNothing) {
  Accept(ResultOf(Result::kSuccess, 2));
  AbandonResult("VALIDATION_FAILED");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 1)).disposition,
            Disposition::kSuperseded);
  EXPECT_FALSE(TakeResult().has_value());
}

// A delivery that names a commit for which no context is expected.
Submission Named(char sha) {
  Submission submission;
  submission.report = On(WebhookPending(), "widgets", sha);
  submission.delivery = Delivery{"d0", "", "push", ""};
  return submission;
}

TEST_P(ParkingContract, ADeliveryThatNamesTheCommitMakesItDue) {
  for (const bool with_reports : {true, false}) {
    KeyReport report = ResultOf(Result::kSuccess, with_reports ? 1 : 2);
    Accept(report);
    AbandonResult("NO_COMMIT_FOUND");
    clock_.Advance(absl::Minutes(1));
    if (with_reports) {
      KeyReport other = WebhookPending();
      other.context = "ci/other";
      Submission submission = Of({other});
      submission.delivery = Delivery{"d1", "", "pull_request", "opened"};
      Receipts(submission);
    } else {
      EXPECT_FALSE(Accept({Named('b')})[0].made_due);
      EXPECT_FALSE(TakeResult().has_value());
      EXPECT_TRUE(Accept({Named('a')})[0].made_due);
    }
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(lease->refusal_count, 0);
    Settle(*lease, Kind::kPosted);
  }
}

// The last try may have reached GitHub before the commit did.
TEST_P(ParkingContract, ADeliveryDuringTheLastTryKeepsItDue) {
  Accept(ResultOf(Result::kSuccess, 1));
  for (int refused = 0; refused < 5; ++refused) {
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    Settlement settlement = EndOf(*lease, Kind::kRetry);
    settlement.reason = "NO_COMMIT_FOUND";
    settlement.refused = true;
    settlement.retry_in = absl::Seconds(1);
    Settle(settlement);
    clock_.Advance(absl::Seconds(1));
  }
  std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->refusal_count, 5);
  EXPECT_TRUE(Accept({Named('a')})[0].made_due);
  // The try goes on.
  EXPECT_FALSE(TakeResult().has_value());
  Settlement settlement = EndOf(*lease, Kind::kAbandoned);
  settlement.reason = "NO_COMMIT_FOUND";
  settlement.refused = true;
  settlement.refusal_count = lease->refusal_count;
  Settle(settlement);
  EXPECT_EQ(Status().posting.state, PostingState::kWaiting);
  lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->refusal_count, 1);
  settlement.version = lease->version;
  settlement.lease_epoch = lease->lease_epoch;
  settlement.lease_number = lease->lease_number;
  settlement.refusal_count = lease->refusal_count;
  Settle(settlement);
  EXPECT_EQ(Status().posting.state, PostingState::kAbandoned);
}

// It has no context that could be refused, and is not remembered.
TEST_P(ParkingContract, ADeliveryWithoutContextsIsNeverRefused) {
  Submission named = Named('a');
  named.report.sha = Sha();
  EXPECT_TRUE(Accept({named})[0].status.ok());
  named = Named('a');
  named.may_report = [](const Repository&) {
    return absl::PermissionDeniedError("no");
  };
  ASSERT_TRUE(
      RenameRepository(outbox(), Repo("widgets"), Repo("gadgets"), 7, Now())
          .ok());
  Accept(On(ResultOf(Result::kSuccess, 1), "gadgets"));
  AbandonResult("NO_COMMIT_FOUND");
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Accept({named})[0].status.ok());
  EXPECT_FALSE(TakeResult().has_value());
  named.may_report = nullptr;
  EXPECT_TRUE(Accept({named})[0].made_due);
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(ParkingContract, ProbesOfACredentialAreBroughtForwardInParts) {
  for (const char* name : {"one", "two", "three"}) {
    Accept(On(ResultOf(Result::kSuccess, 1), name));
    Settle(*TakeResult(), Kind::kParked);
  }
  const auto due = [this] {
    int probes = 0;
    while (TakeProbe().has_value()) ++probes;
    return probes;
  };
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(due(), 0);
  const int64_t last =
      *AsHolder(outbox(), &Outbox::BringProbesForward, "acme", 0, Now(), 2);
  EXPECT_NE(last, 0);
  EXPECT_EQ(
      *AsHolder(outbox(), &Outbox::BringProbesForward, "acme", last, Now(), 2),
      0);
}

}  // namespace
}  // namespace signalbox
