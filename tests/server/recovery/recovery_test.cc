#include "server/recovery/recovery.h"

#include <functional>
#include <set>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/recovery/hook_work.h"
#include "shim/webhook/event.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/server/recovery/recovery_fixture.h"

namespace signalbox {
namespace {

constexpr char kRepository[] = "acme/widgets";

std::string ShaOf(int number) { return absl::StrFormat("%040x", number + 1); }

// As GitHub sends it, as far as it matters.
std::string Opened(int number, const std::string& full_name = kRepository) {
  return absl::StrFormat(
      R"({"action":"opened","number":%d,"pull_request":{"number":%d,
      "state":"open","draft":false,"title":"T","user":{"login":"octocat"},
      "updated_at":"2026-11-22T12:00:00Z",
      "head":{"ref":"topic","sha":"%s","repo":{"id":1,
        "clone_url":"https://github.com/acme/widgets.git"}},
      "base":{"ref":"main","sha":"%s","repo":{"id":1}}},
      "repository":{"id":%d,"full_name":"%s","name":"widgets",
        "html_url":"https://github.com/%s","owner":{"login":"acme"}},
      "sender":{"login":"octocat","type":"User"}})",
      number + 1, number + 1, ShaOf(number), ShaOf(900'000), 1, full_name,
      full_name);
}

// The recovery of a server whose shim is up or down: deliveries that arrive go
// into the outbox as the shim would have it.
class RecoveryRoomTest : public RecoveryTest {
 protected:
  RecoveryRoomTest() {
    rules().AddRepository(kRepository, 1);
    rules().SetAdmin(kToken, "acme/widgets");
    hook_ = rules().hooks().AddHook({.repository = kRepository}, clock_.Now());
    options_.known_hosts = {"github.com"};
    options_.repositories = {*ParseRepository(kRepository)};
  }

  ~RecoveryRoomTest() override { recovery_.reset(); }

  void Start() {
    recovery_.reset();
    MakeQuestions();
    recovery_ =
        std::make_unique<Recovery>(options_, outbox_.get(), credentials_.get(),
                                   questions_.get(), &metrics_, &clock_);
  }

  void Run(absl::Duration time) {
    RunFor(time, [this] {
      Pump();
      return recovery_->RunOnce();
    });
  }

  // GitHub's attempts reach the shim, or do not.
  void Pump() {
    for (const Hooks::Attempt& attempt :
         rules().hooks().TakeAttempts(clock_.Now())) {
      rules().hooks().EndAttempt(
          attempt.id, {.status_code = shim_is_up_ ? Deliver(attempt) : 0},
          clock_.Now());
    }
  }

  int Deliver(const Hooks::Attempt& attempt) {
    ++deliveries_;
    const HookResult read = ReadHook(attempt.event, attempt.body);
    const auto* call = std::get_if<HookCall>(&read);
    if (call == nullptr) return 200;
    Delivery delivery;
    delivery.id = attempt.guid;
    delivery.event = attempt.event;
    delivery.hook_id = attempt.hook_id;
    const auto work = WorkOf(*call, delivery, options_.rules, {"github.com"});
    if (!work.ok()) return 400;
    const auto outcome =
        outbox_->Accept({std::get<Submission>(*work)}, clock_.Now());
    return outcome.ok() ? 202 : 503;
  }

  // Opens pull requests while the shim is away.
  void Miss(int from, int to) {
    for (int number = from; number < to; ++number) {
      rules().hooks().Record(
          {.name = "pull_request", .payload = Opened(number)},
          {.status_code = 503}, clock_.Now());
    }
  }

  bool IsKnown(int number, const std::string& full_name = kRepository) {
    return outbox_->GetCommit(*ParseRepository(full_name), ShaOf(number)).ok();
  }
  int KnownOf(int from, int to) {
    int known = 0;
    for (int number = from; number < to; ++number) {
      known += IsKnown(number) ? 1 : 0;
    }
    return known;
  }

  Recovery::Options options_;
  std::unique_ptr<Recovery> recovery_;
  int64_t hook_ = 0;
  bool shim_is_up_ = true;
  int deliveries_ = 0;
};

