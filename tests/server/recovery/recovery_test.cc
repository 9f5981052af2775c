#include "server/recovery/recovery.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/hooks.h"
#include "tests/server/recovery/recovery_room.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

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
  Run(absl::Minutes(20));
  clock_.Advance(absl::Hours(1));
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

// GitHub's button "Redeliver" asks for a rerun. A redelivery for which the
// server asked does not, though it comes late and twice.
TEST_F(RecoveryRoomTest, WhatTheServerHasMadeAgainIsNobodysWish) {
  shim_is_up_ = false;
  Miss(0, 1);
  Hooks::Attempt attempt;
  attempt.event = "pull_request";
  attempt.body = Opened(0);
  attempt.guid = rules()
                     .hooks()
                     .DeliveriesOf(hook_, clock_.Now() + absl::Seconds(1))
                     .back()
                     ->guid;
  Start();
  // The server asks for it twice.
  Run(absl::Minutes(40));
  EXPECT_EQ(Deliver(attempt), 202);
  EXPECT_EQ(last_disposition_, Disposition::kAccepted);
  KeyReport result;
  result.repository = *ParseRepository(kRepository);
  result.sha = *ParseSha(ShaOf(0));
  result.context = "ci/build";
  result.result = Result::kSuccess;
  Submission said;
  SetReport(&said, result);
  ASSERT_TRUE(outbox_->Accept({said}, clock_.Now())->at(0).status.ok());
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Deliver(attempt), 202);
  EXPECT_EQ(last_disposition_, Disposition::kUnchanged);
  EXPECT_EQ(Deliver(attempt), 202);
  EXPECT_EQ(last_disposition_, Disposition::kAccepted);
}

TEST_F(RecoveryRoomTest, WithoutATermItAsksForNothing) {
  Miss(0, 2);
  const Term term = held_term_.Get();
  held_term_.Set(Term());
  Start();
  Run(absl::Hours(1));
  EXPECT_EQ(rules().request_count(), 0);
  held_term_.Set(term);
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 2), 2);
}

// Another process took the term over, and this one had not noticed.
TEST_F(RecoveryRoomTest, ItsTermIsOverOnceTheStoreRefusesItsNotes) {
  Start();
  Run(absl::Minutes(1));
  Miss(0, 2);
  const auto other =
      outbox_->Claim(*outbox_->Look(), "another", "", clock_.Now());
  ASSERT_TRUE(other.ok()) << other.status();
  Run(absl::Hours(1));
  EXPECT_EQ(KnownOf(0, 2), 0);
  EXPECT_FALSE(held_term_.exists());
  EXPECT_TRUE(term_over_.is_requested());
  const int64_t requests = rules().request_count();
  Run(absl::Hours(1));
  EXPECT_EQ(rules().request_count(), requests);
  held_term_.Set(*other);
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 2);
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

  // Such a hook is ours if a delivery reaches us, or if so configured.
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
  rules().hooks().Record({.name = "star", .payload = Opened(1)},
                         {.status_code = 202}, clock_.Now());
  Run(absl::Seconds(30));
  EXPECT_TRUE(IsKnown(3));
  // Nothing is read twice, not even by a new process.
  const int requests = rules().request_count();
  Run(absl::Minutes(1));
  EXPECT_LE(rules().request_count() - requests, 5);
  Start();
  Run(absl::Seconds(14));
  EXPECT_LE(rules().request_count() - requests, 9);
}

// A delivery is listed only once: 350 deliveries are four pages.
TEST_F(RecoveryRoomTest, PullingGoesOnWhereItWas) {
  shim_is_up_ = false;
  options_.pull = true;
  for (int i = 0; i < 350; ++i) {
    rules().hooks().Record({.name = "star", .payload = Opened(1)},
                           {.status_code = 202}, clock_.Now());
  }
  clock_.Advance(absl::Hours(1));
  Start();
  Run(absl::Seconds(10));
  const int requests = rules().request_count();
  EXPECT_GE(requests, 4);
  // Bodies of other events are not read.
  EXPECT_LE(requests, 8);
  Start();
  Run(absl::Seconds(10));
  // The hooks of the repository and of its owner, and one page.
  EXPECT_LE(rules().request_count() - requests, 4);
}

