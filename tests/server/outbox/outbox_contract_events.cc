#include <string>
#include <utility>
#include <vector>

#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

EventSubmission Told(Event event, std::string id = "d1") {
  EventSubmission submission;
  submission.delivery = {std::move(id), std::string(32, 'd'), "e", "a", 0};
  submission.event = std::move(event);
  return submission;
}

RerunRequested RetestOf(int64_t number) {
  RerunRequested rerun;
  rerun.repository = Repo("widgets");
  rerun.pull_request_number = number;
  rerun.contexts = {"ci/build", "ci/a b"};
  rerun.login = "octocat";
  rerun.author_association = "MEMBER";
  return rerun;
}

}  // namespace

TEST_P(OutboxContract, ARepositoryThatMovedKeepsItsStatuses) {
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_TRUE(
      Tell(Told(RepositoryMoved{Repo("widgets"), Repo("other/gadgets"), 7})));
  EXPECT_EQ(Commit("other/gadgets").repository.FullName(), "other/gadgets");
  EXPECT_EQ(DueCredentials(), std::vector<std::string>{"other"});
}

TEST_P(OutboxContract, AnEventCountsOnce) {
  const RerunRequested rerun = RetestOf(3);
  EXPECT_TRUE(Tell(Told(rerun)));
  EXPECT_FALSE(Tell(Told(rerun)));
  // The same body under another id is a replay.
  EXPECT_FALSE(Tell(Told(rerun, "d2")));
  EXPECT_EQ(Reruns().size(), 1u);
  // A delivery that came with a report counts for events, too.
  Submission submission = Of({WebhookPending()});
  submission.delivery = Delivery{"d3", "", "e", "a", 0};
  Receipts(submission);
  EventSubmission replay = Told(rerun, "d3");
  replay.delivery.digest.clear();
  EXPECT_FALSE(Tell(replay));
}

TEST_P(OutboxContract, AClockSetBackDelaysNoRerun) {
  EventSubmission event;
  event.delivery = {"d1", "", "issue_comment", "created"};
  event.event = RetestOf(3);
  EXPECT_TRUE(Tell(event));
  clock_.Jump(-absl::Hours(1));
  const auto due = [this] {
    const std::vector<Rerun> reruns = Reruns();
    return reruns.size() == 1 && reruns[0].due_in <= absl::ZeroDuration();
  };
  EXPECT_FALSE(due());
  EXPECT_TRUE(
      AsHolder(outbox(), &Outbox::BringForward, kFarthestDue, Now(), 10).ok());
  EXPECT_TRUE(due());
}

TEST_P(OutboxContract, ARerunIsKeptUntilItIsSettled) {
  EventSubmission submission = Told(RetestOf(3));
  submission.caller = "shim";
  EXPECT_TRUE(Tell(submission));
  clock_.Advance(absl::Seconds(1));
  EventSubmission second = Told(RetestOf(4), "d2");
  second.delivery.digest.clear();
  std::get<RerunRequested>(second.event).contexts.clear();
  EXPECT_TRUE(Tell(second));

  std::vector<Rerun> reruns = Reruns();
  ASSERT_EQ(reruns.size(), 2u);
  EXPECT_EQ(reruns[0].wanted.repository.FullName(), "acme/widgets");
  EXPECT_EQ(reruns[0].wanted.pull_request_number, 3);
  EXPECT_EQ(reruns[0].wanted.contexts,
            (std::vector<std::string>{"ci/build", "ci/a b"}));
  EXPECT_EQ(reruns[0].wanted.login, "octocat");
  EXPECT_EQ(reruns[0].wanted.author_association, "MEMBER");
  EXPECT_EQ(reruns[0].caller, "shim");
  EXPECT_EQ(reruns[0].delivery_id, "d1");
  EXPECT_EQ(reruns[0].try_count, 0);
  EXPECT_EQ(reruns[0].due_in, -absl::Seconds(1));
  EXPECT_TRUE(reruns[1].wanted.contexts.empty());
  EXPECT_EQ(Reruns(1).size(), 1u);
  EXPECT_TRUE(Reruns(0).empty());
  EXPECT_TRUE(Reruns(-1).empty());

  // A rerun that is tried later goes behind the others.
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::SettleRerun, reruns[0].id,
                       absl::Minutes(1), Now())
                  .ok());
  reruns = Reruns();
  ASSERT_EQ(reruns.size(), 2u);
  EXPECT_EQ(reruns[1].try_count, 1);
  EXPECT_EQ(reruns[1].due_in, absl::Minutes(1));
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::SettleRerun, reruns[0].id,
                       std::nullopt, Now())
                  .ok());
  EXPECT_EQ(Reruns().size(), 1u);
}

