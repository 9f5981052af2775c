#include "server/term/term_keeper.h"

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/error.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

using Act = TermKeeper::Act;

absl::Duration Ms(int64_t ms) { return absl::Milliseconds(ms); }
SteadyTime At(int64_t ms) { return SteadyTime(Ms(ms)); }

TermKeeper::Options OptionsOf(const std::string& owner) {
  TermKeeper::Options options;
  options.owner = owner;
  return options;
}

// One look, and what the keeper does then.
struct Step {
  int at_ms;
  const char* owner;
  int64_t epoch;
  int64_t beat;
  Act act = Act::kNothing;
  int took_ms = 0;  // The time from the look's begin to its answer.
};

void Take(TermKeeper* keeper, const Step& step, bool may_claim = true) {
  SCOPED_TRACE(step.at_ms);
  TermKeeper::Situation situation;
  situation.look.emplace();
  situation.look->owner = step.owner;
  situation.look->epoch = step.epoch;
  situation.look->beat = step.beat;
  situation.look_begin = At(step.at_ms - step.took_ms);
  situation.may_claim = may_claim;
  const TermKeeper::Decision decision =
      keeper->RunOnce(At(step.at_ms), situation);
  EXPECT_EQ(decision.act, step.act);
  EXPECT_GT(decision.next, At(step.at_ms));
  EXPECT_LE(decision.next, At(step.at_ms + 250));
  if (decision.act == Act::kClaim) {
    EXPECT_EQ(decision.seen.epoch, step.epoch);
    EXPECT_EQ(decision.seen.beat, step.beat);
  }
}

void TakeAll(const std::vector<Step>& steps) {
  TermKeeper keeper(OptionsOf("me"));
  for (const Step& step : steps) Take(&keeper, step);
}

TEST(TermKeeperTest, ClaimsWhatNobodyHas) {
  TakeAll({{5, "", 0, 0, Act::kClaim}});
  TakeAll({{5, "", 7, 0, Act::kClaim}});
  TakeAll({{5, "other", 7, 3}, {255, "", 8, 0, Act::kClaim}});
}

// The answer to a claim can be lost, and a holder can be silent for too long.
TEST(TermKeeperTest, ClaimsAtOnceWhatIsItsOwn) {
  TakeAll({{5, "me", 7, 3, Act::kClaim}});
}

TEST(TermKeeperTest, ClaimsAfterTwoSecondsWithoutABeat) {
  TakeAll({{0, "other", 7, 3},
           {250, "other", 7, 3},
           {500, "other", 7, 4},
           {900, "other", 7, 4},
           {1300, "other", 7, 4},
           {1700, "other", 7, 4},
           {2100, "other", 7, 4},
           {2499, "other", 7, 4},
           {2500, "other", 7, 4, Act::kClaim}});
}

TEST(TermKeeperTest, AnotherTermIsNotSilentYet) {
  TakeAll({{0, "other", 7, 3},
           {500, "other", 7, 3},
           {1000, "other", 7, 3},
           {1500, "third", 8, 3},
           {2000, "third", 8, 3},
           {2500, "third", 8, 3},
           {3000, "third", 8, 3},
           {3499, "third", 8, 3},
           {3500, "third", 8, 3, Act::kClaim}});
}

// Between two looks the holder may have been silent because the store was. The
// time before the gap counts for nothing.
TEST(TermKeeperTest, AGapBetweenLooksBeginsTheSilenceAnew) {
  TakeAll({{0, "other", 7, 3},
           {500, "other", 7, 3},
           {1000, "other", 7, 3},
           {1500, "other", 7, 3},
           {2001, "other", 7, 3},
           {2500, "other", 7, 3},
           {3000, "other", 7, 3},
           {3500, "other", 7, 3},
           {4000, "other", 7, 3},
           {4001, "other", 7, 3, Act::kClaim}});
}

// The holder may have beaten right after the store made its answer.
TEST(TermKeeperTest, SilenceEndsWhenTheLastLookBegan) {
  TakeAll({{0, "other", 7, 3},
           {500, "other", 7, 3},
           {1000, "other", 7, 3},
           {1500, "other", 7, 3},
           {2000, "other", 7, 3, Act::kNothing, 100},
           {2300, "other", 7, 3, Act::kClaim, 100}});
}