// Others follow GitHub's guide too, so its path alone makes no hook ours.
TEST_F(RecoveryRoomTest, TheGuidesPathAloneMakesNoHookOurs) {
  rules().hooks().RemoveHook(hook_);
  rules().hooks().AddHook({.repository = kRepository,
                           .url = "https://other-ci.example.net/event_handler"},
                          clock_.Now());
  Miss(0, 3);
  Start();
  Run(absl::Hours(2));
  EXPECT_EQ(deliveries_, 0);
}

// A second repository's hook leads to the same receiver, but nothing has come
// through it. A third one's leads elsewhere on the same host.
TEST_F(RecoveryRoomTest, AHookThatLeadsToTheHostOfOursIsOurs) {
  for (const char* name : {"acme/second", "acme/third", "acme/the-fourth"}) {
    rules().AddRepository(name, 0);
    rules().SetAdmin(kToken, name);
    options_.repositories.push_back(*ParseRepository(name));
  }
  rules().hooks().AddHook({.repository = "acme/second"}, clock_.Now());
  rules().hooks().AddHook(
      {.repository = "acme/third", .url = "https://example.com/jenkins"},
      clock_.Now());
  rules().hooks().AddHook(
      {.repository = "acme/the-fourth",
       .url = "https://user:secret@EXAMPLE.com/ci/event_handler?key=1"},
      clock_.Now());
  const auto miss = [this](int number, const std::string& name) {
    rules().hooks().Record(
        {.name = "pull_request",
         .payload = Opened(number, name, static_cast<int64_t>(name.size()))},
        {.status_code = 503}, clock_.Now());
  };
  miss(0, "acme/second");
  miss(1, "acme/third");
  miss(2, "acme/the-fourth");
  Start();
  Run(absl::Minutes(10));
  EXPECT_TRUE(IsKnown(0, "acme/second"));
  EXPECT_FALSE(IsKnown(1, "acme/third"));
  EXPECT_TRUE(IsKnown(2, "acme/the-fourth"));

  // The hook that showed the host is gone, and the process has ended.
  rules().hooks().RemoveHook(hook_);
  clock_.Advance(absl::Hours(1));
  miss(3, "acme/second");
  Start();
  Run(absl::Minutes(10));
  EXPECT_TRUE(IsKnown(3, "acme/second"));
}

// Every `gh webhook forward` has the same URL.
TEST_F(RecoveryRoomTest, ASharedRelayMakesNoHookOurs) {
  rules().hooks().RemoveHook(hook_);
  const char* const url = "https://webhook-forwarder.github.com/hook";
  const int64_t ours = rules().hooks().AddHook(
      {.repository = kRepository, .url = url}, clock_.Now());
  SeeHook(ours);
  rules().AddRepository("acme/second", 0);
  rules().SetAdmin(kToken, "acme/second");
  options_.repositories.push_back(*ParseRepository("acme/second"));
  rules().hooks().AddHook({.repository = "acme/second", .url = url},
                          clock_.Now());
  Miss(0, 1);
  rules().hooks().Record(
      {.name = "pull_request", .payload = Opened(1, "acme/second", 2)},
      {.status_code = 503}, clock_.Now());
  Start();
  Run(absl::Minutes(10));
  EXPECT_TRUE(IsKnown(0));
  EXPECT_FALSE(IsKnown(1, "acme/second"));
}

// The server found the hook before its first delivery came through.
TEST_F(RecoveryRoomTest, AHookBecomesOursWithItsFirstDelivery) {
  rules().hooks().RemoveHook(hook_);
  const int64_t fresh =
      rules().hooks().AddHook({.repository = kRepository,
                               .url = "https://ci.example.org/event_handler"},
                              clock_.Now());
  Miss(0, 2);
  Start();
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 0);
  SeeHook(fresh);
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 2), 2);
}

// Counts how often each named time is read from disk.
class CountingOutbox : public ForwardingOutbox {
 public:
  using ForwardingOutbox::ForwardingOutbox;

  absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) override {
    ++reads[name];
    return ForwardingOutbox::GetNamedTime(name);
  }

  std::map<std::string, int> reads;
};

// There are more addresses than memory keeps. The one in constant use is not
// read from disk again.
TEST_F(RecoveryRoomTest, OfManyAddressesTheOldestAreForgotten) {
  std::vector<std::string> names = {"acme/second"};
  for (int i = 0; i < 6; ++i) names.push_back(absl::StrCat("acme/many-", i));
  for (const std::string& name : names) {
    rules().AddRepository(name, 0);
    rules().SetAdmin(kToken, name);
    options_.repositories.push_back(*ParseRepository(name));
  }
  // No delivery came through it, so only its host makes it ours.
  rules().hooks().AddHook({.repository = "acme/second"}, clock_.Now());
  CountingOutbox counting(outbox_.get());
  options_.redeliver = false;  // This test only looks for hooks.
  StartOn(&counting);
  Run(absl::Minutes(2));
  counting.reads.clear();
  for (int i = 0; i < 510; ++i) {
    SeeHook(rules().hooks().AddHook(
        {.repository = absl::StrCat("acme/many-", i % 6),
         .url = absl::StrCat("https://host-", i, ".example.com/in")},
        clock_.Now()));
  }
  // Hooks are looked for once an hour.
  Run(absl::Minutes(70));
  EXPECT_GT(counting.reads.size(), 1000u);
  EXPECT_EQ(counting.reads["hook host example.com"], 0);
  recovery_.reset();
}

// An older shim answers these with 500, again and again.
TEST_F(RecoveryRoomTest, WhatOneDeliveryMeetsHoldsNoOthersUp) {
  Miss(0, 5);
  clock_.Advance(absl::Seconds(10));
  for (int i = 0; i < 5; ++i) {
    rules().hooks().Record(
        {.name = "pull_request", .payload = Opened(100 + i, "acme/elsewhere")},
        {.status_code = 500}, clock_.Now());
  }
  for (int i = 0; i < 5; ++i) {
    rules().hooks().Record({.name = "pull_request", .payload = Opened(100 + i)},
                           {.status_code = 500}, clock_.Now());
  }
  clock_.Advance(absl::Seconds(10));
  broken_from_ = 100;
  Start();
  Run(absl::Minutes(2));
  EXPECT_EQ(KnownOf(0, 5), 5);
}