TEST_P(OutboxContract, ARerunFollowsItsRepository) {
  Accept(On(ResultOf(Result::kSuccess), "acme/gadgets"));
  EXPECT_TRUE(Tell(Told(RetestOf(3))));
  Rename("widgets", "gadgets", 7);
  ASSERT_EQ(Reruns().size(), 1u);
  EXPECT_EQ(Reruns()[0].wanted.repository.FullName(), "acme/gadgets");
  // An old name works as well.
  EventSubmission second = Told(RetestOf(4), "d2");
  second.delivery.digest.clear();
  EXPECT_TRUE(Tell(second));
  ASSERT_EQ(Reruns().size(), 2u);
  EXPECT_EQ(Reruns()[1].wanted.repository.FullName(), "acme/gadgets");
}

TEST_P(OutboxContract, WhatMayNotBeSaidChangesNothing) {
  Rename("widgets", "gadgets", 7);
  for (const Event& event :
       {Event(RetestOf(3)),
        Event(RepositoryMoved{Repo("widgets"), Repo("acme/new"), 7}),
        Event(RepositoryArchived{Repo("widgets"), 7, false})}) {
    EventSubmission submission = Told(event);
    submission.may_report = [](const Repository& repository) {
      return repository.name == "gadgets"
                 ? absl::PermissionDeniedError("not yours")
                 : absl::OkStatus();
    };
    const auto stored = outbox().AcceptEvent(submission, Now());
    EXPECT_EQ(stored.status().code(), absl::StatusCode::kPermissionDenied);
  }
  EXPECT_TRUE(Reruns().empty());
  // Nor was the delivery remembered.
  EXPECT_TRUE(Tell(Told(RetestOf(3))));
}

