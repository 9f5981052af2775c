// Which process takes out what is to be posted, and does the other work.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

// These calls must find the store as it is: opening it may end a term.
TermLook LookAt(Outbox& store) {
  const absl::StatusOr<TermLook> look = store.Look();
  EXPECT_TRUE(look.ok()) << look.status();
  return look.value_or(TermLook());
}

Term Claimed(Outbox& store, const std::string& owner, absl::Time now) {
  const absl::StatusOr<Term> term =
      store.Claim(LookAt(store), owner, owner + "'s server", now);
  EXPECT_TRUE(term.ok()) << term.status();
  return term.value_or(Term());
}

TEST_P(OutboxContract, AClaimBeginsATerm) {
  Outbox& store = outbox();
  const TermLook free = LookAt(store);
  EXPECT_EQ(free.owner, "");
  const absl::StatusOr<Term> term =
      store.Claim(free, std::string("a\0b", 3), "first", Now());
  ASSERT_TRUE(term.ok()) << term.status();
  EXPECT_GT(term->epoch, free.epoch);
  const TermLook look = LookAt(store);
  EXPECT_EQ(look.epoch, term->epoch);
  EXPECT_EQ(look.owner, std::string("a\0b", 3));
  EXPECT_EQ(look.holder, "first");
  EXPECT_EQ(look.beat, 0);
  EXPECT_EQ(look.beat_time, Now());
}

// An epoch that came back would let a former holder take entries out.
TEST_P(OutboxContract, EpochsOnlyRise) {
  int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    Outbox& store = outbox();
    const Term term = Claimed(store, "a", Now());
    EXPECT_GT(term.epoch, last);
    EXPECT_TRUE(store.GiveBack(term).ok());
    last = term.epoch;
  }
}

TEST_P(OutboxContract, BeatsAreCounted) {
  Outbox& store = outbox();
  const Term term = Claimed(store, "a", Now());
  for (int i = 1; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_TRUE(store.Beat(term, Now()).ok());
    const TermLook look = LookAt(store);
    EXPECT_EQ(look.epoch, term.epoch);
    EXPECT_EQ(look.beat, i);
    EXPECT_EQ(look.beat_time, Now());
  }
}

// The store does not judge whether a holder has been silent for long enough.
TEST_P(OutboxContract, AClaimEndsTheTermThatItSaw) {
  Outbox& store = outbox();
  const Term first = Claimed(store, "a", Now());
  const Term second = Claimed(store, "b", Now());
  EXPECT_GT(second.epoch, first.epoch);
  const absl::Status beaten = store.Beat(first, Now());
  EXPECT_TRUE(absl::IsFailedPrecondition(beaten)) << beaten;
  EXPECT_EQ(ReasonOf(beaten), "TERM_OVER");
  EXPECT_EQ(LookAt(store).beat, 0);
  EXPECT_EQ(LookAt(store).owner, "b");
  EXPECT_TRUE(store.Beat(second, Now()).ok());
}

// Of several that claim at once, one succeeds.
TEST_P(OutboxContract, AClaimOnAnOldLookChangesNothing) {
  Outbox& store = outbox();
  const TermLook free = LookAt(store);
  const Term term = Claimed(store, "a", Now());
  const TermLook silent = LookAt(store);
  EXPECT_TRUE(store.Beat(term, Now()).ok());
  for (const TermLook& seen : {free, silent}) {
    const auto claimed = store.Claim(seen, "b", "", Now());
    EXPECT_TRUE(absl::IsAborted(claimed.status())) << claimed.status();
    EXPECT_EQ(ReasonOf(claimed.status()), "TERM_CHANGED");
  }
  const TermLook look = LookAt(store);
  EXPECT_EQ(look.owner, "a");
  EXPECT_EQ(look.beat, 1);
  EXPECT_TRUE(store.Beat(term, Now()).ok());
}

TEST_P(OutboxContract, ATermThatIsGivenBackIsOver) {
  Outbox& store = outbox();
  const Term first = Claimed(store, "a", Now());
  const TermLook held = LookAt(store);
  EXPECT_TRUE(store.GiveBack(first).ok());
  EXPECT_EQ(LookAt(store).owner, "");
  EXPECT_GE(LookAt(store).epoch, first.epoch);
  EXPECT_EQ(ReasonOf(store.Beat(first, Now())), "TERM_OVER");
  // A claim fails if the holder has given the term back since the look.
  EXPECT_FALSE(store.Claim(held, "b", "", Now()).ok());
  const Term second = Claimed(store, "b", Now());
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_TRUE(store.GiveBack(first).ok());
  EXPECT_EQ(LookAt(store).owner, "b");
  EXPECT_TRUE(store.Beat(second, Now()).ok());
}