TEST(TermKeeperTest, ClaimsNothingWithoutALook) {
  TermKeeper keeper(OptionsOf("me"));
  for (int at = 0; at < 10'000; at += 250) {
    const TermKeeper::Decision decision = keeper.RunOnce(At(at), {});
    EXPECT_EQ(decision.act, Act::kNothing);
    EXPECT_EQ(decision.next, At(at + 250));
  }
}

// One process has requests of one term at a time.
TEST(TermKeeperTest, ClaimsNothingWhileItsLastTermIsUnderWay) {
  TermKeeper keeper(OptionsOf("me"));
  Take(&keeper, {0, "", 7, 0}, /*may_claim=*/false);
  Take(&keeper, {250, "me", 7, 0}, /*may_claim=*/false);
  for (int at = 500; at < 5000; at += 250) {
    Take(&keeper, {at, "other", 8, 0}, /*may_claim=*/false);
  }
  Take(&keeper, {5000, "other", 8, 0, Act::kClaim});
}

// A keeper with the term of epoch 7 since the time 1000.
class HolderTest : public testing::Test {
 protected:
  HolderTest() : keeper_(OptionsOf("me")) {
    keeper_.NoteClaim(At(1000), Term{7});
  }

  TermKeeper::Decision Run(int64_t at_ms,
                           const TermKeeper::Situation& situation = {}) {
    return keeper_.RunOnce(At(at_ms), situation);
  }
  void Beat(int64_t at_ms, const absl::Status& answer = absl::OkStatus()) {
    SCOPED_TRACE(at_ms);
    const TermKeeper::Decision decision = Run(at_ms);
    EXPECT_EQ(decision.act, Act::kBeat);
    EXPECT_EQ(decision.term, Term{7});
    EXPECT_EQ(decision.next, At(at_ms + 500));
    keeper_.NoteBeat(Term{7}, At(at_ms), answer);
  }
  bool HasTerm(int64_t at_ms) const {
    return keeper_.TermAt(At(at_ms)).has_value();
  }

  TermKeeper keeper_;
};