TEST_P(OutboxContract, ARepositoryThatIsWritableAgainGetsItsStatuses) {
  Accept(ResultOf(Result::kSuccess, 1));
  AbandonResult("REPOSITORY_ARCHIVED");
  EXPECT_TRUE(Tell(Told(RepositoryArchived{Repo("widgets"), 7, true})));
  EXPECT_FALSE(TakeResult().has_value());
  EventSubmission again =
      Told(RepositoryArchived{Repo("ACME/Widgets"), 7, false}, "d2");
  again.delivery.digest.clear();
  EXPECT_TRUE(Tell(again));
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(OutboxContract, AnInstallationThatCameRevivesItsAccount) {
  Accept(ResultOf(Result::kSuccess, 1));
  AbandonResult("PERMISSION_MISSING");
  const auto told = [&](const std::string& account, const std::string& action) {
    EventSubmission submission =
        Told(InstallationChanged{"github.com", account, 5, 0, action},
             account + action);
    submission.delivery.digest.clear();
    return Tell(submission);
  };
  EXPECT_TRUE(told("acme", "deleted"));
  EXPECT_TRUE(told("acme", "suspend"));
  EXPECT_TRUE(told("acme-2", "created"));
  EXPECT_TRUE(told("acm", "created"));
  EXPECT_FALSE(TakeResult().has_value());
  const ChangeCursor before = *outbox().NewestChange();
  EXPECT_TRUE(told("Acme", "new_permissions_accepted"));
  const auto changes = outbox().ChangesAfter(before, 10);
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(changes->front().status.posting.state, PostingState::kDue);
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(OutboxContract, DeliveriesAreKnownByTheirIds) {
  Submission submission = Of({WebhookPending()});
  submission.delivery = Delivery{"d1", "", "e", "a", 77};
  Receipts(submission);
  EventSubmission event = Told(RetestOf(3), "d2");
  event.delivery.hook_id = 78;
  EXPECT_TRUE(Tell(event));
  const std::vector<std::string> ids = {"d1", "d0", "d2"};
  const auto known = outbox().KnownDeliveries(ids);
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(*known, (std::vector<bool>{true, false, true}));
  const auto hooks = outbox().SeenHooks();
  ASSERT_TRUE(hooks.ok());
  EXPECT_EQ(*hooks,
            (std::vector<SeenHook>{{"github.com", 77}, {"github.com", 78}}));
}

TEST_P(OutboxContract, HooksThatAreSilentForLongAreForgotten) {
  const auto deliver = [this](int64_t hook, const std::string& id) {
    Submission submission = Of({WebhookPending()});
    submission.delivery = Delivery{id, "", "e", "a", hook};
    Receipts(submission);
  };
  deliver(77, "d1");
  deliver(78, "d2");
  for (int day = 0; day < 31; ++day) {
    clock_.Advance(kDay);
    deliver(78, "x" + std::to_string(day));
  }
  EXPECT_EQ(*outbox().SeenHooks(), (std::vector<SeenHook>{{"github.com", 78}}));
}

TEST_P(OutboxContract, RepositoriesAreListedByTheNamesTheyHave) {
  KeyReport report = On(Pending(), "acme/one");
  report.repository_id = 5;
  Accept(report);
  Accept(On(Pending(), "Zeta/Two"));
  Rename("acme/one", "beta/three", 5);
  const auto repositories = outbox().Repositories(CanonicalName(), 10);
  ASSERT_TRUE(repositories.ok());
  ASSERT_EQ(repositories->size(), 2u);
  EXPECT_EQ((*repositories)[0].repository.FullName(), "beta/three");
  EXPECT_EQ((*repositories)[0].github_id, 5);
  EXPECT_EQ((*repositories)[0].credential, "beta");
  EXPECT_EQ((*repositories)[1].repository.FullName(), "Zeta/Two");
  // In pages.
  const auto first = outbox().Repositories(CanonicalName(), 1);
  ASSERT_EQ(first->size(), 1u);
  const auto second =
      outbox().Repositories(first->front().repository.Canonical(), 10);
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ(second->front().repository.FullName(), "Zeta/Two");
  EXPECT_TRUE(outbox()
                  .Repositories(second->front().repository.Canonical(), 1)
                  ->empty());
}

TEST_P(OutboxContract, InstallationsAreRemembered) {
  EXPECT_TRUE(outbox().Installations()->empty());
  const std::vector<CredentialInstallation> some = {
      {"github.com/acme", "github.com/app:1", 77},
      {"github.com/labs", "github.com/app:1", 78}};
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::SetInstallations, some).ok());
  const std::vector<CredentialInstallation> changed = {
      {"github.com/acme", "github.com/app:2", 79},
      {"github.com/labs", "github.com/app:1", 0}};
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::SetInstallations, changed).ok());
  const auto installations = outbox().Installations();
  ASSERT_TRUE(installations.ok());
  ASSERT_EQ(installations->size(), 1u);
  EXPECT_EQ(installations->front().credential, "github.com/acme");
  EXPECT_EQ(installations->front().app, "github.com/app:2");
  EXPECT_EQ(installations->front().installation_id, 79);
}

TEST_P(OutboxContract, CreatorsAreRemembered) {
  EXPECT_TRUE(outbox().Creators()->empty());
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  Settlement settlement = EndOf(*lease, Settlement::Kind::kPosted);
  settlement.creator = {"acme", {"octocat", 583231, "User"}};
  ASSERT_TRUE(signalbox::Settle(outbox(), settlement, Now()).ok());
  // Also if the lease was lost: GitHub has said it all the same.
  settlement.creator = {"acme", {"signalbox[bot]", 7, "Bot"}};
  ASSERT_TRUE(signalbox::Settle(outbox(), settlement, Now()).ok());
  const auto creators = outbox().Creators();
  ASSERT_TRUE(creators.ok()) << creators.status();
  ASSERT_EQ(creators->size(), 1u);
  EXPECT_EQ(creators->front().credential, "acme");
  EXPECT_EQ(creators->front().creator,
            (StatusCreator{"signalbox[bot]", 7, "Bot"}));
}

TEST_P(OutboxContract, MarksAreRemembered) {
  EXPECT_EQ(*outbox().GetNamedTime("a"), std::nullopt);
  ASSERT_TRUE(AsHolder(outbox(), &Outbox::SetNamedTime, "a", Now()).ok());
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::SetNamedTime, "b", Now() + kDay).ok());
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::SetNamedTime, "a", Now() + absl::Seconds(1))
          .ok());
  EXPECT_EQ(*outbox().GetNamedTime("a"), Now() + absl::Seconds(1));
  EXPECT_EQ(*outbox().GetNamedTime("b"), Now() + kDay);
}

}  // namespace signalbox