TEST_P(OutboxContract, OnlyTheHolderTakesEntriesOut) {
  Accept(ResultOf(Result::kSuccess, 1));
  Outbox& store = outbox();
  const LeaseRequest request = Request(false);
  const auto take = [&](const Term& term) {
    return store.Turn(term, {}, {&request, 1}, Now());
  };
  const Term first = Claimed(store, "a", Now());
  const Term second = Claimed(store, "b", Now());
  for (const Term& term : {Term(), first, Term{second.epoch + 1}}) {
    const auto leases = take(term);
    EXPECT_TRUE(absl::IsFailedPrecondition(leases.status()));
    EXPECT_EQ(ReasonOf(leases.status()), "TERM_OVER");
  }
  const auto leases = take(second);
  ASSERT_TRUE(leases.ok()) << leases.status();
  ASSERT_TRUE(leases->front().has_value());
  EXPECT_EQ(leases->front()->lease_epoch, second.epoch);
  EXPECT_TRUE(store.GiveBack(second).ok());
  EXPECT_EQ(ReasonOf(take(second).status()), "TERM_OVER");
}

// What the tests below can see of the holder's work.
std::string WorkSeenIn(Outbox& store, ChangeCursor begin, absl::Time now) {
  std::string seen = absl::StrCat(
      store.ChangesAfter(begin, 1000)->size(), " changes, ",
      store.ListCommits(std::nullopt, 0, 1000)->size(), " commits, ",
      store.Reruns(now, 10)->size(), " reruns, ",
      store.FindDueWork(now)->questions.size(), " questions, ",
      store.Installations()->size(), " installations, ",
      store.GetNamedTime("mark")->has_value() ? "a mark, " : "", "next in ",
      absl::FormatDuration(store.FindDueWork(now)->next_in));
  const auto repositories = store.Repositories(CanonicalName(), 1000);
  for (const KnownRepository& one : *repositories) {
    absl::StrAppend(&seen, " ", one.repository.FullName());
  }
  return seen;
}