TEST_F(HolderTest, BeatsEachHalfSecond) {
  EXPECT_EQ(keeper_.TermAt(At(1000)), Term{7});
  EXPECT_EQ(Run(1010).act, Act::kNothing);
  EXPECT_EQ(Run(1010).next, At(1500));
  for (int at = 1500; at < 20'000; at += 500) {
    Beat(at);
    EXPECT_EQ(Run(at + 10).act, Act::kNothing);
  }
  EXPECT_EQ(keeper_.TermAt(At(20'000)), Term{7});
}

TEST_F(HolderTest, LosesTheTermAfterTwoSecondsWithoutAnAnswer) {
  Beat(1500);
  for (const int at : {2000, 2500, 3000, 3500}) {
    Beat(at, absl::UnavailableError("the store is away"));
  }
  EXPECT_TRUE(HasTerm(3500));
  EXPECT_FALSE(HasTerm(3501));
  EXPECT_EQ(Run(3501).act, Act::kNothing);
  // For good: the store may have given it to another process meanwhile.
  keeper_.NoteBeat(Term{7}, At(3500), absl::OkStatus());
  EXPECT_FALSE(HasTerm(3501));
}

// What counts is when a beat began: the store may have taken it just then.
TEST_F(HolderTest, AnAnswerThatTookLongHelpsLittle) {
  EXPECT_EQ(Run(1500).act, Act::kBeat);
  keeper_.NoteBeat(Term{7}, At(1500), absl::OkStatus());
  EXPECT_TRUE(HasTerm(3500));
  EXPECT_FALSE(HasTerm(3501));
}

TEST_F(HolderTest, AClaimThatTookTooLongGivesNoTerm) {
  keeper_.NoteClaim(At(2000), Term{8});
  EXPECT_EQ(keeper_.TermAt(At(4000)), Term{8});
  EXPECT_EQ(keeper_.TermAt(At(4001)), std::nullopt);
}

// A process that was stopped finds out before it does anything.
TEST_F(HolderTest, AProcessThatWasStoppedDoesNotBeat) {
  Beat(1500);
  EXPECT_FALSE(HasTerm(20'000));
  EXPECT_EQ(Run(20'000).act, Act::kNothing);
}

TEST_F(HolderTest, TheTermIsOverWhenTheStoreSaysSo) {
  Beat(1500, Error(absl::StatusCode::kFailedPrecondition, "TERM_OVER", "over"));
  EXPECT_FALSE(HasTerm(1500));
}

TEST_F(HolderTest, AnyCallCanShowThatTheTermIsOver) {
  keeper_.NoteOver(Term{6});
  EXPECT_TRUE(HasTerm(1100));
  keeper_.NoteOver(Term{7});
  EXPECT_FALSE(HasTerm(1100));
}

TEST_F(HolderTest, ALookCanShowThatTheTermIsOver) {
  TermKeeper::Situation situation;
  situation.look.emplace();
  situation.look->owner = "me";
  for (const int64_t epoch : {6, 7}) {
    situation.look->epoch = epoch;
    Run(1100, situation);
    EXPECT_TRUE(HasTerm(1100)) << epoch;
  }
  situation.look->epoch = 8;
  situation.look->owner = "other";
  EXPECT_EQ(Run(1100, situation).act, Act::kNothing);
  EXPECT_FALSE(HasTerm(1100));
}

TEST_F(HolderTest, AnswersAboutAnotherTermChangeNothing) {
  keeper_.NoteBeat(Term{6}, At(1500),
                   absl::FailedPreconditionError("TERM_OVER"));
  EXPECT_TRUE(HasTerm(1500));
  keeper_.NoteBeat(Term{6}, At(3000), absl::OkStatus());
  EXPECT_FALSE(HasTerm(3001));
  EXPECT_TRUE(HasTerm(3000));
}

TEST_F(HolderTest, AClaimThatFailedChangesNothing) {
  keeper_.NoteClaim(At(1500), absl::AbortedError("TERM_CHANGED"));
  keeper_.NoteClaim(At(1500), absl::UnavailableError("away"));
  EXPECT_EQ(keeper_.TermAt(At(3000)), Term{7});
}

// When the holder gives back: after 60 s without an answer, and 5 minutes with
// the term.
TEST_F(HolderTest, GivesBackWhatItCannotUse) {
  struct Case {
    int at_s;
    int unanswered_since_s;  // 0: no request waits for an answer.
    bool gives_back;
  };
  constexpr int kPatience = 1 + 5 * 60;
  for (const Case& one :
       {Case{kPatience + 1, kPatience - 59, true},
        Case{kPatience + 1, kPatience - 58, false}, Case{kPatience, 1, false},
        Case{kPatience + 1, 1, true}, Case{kPatience + 1, 0, false},
        Case{10'000, 0, false}, Case{10'000, 9941, false},
        Case{10'000, 9940, true}}) {
    SCOPED_TRACE(testing::Message()
                 << one.at_s << " " << one.unanswered_since_s);
    TermKeeper keeper(OptionsOf("me"));
    keeper.NoteClaim(At(1000), Term{7});
    const SteadyTime now(absl::Seconds(one.at_s));
    keeper.NoteBeat(Term{7}, now, absl::OkStatus());
    TermKeeper::Situation situation;
    if (one.unanswered_since_s != 0) {
      situation.unanswered_since = At(one.unanswered_since_s * 1000);
    }
    const TermKeeper::Decision decision = keeper.RunOnce(now, situation);
    EXPECT_EQ(decision.act, one.gives_back ? Act::kGiveBack : Act::kBeat);
    EXPECT_EQ(decision.term, Term{7});
    EXPECT_EQ(keeper.TermAt(now).has_value(), !one.gives_back);
  }
}

TEST_F(HolderTest, EachGivingBackDoublesThePatienceUntilAHostAnswers) {
  SteadyTime now = At(1000);
  int64_t epoch = 7;
  // How long a new term lasts without an answer, in minutes.
  const auto next_term = [&](bool is_answered) {
    const Term term{++epoch};
    const SteadyTime begin = now;
    keeper_.NoteClaim(begin, term);
    TermKeeper::Situation situation;
    if (is_answered) situation.last_answer = begin;
    situation.unanswered_since = begin;
    while (true) {
      now += Ms(500);
      const TermKeeper::Decision decision = keeper_.RunOnce(now, situation);
      if (decision.act == Act::kGiveBack) break;
      keeper_.NoteBeat(term, now, absl::OkStatus());
    }
    return absl::ToInt64Minutes(now - begin);
  };
  EXPECT_EQ(next_term(false), 5);
  EXPECT_EQ(next_term(false), 10);
  EXPECT_EQ(next_term(false), 20);
  EXPECT_EQ(next_term(true), 5);
  EXPECT_EQ(next_term(false), 10);
}

// A keeper that gave its term back at the time 400,000.
TermKeeper OneThatGaveBack() {
  TermKeeper keeper(OptionsOf("me"));
  keeper.NoteClaim(At(0), Term{7});
  keeper.NoteBeat(Term{7}, At(400'000), absl::OkStatus());
  TermKeeper::Situation situation;
  situation.unanswered_since = At(0);
  EXPECT_EQ(keeper.RunOnce(At(400'000), situation).act, Act::kGiveBack);
  return keeper;
}

// If no other process comes, the one that gave back goes on.
TEST(TermKeeperTest, WhoGaveBackLetsTheOthersGoFirst) {
  // With "me" the store did not get the call.
  for (const char* owner : {"", "me"}) {
    TermKeeper keeper = OneThatGaveBack();
    for (int at = 400'250; at < 402'250; at += 250) {
      Take(&keeper, {at, owner, 8, 0});
    }
    Take(&keeper, {402'250, owner, 8, 0, Act::kClaim});
  }
  TermKeeper keeper = OneThatGaveBack();
  Take(&keeper, {400'250, "", 8, 0});
  Take(&keeper, {400'500, "other", 9, 0});
  Take(&keeper, {400'750, "", 10, 0, Act::kClaim});
}

// With SQLite the lock on the directory decides, and a slow disk must not.
TEST(TermKeeperTest, WithoutSilenceATermLastsUntilItIsTaken) {
  TermKeeper::Options options = OptionsOf("me");
  options.silence = absl::InfiniteDuration();
  options.patience = absl::InfiniteDuration();
  options.beat = absl::Minutes(1);
  TermKeeper keeper(options);
  Take(&keeper, {0, "", 7, 0, Act::kClaim});
  keeper.NoteClaim(At(0), Term{8});
  TermKeeper::Situation situation;
  situation.unanswered_since = At(0);
  const SteadyTime now = At(0) + absl::Hours(50);
  const TermKeeper::Decision decision = keeper.RunOnce(now, situation);
  EXPECT_EQ(decision.act, Act::kBeat);
  EXPECT_EQ(decision.next, now + absl::Minutes(1));
  EXPECT_EQ(keeper.TermAt(now + absl::Hours(50)), Term{8});
}

// --- Several servers on one store.

class FakeTerms : public Terms {
 public:
  absl::StatusOr<TermLook> Look() override { return look_; }
  absl::StatusOr<Term> Claim(const TermLook& seen, const std::string& owner,
                             const std::string& holder,
                             absl::Time /*now*/) override {
    if (seen.epoch != look_.epoch || seen.beat != look_.beat) {
      return absl::AbortedError("TERM_CHANGED");
    }
    look_.epoch++;
    look_.owner = owner;
    look_.holder = holder;
    look_.beat = 0;
    return Term{look_.epoch};
  }
  absl::Status Beat(const Term& term, absl::Time /*now*/) override {
    if (term.epoch != look_.epoch) {
      ++refused_beats_;
      return absl::FailedPreconditionError("TERM_OVER");
    }
    look_.beat++;
    return absl::OkStatus();
  }
  absl::Status GiveBack(const Term& term) override {
    if (term.epoch != look_.epoch) return absl::OkStatus();
    look_.epoch++;
    look_.owner.clear();
    look_.beat = 0;
    return absl::OkStatus();
  }

  const TermLook& look() const { return look_; }
  int refused_beats() const { return refused_beats_; }

 private:
  TermLook look_;
  int refused_beats_ = 0;
};

constexpr absl::Duration kTick = absl::Milliseconds(10);

// Servers, each with one thread that makes one call at a time. The store
// answers each call after a tick, or at the end of its stall.
class FleetTest : public testing::Test {
 protected:
  struct Server {
    explicit Server(const std::string& given_name)
        : name(given_name), keeper(OptionsOf(given_name)) {}

    const std::string name;
    TermKeeper keeper;
    SteadyTime next;
    bool is_stopped = false;
    // The call under way: changes the store, and returns what to do with its
    // answer. After it, the answer on its way.
    std::function<std::function<void()>()> call;
    std::function<void()> answer;
    // Since when GitHub does not answer it.
    SteadyTime unanswered_since = SteadyTime::InfiniteFuture();
    SteadyTime last_answer;
  };

  void AddServers(int count) {
    for (int i = 0; i < count; ++i) {
      servers_.push_back(
          std::make_unique<Server>("server " + std::to_string(i)));
      // They do not look in the same moment.
      servers_.back()->next = now_ + i * Ms(70);
    }
  }

  void Pass(absl::Duration time) {
    const SteadyTime end = now_ + time;
    while (now_ < end) {
      now_ += kTick;
      for (const auto& server : servers_) Answer(server.get());
      for (const auto& server : servers_) Run(server.get());
      ASSERT_LE(Holders().size(), 1u) << now_.reading();
    }
  }

  // Passes time until a server has the term. Returns how long it took.
  absl::Duration PassUntilHeld() {
    const SteadyTime begin = now_;
    while (Holders().empty() && now_ < begin + absl::Minutes(1)) Pass(kTick);
    return now_ - begin;
  }

  // Those that believe that they have the term, or will when they go on.
  std::vector<Server*> Holders() {
    std::vector<Server*> holders;
    for (const auto& server : servers_) {
      if (server->keeper.TermAt(now_).has_value()) {
        holders.push_back(server.get());
      }
    }
    return holders;
  }
  Server* Holder() {
    const std::vector<Server*> holders = Holders();
    return holders.empty() ? nullptr : holders.front();
  }

  void Kill(Server* server) {
    std::erase_if(servers_,
                  [&](const auto& one) { return one.get() == server; });
  }

  void Stall(absl::Duration time) { stall_end_ = now_ + time; }

  void Answer(Server* server) {
    if (server->call == nullptr || now_ < stall_end_) return;
    server->answer = std::exchange(server->call, nullptr)();
  }

  void Run(Server* server) {
    if (server->is_stopped || server->call != nullptr) return;
    if (server->answer != nullptr) std::exchange(server->answer, nullptr)();
    if (server->call != nullptr || now_ < server->next) return;
    const SteadyTime begin = now_;
    if (server->keeper.TermAt(now_).has_value()) return Decide(server, {});
    server->call = [=, this] {
      return [=, this, look = *store_.Look()] {
        TermKeeper::Situation situation;
        situation.look = look;
        situation.look_begin = begin;
        Decide(server, situation);
      };
    };
  }

  void Decide(Server* server, TermKeeper::Situation situation) {
    situation.unanswered_since = server->unanswered_since;
    situation.last_answer = server->last_answer;
    const TermKeeper::Decision decision =
        server->keeper.RunOnce(now_, situation);
    server->next = decision.next;
    const SteadyTime begin = now_;
    switch (decision.act) {
      case Act::kNothing:
        break;
      case Act::kClaim:
        server->call = [=, this] {
          return [=, claimed = store_.Claim(decision.seen, server->name, "",
                                            absl::UnixEpoch())] {
            server->keeper.NoteClaim(begin, claimed);
          };
        };
        break;
      case Act::kBeat:
        server->call = [=, this] {
          return [=, beaten = store_.Beat(decision.term, absl::UnixEpoch())] {
            server->keeper.NoteBeat(decision.term, begin, beaten);
          };
        };
        break;
      case Act::kGiveBack:
        server->call = [=, this] {
          EXPECT_TRUE(store_.GiveBack(decision.term).ok());
          return [] {};
        };
        break;
    }
  }

  SteadyTime now_ = At(0);
  SteadyTime stall_end_;
  FakeTerms store_;
  std::vector<std::unique_ptr<Server>> servers_;
};

TEST_F(FleetTest, TheFirstOneClaimsAndKeepsTheTerm) {
  AddServers(3);
  EXPECT_LE(PassUntilHeld(), Ms(100));
  Pass(absl::Minutes(1));
  ASSERT_NE(Holder(), nullptr);
  EXPECT_EQ(Holder()->name, "server 0");
  EXPECT_EQ(store_.look().epoch, 1);
  EXPECT_GE(store_.look().beat, 110);
}

TEST_F(FleetTest, AnotherTakesOverSoonAfterTheHolderDied) {
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    AddServers(2);
    PassUntilHeld();
    Pass(absl::Seconds(5) + round * Ms(30));
    ASSERT_NE(Holder(), nullptr);
    Kill(Holder());
    const absl::Duration took = PassUntilHeld();
    EXPECT_GE(took, Ms(1400));
    EXPECT_LE(took, Ms(2600));
    servers_.clear();
  }
}

// As with SIGSTOP: the process goes on as if no time had passed.
TEST_F(FleetTest, AHolderThatWasStoppedHasNoTerm) {
  AddServers(3);
  PassUntilHeld();
  Pass(absl::Seconds(5));
  Server* const stopped = Holder();
  ASSERT_NE(stopped, nullptr);
  stopped->is_stopped = true;
  Pass(Ms(2600));
  Server* const next = Holder();
  ASSERT_NE(next, nullptr);
  EXPECT_NE(next, stopped);
  Pass(absl::Seconds(10));
  stopped->is_stopped = false;
  Pass(absl::Seconds(10));
  EXPECT_EQ(Holder(), next);
  EXPECT_EQ(store_.look().epoch, 2);
  EXPECT_EQ(store_.refused_beats(), 0);
}

TEST_F(FleetTest, AShortStallOfTheStoreChangesNothing) {
  AddServers(3);
  PassUntilHeld();
  for (int round = 0; round < 20; ++round) {
    Pass(absl::Seconds(3) + round * Ms(30));
    Stall(Ms(1400));
    Pass(Ms(1500));
    ASSERT_NE(Holder(), nullptr) << round;
    EXPECT_EQ(Holder()->name, "server 0") << round;
  }
  EXPECT_EQ(store_.look().epoch, 1);
}

// The others see no silence while they see nothing, so the former holder goes
// on, in a new term.
TEST_F(FleetTest, AfterALongStallTheFormerHolderGoesOn) {
  AddServers(3);
  PassUntilHeld();
  for (int round = 1; round < 20; ++round) {
    Pass(absl::Seconds(3) + round * Ms(30));
    Stall(absl::Seconds(10));
    Pass(absl::Seconds(10));
    EXPECT_EQ(Holder(), nullptr) << round;
    EXPECT_LE(PassUntilHeld(), Ms(600)) << round;
    ASSERT_NE(Holder(), nullptr) << round;
    EXPECT_EQ(Holder()->name, "server 0") << round;
    EXPECT_EQ(store_.look().epoch, 1 + round);
  }
}

TEST_F(FleetTest, AServerWithoutAWayToGitHubGivesBack) {
  AddServers(2);
  PassUntilHeld();
  Server* const cut_off = Holder();
  ASSERT_NE(cut_off, nullptr);
  cut_off->unanswered_since = now_;
  Pass(absl::Minutes(5) - absl::Seconds(1));
  EXPECT_EQ(Holder(), cut_off);
  Pass(absl::Seconds(2));
  ASSERT_NE(Holder(), nullptr);
  EXPECT_NE(Holder(), cut_off);
  Server* const other = Holder();
  Pass(absl::Minutes(10));
  EXPECT_EQ(Holder(), other);
}

// No server can reach GitHub: the term changes hands less and less often.
TEST_F(FleetTest, GivingBackGetsRarer) {
  AddServers(2);
  for (const auto& server : servers_) server->unanswered_since = now_;
  // 5, 5, 10, 10, 20 and 20 minutes.
  Pass(absl::Minutes(75));
  EXPECT_EQ(store_.look().epoch, 13);
  ASSERT_NE(Holder(), nullptr);
}

TEST_F(FleetTest, AServerThatIsAloneGoesOn) {
  AddServers(1);
  PassUntilHeld();
  servers_[0]->unanswered_since = now_;
  while (Holder() != nullptr) Pass(kTick);
  const absl::Duration took = PassUntilHeld();
  EXPECT_GE(took, absl::Seconds(2));
  EXPECT_LE(took, Ms(2600));
}

// Pass checks that no two ever believe that they have the term.
TEST_F(FleetTest, AfterAnyTroubleOneHasTheTerm) {
  for (int seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int most) {
      return static_cast<int>(random() % static_cast<unsigned>(most));
    };
    AddServers(3);
    for (int trouble = 0; trouble < 20; ++trouble) {
      Pass(Ms(below(4000)));
      Server* const server = servers_[below(3)].get();
      if (below(3) == 0) {
        Stall(Ms(below(5000)));
      } else {
        server->is_stopped = !server->is_stopped;
      }
    }
    for (const auto& server : servers_) server->is_stopped = false;
    Pass(absl::Seconds(10));
    EXPECT_NE(Holder(), nullptr);
    servers_.clear();
  }
}

}  // namespace
}  // namespace signalbox