TEST_F(RecoveryRoomTest, WhatWasMissedIsDeliveredAgain) {
  Miss(0, 5);
  clock_.Advance(absl::Minutes(10));
  Start();
  Run(absl::Seconds(30));
  EXPECT_EQ(KnownOf(0, 5), 5);
  EXPECT_EQ(deliveries_, 5);
  Run(absl::Hours(1));
  EXPECT_EQ(deliveries_, 5);
}

TEST_F(RecoveryRoomTest, WhatIsMissedLaterIsFoundByTheNextLook) {
  Start();
  Run(absl::Minutes(1));
  Miss(0, 1);
  Run(absl::Minutes(6));
  EXPECT_TRUE(IsKnown(0));
}

TEST_F(RecoveryRoomTest, AReceiverThatIsAwayForAnHourGetsAll) {
  shim_is_up_ = false;
  Start();
  for (int minute = 0; minute < 60; ++minute) {
    Miss(minute * 5, minute * 5 + 5);
    Run(absl::Minutes(1));
  }
  EXPECT_EQ(KnownOf(0, 300), 0);
  shim_is_up_ = true;
  Run(absl::Minutes(7));
  EXPECT_EQ(KnownOf(0, 300), 300);
}

TEST_F(RecoveryRoomTest, ARestartGoesOnWhereItWas) {
  shim_is_up_ = false;
  Miss(0, 3);
  Start();
  Run(absl::Minutes(1));
  Start();
  shim_is_up_ = true;
  Run(absl::Minutes(40));
  EXPECT_EQ(KnownOf(0, 3), 3);
}

TEST_F(RecoveryRoomTest, WhatArrivedAnotherWayIsNotAskedFor) {
  Miss(0, 2);
  Hooks::Attempt attempt;
  attempt.event = "pull_request";
  attempt.body = Opened(0);
  attempt.guid = rules()
                     .hooks()
                     .DeliveriesOf(hook_, clock_.Now() + absl::Seconds(1))
                     .back()
                     ->guid;
  Deliver(attempt);
  deliveries_ = 0;
  Start();
  Run(absl::Minutes(1));
  EXPECT_EQ(deliveries_, 1);
}

TEST_F(RecoveryRoomTest, ItCanBeSwitchedOff) {
  Miss(0, 2);
  options_.redeliver = false;
  Start();
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 0);
  options_.redeliver = true;
  options_.enabled = false;
  Start();
  const int requests = rules().request_count();
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 0);
  EXPECT_EQ(rules().request_count(), requests);
}

TEST_F(RecoveryRoomTest, HooksOfOthersAreLeftAlone) {
  rules().hooks().RemoveHook(hook_);
  const int64_t other = rules().hooks().AddHook(
      {.repository = kRepository, .url = "https://chat.example.com/in"},
      clock_.Now());
  Miss(0, 2);
  Start();
  Run(absl::Minutes(10));
  EXPECT_EQ(deliveries_, 0);

  // Unless their deliveries reach us, or the configuration says so.
  options_.hook_urls = {"https://chat.example.com/*"};
  Start();
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 2);
  options_.hook_urls.clear();
  rules().hooks().Send(
      {.name = "pull_request", .payload = Opened(7), .hook_id = other},
      clock_.Now());
  Pump();
  ASSERT_TRUE(IsKnown(7));
  Miss(2, 3);
  Start();
  Run(absl::Minutes(10));
  EXPECT_TRUE(IsKnown(2));
}

TEST_F(RecoveryRoomTest, PullingNeedsNoReceiver) {
  shim_is_up_ = false;
  options_.pull = true;
  Miss(0, 3);
  clock_.Advance(absl::Seconds(1));
  Start();
  Run(absl::Seconds(10));
  EXPECT_EQ(KnownOf(0, 3), 3);
  rules().hooks().Record({.name = "pull_request", .payload = Opened(3)},
                         {.status_code = 401}, clock_.Now());
  rules().hooks().Record({.name = "star", .payload = "{}"},
                         {.status_code = 202}, clock_.Now());
  Run(absl::Seconds(30));
  EXPECT_TRUE(IsKnown(3));
  // Nothing is read twice, by a new process neither.
  const int requests = rules().request_count();
  Run(absl::Minutes(1));
  EXPECT_LE(rules().request_count() - requests, 5);
  Start();
  Run(absl::Seconds(14));
  EXPECT_LE(rules().request_count() - requests, 9);
}