// GitHub acted on the request, but the answer was lost. Asking again would
// cause one more delivery.
TEST_F(RecoveryRoomTest, ALostAnswerIsNoReasonToAskAgain) {
  Miss(0, 5);
  Fail("reset_after_apply", 5, 60, "/attempts");
  Start();
  Run(absl::Hours(1));
  EXPECT_EQ(KnownOf(0, 5), 5);
  EXPECT_EQ(deliveries_, 5);
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

enum class Mode { kRedeliver, kPull, kCompare };

// Trouble between the server and GitHub: a limit of 45 minutes, or 40 minutes
// of 502.
struct Trouble {
  const char* name;
  Mode mode;  // Each must work without the others.
  bool is_limit;
  const char* where;  // The requests that meet it; empty: all.
};

class LongTroubleTest : public RecoveryRoomTest,
                        public testing::WithParamInterface<Trouble> {
 protected:
  LongTroubleTest() {
    options_.redeliver = GetParam().mode == Mode::kRedeliver;
    options_.pull = GetParam().mode == Mode::kPull;
    options_.compare = Compares();
    if (Compares()) rules().SetAdmin(kToken, kRepository, false);
  }

  bool Compares() const { return GetParam().mode == Mode::kCompare; }
  // When comparing, more pull requests than a page has.
  int Many() const { return Compares() ? 110 : 10; }

  // Opens pull requests of which no delivery arrives.
  void OpenUnseen(int from, int to) {
    if (!Compares()) return Miss(from, to);
    for (int number = from; number < to; ++number) {
      Open(number, absl::ZeroDuration());
    }
  }

  void Begin() {
    Fault fault;
    fault.target_contains = GetParam().where;
    fault.name = GetParam().is_limit ? "secondary_limit" : "answer";
    fault.count = GetParam().is_limit ? 1 : -1;
    fault.seconds = 45 * 60;
    fault.status = 502;
    rules().AddFault(fault);
  }
  void End() {
    if (!GetParam().is_limit) rules().ClearFaults();
  }
};

TEST_P(LongTroubleTest, LosesNothing) {
  const int many = Many();
  OpenUnseen(0, many);
  Begin();
  Start();
  for (int minute = 0; minute < 45; ++minute) {
    if (minute == 40) End();
    OpenUnseen(many + minute, many + minute + 1);
    Run(absl::Minutes(1));
  }
  Run(absl::Minutes(20));
  EXPECT_EQ(KnownOf(0, many + 45), many + 45);
}

// No later event draws attention to the missed ones.
TEST_P(LongTroubleTest, LosesNothingThoughNothingElseHappens) {
  OpenUnseen(0, Many());
  Begin();
  Start();
  Run(absl::Minutes(40));
  End();
  Run(absl::Minutes(25));
  EXPECT_EQ(KnownOf(0, Many()), Many());
}

// The trouble begins in the middle of the work, and the process restarts.
TEST_P(LongTroubleTest, LosesNothingOverARestart) {
  const int many = Many();
  Start();
  Run(absl::Minutes(1));
  OpenUnseen(0, many);
  Begin();
  Run(absl::Minutes(35));
  Start();
  Run(absl::Minutes(5));
  End();
  Run(absl::Minutes(5));
  OpenUnseen(many, many + 2);
  Run(absl::Minutes(20));
  EXPECT_EQ(KnownOf(0, many + 2), many + 2);
}

INSTANTIATE_TEST_SUITE_P(
    , LongTroubleTest,
    testing::Values(
        Trouble{"LimitRedelivering", Mode::kRedeliver, true, ""},
        Trouble{"LimitOfRequests", Mode::kRedeliver, true, "/attempts"},
        Trouble{"BadGatewayRedelivering", Mode::kRedeliver, false, ""},
        Trouble{"BadGatewayOfRequests", Mode::kRedeliver, false, "/attempts"},
        Trouble{"LimitPulling", Mode::kPull, true, ""},
        Trouble{"LimitOfReads", Mode::kPull, true, "/deliveries/"},
        Trouble{"BadGatewayPulling", Mode::kPull, false, ""},
        Trouble{"BadGatewayOfReads", Mode::kPull, false, "/deliveries/"},
        Trouble{"LimitComparing", Mode::kCompare, true, ""},
        Trouble{"LimitOfLists", Mode::kCompare, true, "page=2"},
        Trouble{"LimitOfHeads", Mode::kCompare, true, "/commits/"},
        Trouble{"BadGatewayComparing", Mode::kCompare, false, ""},
        Trouble{"BadGatewayOfLists", Mode::kCompare, false, "page=2"},
        Trouble{"BadGatewayOfHeads", Mode::kCompare, false, "/commits/"}),
    [](const auto& info) { return info.param.name; });

// GitHub cannot return one of them, now or ever.
TEST_F(RecoveryRoomTest, ADeliveryThatCannotBeReadHoldsNoOthersUp) {
  options_.pull = true;
  options_.compare = false;
  Miss(0, 1);
  const int64_t bad = rules()
                          .hooks()
                          .DeliveriesOf(hook_, clock_.Now() + absl::Seconds(1))
                          .front()
                          ->id;
  clock_.Advance(absl::Seconds(1));
  Fail("server_error_json", -1, 60, absl::StrCat("/deliveries/", bad));
  Miss(1, 5);
  Start();
  Run(absl::Minutes(5));
  EXPECT_EQ(KnownOf(1, 5), 4);
  for (int minute = 5; minute < 65; ++minute) {
    Miss(minute, minute + 1);
    Run(absl::Minutes(1));
  }
  EXPECT_GE(KnownOf(5, 65), 59);
  EXPECT_FALSE(IsKnown(0));
  rules().ClearFaults();
  Run(absl::Minutes(6));
  EXPECT_TRUE(IsKnown(0));
}

}  // namespace
}  // namespace signalbox