// A process that was stopped in the middle of its work goes on with what it had
// decided, while another one works.
TEST_P(OutboxContract, OnlyTheHolderDoesTheUpkeep) {
  KeyReport expiring = Pending(1);
  expiring.expires_after = absl::Hours(1);
  Accept(expiring);
  Accept(On(ResultOf(Result::kSuccess, 1), "lib"));
  Settle(*TakeResult(), Settlement::Kind::kRetry);
  Accept(On(ResultOf(Result::kSuccess, 1), "labs/held"));
  EventSubmission rerun;
  rerun.delivery = {"d1", "", "issue_comment", "created"};
  rerun.event =
      RerunRequested{Repo("widgets"), 3, {"ci/build"}, "octocat", "MEMBER"};
  EXPECT_TRUE(Tell(rerun));
  Deliver(On(Pending(1), "app"), 1);
  Rename("app", "app-old", 1);
  Accept(On(ResultOf(Result::kSuccess, 1), "app"));
  // A merge of so many commits is a chore.
  std::vector<KeyReport> many;
  for (int i = 0; i < 150; ++i) {
    for (const char* name : {"old", "new"}) {
      many.push_back(On(Pending(1), name));
      many.back().sha = *ParseSha(
          absl::StrCat(1000 + i, std::string(36, *name == 'o' ? 'a' : 'b')));
    }
  }
  InTurn(many);
  Rename("old", "new", 7);

  Outbox& store = outbox();
  const ChangeCursor begin = *store.NewestChange();
  NameAnswer answer;
  answer.question_id = store.FindDueWork(Now())->questions.at(0).id;
  answer.kind = NameAnswer::Kind::kNamed;
  answer.name = Repo("app");
  answer.number = 2;
  NameAnswer moved = answer;
  moved.name = Repo("lib-new");
  moved.number = 9;
  const int64_t rerun_id = store.Reruns(Now(), 10)->at(0).id;
  const CredentialInstallation installation{"acme", "app", 12};
  using Work = std::function<absl::Status(const Term&)>;
  const std::vector<std::pair<std::string, Work>> upkeep = {
      {"BringForward",
       [&](const Term& term) {
         return store.BringForward(term, absl::ZeroDuration(), Now(), 9)
             .status();
       }},
      {"BringProbesForward",
       [&](const Term& term) {
         return store.BringProbesForward(term, "acme", 0, Now(), 9).status();
       }},
      {"LearnName",
       [&](const Term& term) {
         return store.LearnName(term, Repo("lib"), moved, Now());
       }},
      {"AnswerName",
       [&](const Term& term) { return store.AnswerName(term, answer, Now()); }},
      {"AbandonHeld",
       [&](const Term& term) {
         return store
             .AbandonHeld(term, "labs", "APP_NOT_INSTALLED", absl::Hours(1),
                          Now() + absl::Hours(2), 9)
             .status();
       }},
      {"DoChores",
       [&](const Term& term) { return store.DoChores(term, Now()).status(); }},
      {"ExpirePendings",
       [&](const Term& term) {
         return store.ExpirePendings(term, Now() + absl::Hours(2), 9).status();
       }},
      {"SettleRerun",
       [&](const Term& term) {
         return store.SettleRerun(term, rerun_id, std::nullopt, Now());
       }},
      {"AwaitRedelivery",
       [&](const Term& term) {
         return store.AwaitRedelivery(term, "d2", false, Now());
       }},
      {"SetNamedTime",
       [&](const Term& term) {
         return store.SetNamedTime(term, "mark", Now());
       }},
      {"SetInstallations",
       [&](const Term& term) {
         return store.SetInstallations(term, {&installation, 1});
       }},
      {"ForgetOlderThan",
       [&](const Term& term) {
         return store.ForgetOlderThan(term, -absl::Hours(1), Now()).status();
       }},
  };
  const std::string before = WorkSeenIn(store, begin, Now());
  const Term former = Claimed(store, "a", Now());
  const Term holder = Claimed(store, "b", Now());
  for (const auto& [name, work] : upkeep) {
    for (const Term& term : {Term(), former, Term{holder.epoch + 1}}) {
      const absl::Status refused = work(term);
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << name << refused;
      EXPECT_EQ(ReasonOf(refused), "TERM_OVER") << name;
    }
  }
  EXPECT_EQ(WorkSeenIn(store, begin, Now()), before);
  for (const auto& [name, work] : upkeep) {
    const absl::Status done = work(holder);
    EXPECT_TRUE(done.ok()) << name << done;
  }
  EXPECT_NE(WorkSeenIn(store, begin, Now()), before);
}

// The limit is real, whichever process works now.
TEST_P(OutboxContract, AFormerHolderStoresAPause) {
  Outbox& store = outbox();
  const Term former = Claimed(store, "a", Now());
  Claimed(store, "b", Now());
  EXPECT_FALSE(store.SetNamedTime(former, "mark", Now()).ok());
  EXPECT_TRUE(store.SetPause("acme", absl::Hours(1), Now()).ok());
  EXPECT_EQ(store.Pauses(Now())->size(), 1u);
}

// GitHub's answer is true, and no other process has taken the entry out.
TEST_P(OutboxContract, ATryOfAFormerHolderEndsAsEver) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  const Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  {
    Outbox& store = outbox();
    Claimed(store, "another", Now());
    // A turn that takes entries out, too, is refused as a whole.
    const LeaseRequest request = Request(false);
    const Term former{lease->lease_epoch};
    EXPECT_EQ(
        ReasonOf(
            store.Turn(former, {&posted, 1}, {&request, 1}, Now()).status()),
        "TERM_OVER");
    EXPECT_EQ(Status().posting.state, PostingState::kDue);
  }
  EXPECT_TRUE(
      outbox().Turn(Term{lease->lease_epoch}, {&posted, 1}, {}, Now()).ok());
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
}

TEST_P(OutboxContract, ALeaseOfAnotherTermIsLost) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  posted.lease_epoch = lease->lease_epoch + 1;
  Settle(posted);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(HistoryOf(ResultOf(Result::kSuccess, 1)).tries.size(), 1u);
  Settle(*lease, Settlement::Kind::kPosted);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
}

}  // namespace
}  // namespace signalbox