// A credential that may not read hooks can still see pull requests.
class ComparingTest : public RecoveryRoomTest {
 protected:
  ComparingTest() { rules().SetAdmin(kToken, "acme/widgets", false); }

  void Open(int number, absl::Duration age = absl::Hours(1)) {
    PullRequest pull;
    pull.number = number + 1;
    pull.head_sha = ShaOf(number);
    pull.created_at = pull.updated_at = clock_.Now() - age;
    rules().AddCommit(kRepository, pull.head_sha);
    rules().AddPullRequest(kRepository, pull);
  }
};

TEST_F(ComparingTest, HeadsThatNobodyToldOfArePending) {
  Open(0);
  Open(1);
  Start();
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 2), 2);
  Open(2, absl::ZeroDuration());
  EXPECT_FALSE(IsKnown(2));
  Run(absl::Minutes(6));
  EXPECT_TRUE(IsKnown(2));
  const auto commit =
      outbox_->GetCommit(*ParseRepository(kRepository), ShaOf(2));
  ASSERT_TRUE(commit.ok());
  ASSERT_EQ(commit->statuses.size(), 1u);
  EXPECT_EQ(commit->statuses[0].context, "ci/build");
  EXPECT_EQ(commit->statuses[0].phase, Phase::kWebhookPending);
}

TEST_F(ComparingTest, WhatIsOldOrShownAlreadyIsLeftAlone) {
  Open(0, absl::Hours(24 * 4));
  Open(1);
  SimulatedRequest post;
  post.method = "POST";
  post.target = absl::StrCat("/repos/acme/widgets/statuses/", ShaOf(1));
  post.headers = {{"User-Agent", "other"},
                  {"Authorization", absl::StrCat("Bearer ", kToken)}};
  post.body = R"({"state":"success","context":"CI/Build"})";
  ASSERT_EQ(rules().Handle(post, clock_.Now()).status, 201);
  rules().pull_requests().Find(1, 2)->is_open = true;
  Open(2);
  rules().pull_requests().Find(1, 3)->is_open = false;
  Start();
  Run(absl::Minutes(30));
  EXPECT_EQ(KnownOf(0, 3), 0);
}

TEST_F(ComparingTest, ItCanBeSwitchedOff) {
  Open(0);
  options_.compare = false;
  Start();
  Run(absl::Minutes(30));
  EXPECT_FALSE(IsKnown(0));
}

TEST_F(ComparingTest, WhatDidNotChangeCostsNoBudget) {
  Open(0);
  Start();
  Run(absl::Minutes(4));
  const int64_t before = gate_->BudgetOf(kLane).remaining;
  ASSERT_GT(before, 0);
  Run(absl::Minutes(50));
  EXPECT_EQ(gate_->BudgetOf(kLane).remaining, before);
}

// Where the hook can be read, deliveries tell more.
TEST_F(RecoveryRoomTest, ComparesOnlyWhereNoHookCanBeRead) {
  PullRequest pull;
  pull.number = 1;
  pull.head_sha = ShaOf(0);
  pull.updated_at = clock_.Now();
  rules().AddPullRequest(kRepository, pull);
  Start();
  Run(absl::Minutes(30));
  EXPECT_FALSE(IsKnown(0));
}

TEST_F(RecoveryRoomTest, TroublesDelayAndLoseNothing) {
  Miss(0, 20);
  Fail("server_error_json", 3);
  Fail("secondary_limit", 1, 120);
  Fail("slow", 2);
  Start();
  Run(absl::Minutes(40));
  EXPECT_EQ(KnownOf(0, 20), 20);
}

}  // namespace
}  // namespace signalbox
