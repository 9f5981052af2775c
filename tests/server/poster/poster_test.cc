#include "server/poster/poster.h"

#include <cstdlib>
#include <fstream>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/github/static_credentials.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";

std::string Sha(int number) { return absl::StrCat(1000 + number, kSha + 4); }

// GitHub, but for the requests that a test answers itself.
class InterceptingTransport : public HttpTransport {
 public:
  using Hook = std::function<std::optional<absl::StatusOr<HttpResponse>>(
      const HttpRequest&)>;

  explicit InterceptingTransport(FakeGitHub* github) : github_(github) {}

  void Send(HttpRequest request, Done done) override {
    if (request.method == "POST") sent.push_back(request.body);
    reads += request.method == "GET" ? 1 : 0;
    if (hook && (request.method == "POST" || hook_reads)) {
      auto answer = hook(request);
      if (answer.has_value()) {
        waiting_.emplace_back(std::move(done), *std::move(answer));
        return;
      }
    }
    github_->Send(std::move(request), std::move(done));
  }

  int DeliverDue() {
    int delivered = 0;
    while (!waiting_.empty()) {
      auto [done, answer] = std::move(waiting_.front());
      waiting_.pop_front();
      done(std::move(answer));
      ++delivered;
    }
    return delivered + github_->DeliverDue();
  }

  Hook hook;
  bool hook_reads = false;        // The hook answers reads too.
  std::vector<std::string> sent;  // The bodies of the posts, in order.
  int reads = 0;

 private:
  FakeGitHub* const github_;
  std::list<std::pair<Done, absl::StatusOr<HttpResponse>>> waiting_;
};

// The store, but for what a test lets fail.
class FailingOutbox : public ForwardingOutbox {
 public:
  explicit FailingOutbox(std::unique_ptr<Outbox> outbox)
      : ForwardingOutbox(outbox.get()), outbox_(std::move(outbox)) {}

  absl::StatusOr<std::vector<std::string>> DueLanes(absl::Time now) override {
    if (!due_lanes.ok()) return due_lanes;
    return ForwardingOutbox::DueLanes(now);
  }
  absl::StatusOr<std::optional<Lease>> TakeDue(const LeaseRequest& request,
                                               absl::Time now) override {
    if (!take_due.ok()) return take_due;
    return ForwardingOutbox::TakeDue(request, now);
  }
  absl::Status Settle(const Settlement& settlement, absl::Time now) override {
    if (!settle.ok()) return settle;
    return ForwardingOutbox::Settle(settlement, now);
  }
  absl::StatusOr<absl::Time> NextDueTime(absl::Time now) override {
    if (!next_due_time.ok()) return next_due_time;
    return ForwardingOutbox::NextDueTime(now);
  }
  absl::StatusOr<std::vector<LanePause>> Pauses() override {
    if (!pauses.ok()) return pauses;
    return ForwardingOutbox::Pauses();
  }

  absl::Status due_lanes, take_due, settle, next_due_time, pauses;

 private:
  const std::unique_ptr<Outbox> outbox_;
};

Repository Repo(const std::string& full_name) {
  auto repository = ParseRepository(full_name);
  EXPECT_TRUE(repository.ok()) << repository.status();
  return *repository;
}

Report Pending(const std::string& full_name, int64_t attempt = 1) {
  Report report;
  report.repository = Repo(full_name);
  report.sha = kSha;
  report.context = "ci/build";
  report.attempt = attempt;
  return report;
}

Report Ended(const std::string& full_name, Result result, int64_t attempt = 1) {
  Report report = Pending(full_name, attempt);
  report.result = result;
  return report;
}

class PosterTest : public testing::Test {
 protected:
  PosterTest() {
    std::ofstream(TokenFile()) << "acme-token";
    StaticCredential acme;
    acme.api_url = "https://api.github.com";
    acme.accounts = {"acme"};
    acme.token_file = TokenFile();
    StaticCredential other = acme;
    other.accounts = {"other"};
    other.token_file.clear();
    other.token = Secret("other-token");
    auto credentials = MakeStaticCredentials({acme, other});
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    credentials_ = *std::move(credentials);

    SqliteOutboxOptions options;
    options.data_dir = directory_.path() + "/data";
    options.lane_of = [this](const Repository& repository) {
      return credentials_->Find(repository);
    };
    auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = std::make_unique<FailingOutbox>(*std::move(outbox));
    MakeGitHub({});
  }

  ~PosterTest() override {
    poster_.reset();
    outbox_.reset();
  }

  void TearDown() override {
    const auto& misbehaviour = fake_->rules().misbehaviour();
    EXPECT_EQ(misbehaviour.without_user_agent, 0);
    EXPECT_EQ(misbehaviour.in_forbidden_window, 0);
    EXPECT_EQ(misbehaviour.regressions, 0);
    EXPECT_EQ(misbehaviour.identical_repeats, 0);
  }

  std::string TokenFile() const { return directory_.path() + "/token"; }

  // The lanes whose budget is known, so that a test counts posts alone.
  void Learn() {
    PaceOptions none;
    none.per_minute = 0;
    for (const char* lane : {"github.com/acme", "github.com/other"}) {
      limiter_->SetPace(lane, none);
      limiter_->Reserve(lane, false, absl::UnixEpoch() + clock_.Monotonic());
      HttpResponse answer;
      answer.status = 200;
      limiter_->Observe(lane, answer, Verdict(),
                        absl::UnixEpoch() + clock_.Monotonic());
      limiter_->SetPace(lane, PaceOptions());
    }
  }

  void MakeGitHub(GitHubRules::Options options) {
    options.any_repository = options.tokens.empty();
    options.base_url = "https://api.github.com";
    poster_.reset();
    fake_ = std::make_unique<FakeGitHub>(options, &clock_);
    transport_ = std::make_unique<InterceptingTransport>(fake_.get());
    client_ = std::make_unique<GitHubClient>(transport_.get(), "signalbox/1");
    StartPoster();
    Learn();
  }

  // As a new process does, which knows of no budget.
  void StartPoster() {
    poster_.reset();
    limiter_ = std::make_unique<RateLimiter>();
    poster_ = std::make_unique<Poster>(
        outbox_.get(), credentials_.get(), client_.get(), limiter_.get(),
        &metrics_, &clock_, [this] { woken_ = true; },
        [this](absl::Status status) { store_failures_.push_back(status); });
  }

  // No pace, so that a test need not count seconds.
  void Unpace(int max_in_flight = 1) {
    PaceOptions pace;
    pace.per_minute = 0;
    pace.max_in_flight = max_in_flight;
    limiter_->SetPace("github.com/acme", pace);
    limiter_->SetPace("github.com/other", pace);
  }

  void Say(const Report& report) {
    Submission submission;
    submission.reports = {report};
    const auto outcomes = outbox_->Accept({submission}, clock_.Now());
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    ASSERT_TRUE(outcomes->at(0).status.ok()) << outcomes->at(0).status;
    ASSERT_EQ(outcomes->at(0).receipts.at(0).disposition,
              Disposition::kAccepted);
  }

  // What a Worker does, for that long.
  void RunFor(absl::Duration time) {
    const absl::Time end = clock_.Now() + time;
    for (int runs = 0;; ++runs) {
      ASSERT_LT(runs, 100000) << "it runs hot";
      woken_ = false;
      const absl::Time wanted = poster_->RunOnce();
      transport_->DeliverDue();
      const absl::Time now = clock_.Now();
      if (woken_ || wanted <= now) continue;
      const absl::Time next = std::min(wanted, fake_->NextDelivery());
      if (next > end) {
        clock_.Advance(end - now);
        return;
      }
      clock_.Advance(next - now);
    }
  }

  std::string ShownState(const std::string& full_name,
                         const std::string& sha = kSha,
                         const std::string& context = "ci/build") {
    const auto shown = fake_->rules().Shown(full_name, sha);
    const auto row = shown.find(context);
    return row == shown.end() ? "nothing" : row->second.state;
  }

  std::vector<std::string> States(const std::string& full_name) {
    std::vector<std::string> states;
    for (const auto& row : fake_->rules().Rows(full_name, kSha)) {
      states.push_back(row.state);
    }
    return states;
  }

  Posting PostingOf(const std::string& full_name) {
    const auto commit = outbox_->GetCommit(Repo(full_name), kSha);
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? commit->statuses.at(0).posting : Posting();
  }

  std::vector<Try> Tries(const std::string& full_name) {
    const auto history =
        outbox_->GetHistory(StatusKey::Of(Repo(full_name), kSha, "ci/build"));
    std::vector<Try> tries;
    if (!history.ok()) return tries;
    for (const RecordedTry& one : history->tries) {
      tries.push_back(one.attempted);
    }
    return tries;
  }

  void Fail(const std::string& name, int count = 1, int seconds = 60,
            const std::string& where = "") {
    Fault fault;
    fault.name = name;
    fault.count = count;
    fault.seconds = seconds;
    fault.target_contains = where;
    fake_->rules().AddFault(fault);
  }

  static HttpResponse Refusal(const std::string& field,
                              const std::string& message) {
    HttpResponse answer;
    answer.status = 422;
    answer.body =
        absl::StrCat(R"({"message":"Validation Failed","errors":[{"field":")",
                     field, R"(","message":")", message, R"("}]})");
    return answer;
  }

  FakeClock clock_;
  Metrics metrics_;
  TempDir directory_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<FailingOutbox> outbox_;
  std::unique_ptr<FakeGitHub> fake_;
  std::unique_ptr<InterceptingTransport> transport_;
  std::unique_ptr<GitHubClient> client_;
  std::unique_ptr<RateLimiter> limiter_;
  std::unique_ptr<Poster> poster_;
  bool woken_ = false;
  std::vector<absl::Status> store_failures_;
};

TEST_F(PosterTest, MakesGitHubShowAResult) {
  Report report = Ended("acme/web", Result::kFailure);
  report.description = "3 tests failed";
  report.target_url = "https://ci.example.com/1";
  Say(report);
  EXPECT_GT(poster_->RunOnce(), clock_.Now());
  EXPECT_EQ(poster_->InFlight(), 1);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 0);

  const auto row = fake_->rules().Shown("acme/web", kSha)["ci/build"];
  EXPECT_EQ(row.state, "failure");
  EXPECT_EQ(row.description, "3 tests failed");
  EXPECT_EQ(row.target_url, "https://ci.example.com/1");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  const std::vector<Try> tries = Tries("acme/web");
  ASSERT_EQ(tries.size(), 1u);
  EXPECT_EQ(tries[0].http_status, 201);
  EXPECT_EQ(tries[0].reason, "POSTED");
  EXPECT_NE(tries[0].request_id, "");
  EXPECT_TRUE(absl::StrContains(metrics_.Text(),
                                "signalbox_posts_total{verdict=\"POSTED\"} 1"));
  EXPECT_TRUE(
      absl::StrContains(metrics_.Text(), "signalbox_posts_in_flight 0"));
}

TEST_F(PosterTest, AsksToBeCalledWhenAPendingBecomesDue) {
  Say(Pending("acme/web"));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Milliseconds(300));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "pending");
  // Nothing more is wanted.
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
}

TEST_F(PosterTest, AFastResultSavesThePending) {
  Say(Pending("acme/web"));
  RunFor(absl::Milliseconds(100));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(10));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
}

TEST_F(PosterTest, PostsOfOneKeyFollowEachOther) {
  Unpace(8);
  fake_->SetDelay(absl::Seconds(2));
  Say(Pending("acme/web"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 1);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(poster_->InFlight(), 1);
  EXPECT_THAT(States("acme/web"), ElementsAre("pending"));
  RunFor(absl::Seconds(10));
  EXPECT_THAT(States("acme/web"), ElementsAre("pending", "success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

TEST_F(PosterTest, DoesNotPostWhatGitHubShows) {
  Report result = Ended("acme/web", Result::kSuccess, /*attempt=*/0);
  result.description = "Line one\nline two \xF0\x9F\x8E\x89";
  Say(result);
  RunFor(absl::Seconds(1));
  Say(Pending("acme/web", 0));
  Say(result);
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(Tries("acme/web").size(), 1u);
  EXPECT_TRUE(
      absl::StrContains(metrics_.Text(), "signalbox_posts_saved_total 1"));
}

// GitHub refuses long texts and emoji, and a text must not cost a result.
TEST_F(PosterTest, FitsDescriptions) {
  Report report = Ended("acme/web", Result::kSuccess);
  report.description = absl::StrCat("\xF0\x9F\x8E\x89", std::string(300, 'x'));
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(Tries("acme/web").size(), 1u);
}

TEST_F(PosterTest, ResultsComeBeforePendings) {
  Unpace();
  Say(Pending("acme/a"));
  Say(Pending("acme/b"));
  clock_.Advance(absl::Seconds(1));
  Say(Ended("acme/z", Result::kSuccess));
  RunFor(absl::Seconds(1));
  ASSERT_EQ(transport_->sent.size(), 3u);
  EXPECT_TRUE(absl::StrContains(transport_->sent[0], "success"));
}

TEST_F(PosterTest, RepositoriesTakeTurns) {
  Unpace();
  std::vector<std::string> order;
  transport_->hook = [&order](const HttpRequest& request) {
    order.push_back(request.url.substr(0, request.url.find("/statuses")));
    return std::nullopt;
  };
  for (int i = 0; i < 3; ++i) {
    for (const char* name : {"acme/busy", "acme/calm", "acme/quiet"}) {
      if (i > 0 && name != std::string("acme/busy")) continue;
      Report report = Ended(name, Result::kSuccess);
      report.context = absl::StrCat("ci/", i);
      Say(report);
      clock_.Advance(absl::Milliseconds(1));
    }
  }
  RunFor(absl::Seconds(1));
  const std::string base = "https://api.github.com/repos/acme/";
  EXPECT_THAT(order, ElementsAre(base + "busy", base + "calm", base + "quiet",
                                 base + "busy", base + "busy"));
}

// Results could otherwise keep a pending away for ever.
TEST_F(PosterTest, OneSlotInTwentyGoesToAnOldPending) {
  Unpace();
  Say(Pending("acme/web"));
  Say(Pending("acme/app"));
  clock_.Advance(absl::Seconds(61));
  for (int i = 0; i < 45; ++i) {
    Report report = Ended("acme/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Seconds(1));
  std::vector<int> pendings;
  for (size_t i = 0; i < transport_->sent.size(); ++i) {
    if (absl::StrContains(transport_->sent[i], "pending")) {
      pendings.push_back(static_cast<int>(i));
    }
  }
  EXPECT_THAT(pendings, ElementsAre(19, 39));
}

TEST_F(PosterTest, AYoungPendingHasNoSlot) {
  Unpace();
  Say(Pending("acme/web"));
  clock_.Advance(absl::Seconds(59));
  for (int i = 0; i < 30; ++i) {
    Report report = Ended("acme/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Milliseconds(1));
  ASSERT_EQ(transport_->sent.size(), 31u);
  EXPECT_TRUE(absl::StrContains(transport_->sent[30], "pending"));
}

TEST_F(PosterTest, KeepsToThePace) {
  for (int i = 0; i < 100; ++i) {
    Report report = Ended("acme/web", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(transport_->sent.size(), 20u);
  RunFor(absl::Seconds(30));
  EXPECT_EQ(transport_->sent.size(), 60u);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(transport_->sent.size(), 100u);
}

TEST_F(PosterTest, WithoutACredentialItIsAbandoned) {
  Say(Ended("nobody/web", Result::kSuccess));
  Say(Pending("nobody/app"));
  RunFor(absl::Seconds(1));
  for (const char* name : {"nobody/web", "nobody/app"}) {
    EXPECT_EQ(PostingOf(name).state, PostingState::kAbandoned);
    EXPECT_EQ(PostingOf(name).reason, "NO_CREDENTIAL");
  }
  EXPECT_EQ(fake_->rules().request_count(), 0);
}

// A fork's commit appears in the base repository some seconds after the
// webhook. (home-assistant/service-hub#394)
TEST_F(PosterTest, WaitsForACommitToAppear) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha, clock_.Now() + absl::Seconds(5));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(4));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  EXPECT_EQ(PostingOf("acme/web").reason, "NO_COMMIT_FOUND");
  RunFor(absl::Seconds(4));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(Tries("acme/web").size(), 4u);  // After 0, 1, 3 and 7 s.
}

TEST_F(PosterTest, ACommitThatNeverAppearsIsAbandoned) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_EQ(PostingOf("acme/web").reason, "NO_COMMIT_FOUND");
  EXPECT_EQ(Tries("acme/web").size(), 6u);
  // A newer report is a new chance.
  fake_->rules().AddCommit("acme/web", kSha);
  Say(Ended("acme/web", Result::kFailure, 2));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "failure");
}

TEST_F(PosterTest, WhatIsRefusedForGoodIsAbandonedAtOnce) {
  Unpace();
  Fail("forbidden", -1, 0, "/web/");
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_EQ(PostingOf("acme/web").reason, "PERMISSION_MISSING");
  EXPECT_EQ(Tries("acme/web").size(), 1u);
  EXPECT_EQ(ShownState("acme/app"), "success");
}

TEST_F(PosterTest, ALinkIsNoReasonToLoseAResult) {
  Unpace();
  Report report = Ended("acme/web", Result::kSuccess);
  report.description = "fine";
  report.target_url = "ftp://ci.example.com/1";
  Say(report);
  RunFor(absl::Minutes(1));
  const auto row = fake_->rules().Shown("acme/web", kSha)["ci/build"];
  EXPECT_EQ(row.state, "success");
  EXPECT_EQ(row.description, "fine");
  EXPECT_EQ(row.target_url, "");
  EXPECT_EQ(Tries("acme/web").size(), 2u);
}

TEST_F(PosterTest, ATextIsNoReasonToLoseAResult) {
  Unpace();
  // A GitHub that takes ASCII alone, then one that takes no text at all.
  const auto refuse_beyond_ascii = [](const HttpRequest& request) {
    const bool is_ascii = std::all_of(request.body.begin(), request.body.end(),
                                      [](unsigned char c) { return c < 0x80; });
    return is_ascii ? std::nullopt
                    : std::optional<absl::StatusOr<HttpResponse>>(
                          Refusal("description", "is invalid"));
  };
  const auto refuse_all = [](const HttpRequest& request) {
    return absl::StrContains(request.body, "description")
               ? std::optional<absl::StatusOr<HttpResponse>>(
                     Refusal("description", "is invalid"))
               : std::nullopt;
  };
  Report report = Ended("acme/web", Result::kSuccess);
  report.description = "Grüße…";
  transport_->hook = refuse_beyond_ascii;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(fake_->rules().Shown("acme/web", kSha)["ci/build"].description,
            "Gr??e...");
  EXPECT_EQ(Tries("acme/web").size(), 2u);

  report.repository = Repo("acme/app");
  transport_->hook = refuse_all;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/app"), "success");
  EXPECT_EQ(fake_->rules().Shown("acme/app", kSha)["ci/build"].description, "");
  EXPECT_EQ(Tries("acme/app").size(), 3u);
  // The next report begins with its own text.
  transport_->hook = nullptr;
  report.result = Result::kFailure;
  report.attempt = 2;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(fake_->rules().Shown("acme/app", kSha)["ci/build"].description,
            "Grüße…");
}

TEST_F(PosterTest, MendingEnds) {
  Unpace();
  int asked = 0;
  transport_->hook = [&asked](const HttpRequest&) {
    const bool url = asked++ % 2 == 0;
    return url ? Refusal("target_url", "is invalid")
               : Refusal("description", "is invalid");
  };
  Report report = Ended("acme/web", Result::kSuccess);
  report.description = "é";
  report.target_url = "https://ci.example.com/1";
  Say(report);
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_LE(asked, 4);
}

TEST_F(PosterTest, WhatWasNotSaidCannotBeMended) {
  Unpace();
  for (const char* field : {"target_url", "description"}) {
    transport_->sent.clear();
    transport_->hook = [field](const HttpRequest&) {
      return Refusal(field, "is invalid");
    };
    const std::string name = absl::StrCat("acme/", field);
    Say(Ended(name, Result::kSuccess));
    RunFor(absl::Hours(1));
    EXPECT_EQ(PostingOf(name).state, PostingState::kAbandoned);
    EXPECT_EQ(transport_->sent.size(), 1u);
  }
}

class PosterLimitTest : public PosterTest,
                        public testing::WithParamInterface<const char*> {};

// TearDown sees to it that nothing was sent while GitHub wanted quiet.
TEST_P(PosterLimitTest, WaitsAndThenGoesOn) {
  Unpace(8);
  fake_->SetDelay(absl::Milliseconds(50));
  Fail(GetParam(), 1, 45, "/web/");
  for (int i = 0; i < 30; ++i) {
    Report report = Ended("acme/web", Result::kSuccess);
    report.sha = Sha(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Seconds(1));
  // Nobody else waits.
  EXPECT_EQ(ShownState("other/lib"), "success");
  const int requests = fake_->rules().request_count();
  EXPECT_LE(requests, 9);
  RunFor(absl::Seconds(43));
  EXPECT_EQ(fake_->rules().request_count(), requests);
  RunFor(absl::Minutes(5));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(ShownState("acme/web", Sha(i)), "success") << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Limits, PosterLimitTest,
                         testing::Values("primary_limit_403",
                                         "primary_limit_429", "secondary_limit",
                                         "secondary_limit_bare",
                                         "abuse_limit"));

// Somebody sets the clock forward: a pause is a pause.
TEST_F(PosterTest, AClockThatJumpsEndsNoPause) {
  Unpace();
  transport_->hook = [](const HttpRequest&) {
    HttpResponse answer;
    answer.status = 429;
    return answer;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  clock_.Jump(absl::Hours(1));
  RunFor(absl::Seconds(58));
  EXPECT_EQ(transport_->sent.size(), 1u);
  clock_.Jump(-absl::Hours(5));
  transport_->hook = nullptr;
  clock_.Advance(absl::Seconds(1));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);  // Not due by the wall clock.
  clock_.Jump(absl::Hours(5));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, KeepsTheReserveForResults) {
  MakeGitHub({.hourly_limit = 40});
  Unpace();
  for (int i = 0; i < 60; ++i) {
    Report report = Pending("acme/web");
    report.sha = Sha(i);
    Say(report);
  }
  RunFor(absl::Seconds(10));
  EXPECT_EQ(fake_->rules().request_count(), 36);
  for (int i = 0; i < 10; ++i) {
    Report report = Ended("acme/app", Result::kSuccess);
    report.sha = Sha(i);
    Say(report);
  }
  RunFor(absl::Seconds(10));
  EXPECT_EQ(fake_->rules().request_count(), 40);
  EXPECT_EQ(ShownState("acme/app", Sha(3)), "success");
  RunFor(absl::Hours(2));
  EXPECT_EQ(ShownState("acme/app", Sha(9)), "success");
  EXPECT_EQ(ShownState("acme/web", Sha(59)), "pending");
}

TEST_F(PosterTest, ARefusedTokenStopsItsCredentialAndNoOther) {
  MakeGitHub({.tokens = {"new-token", "other-token"}});
  for (const char* name : {"acme/web", "acme/app", "other/lib"}) {
    fake_->rules().AddRepository(name, name[0] + name[5]);
    fake_->rules().AddCommit(name, kSha);
  }
  Unpace();
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Hours(1));
  // Many 401s would lock the user out.
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  EXPECT_EQ(PostingOf("acme/web").reason, "BAD_CREDENTIALS");
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("other/lib"), "success");

  std::ofstream(TokenFile()) << "new-token";
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(ShownState("acme/app"), "success");
}

TEST_F(PosterTest, FollowsARenamedRepositoryAndLearnsItsName) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha);
  fake_->rules().RenameRepository("acme/web", "acme/site");
  Say(Pending("acme/web"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/site"), "pending");
  // Both names mean it now, and the new one is used.
  EXPECT_EQ(PostingOf("acme/site").state, PostingState::kPosted);
  std::vector<std::string> urls;
  transport_->hook = [&urls](const HttpRequest& request) {
    urls.push_back(request.url);
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/site"), "success");
  EXPECT_THAT(urls,
              ElementsAre(absl::StrCat(
                  "https://api.github.com/repos/acme/site/statuses/", kSha)));
}

// The new owner's credential takes over what the old one's could not post.
TEST_F(PosterTest, ATransferredRepositoryPassesToAnotherCredential) {
  MakeGitHub({.tokens = {"acme-token", "other-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha);
  fake_->rules().RenameRepository("acme/web", "other/web");
  transport_->hook = [](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (request.bearer.Reveal() == "acme-token" &&
        absl::StrContains(request.url, "/repositories/")) {
      HttpResponse answer;
      answer.status = 404;
      answer.body = R"({"message":"Not Found"})";
      return answer;
    }
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("other/web"), "success");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// A user behind a token is suspended for some time: nothing is lost.
TEST_F(PosterTest, ASuspendedAccountParksItsWork) {
  Unpace();
  bool suspended = true;
  transport_->hook_reads = true;
  transport_->hook = [&suspended](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (!suspended || request.bearer.Reveal() != "acme-token") {
      return std::nullopt;
    }
    HttpResponse answer;
    answer.status = 403;
    answer.body = R"({"message":"Sorry. Your account was suspended."})";
    return answer;
  };
  for (int i = 0; i < 5; ++i) {
    Report report = Ended("acme/web", Result::kSuccess);
    report.sha = Sha(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Minutes(10));
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(ShownState("other/lib"), "success");
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "ACCOUNT_SUSPENDED");
  RunFor(absl::Minutes(10));
  EXPECT_EQ(transport_->reads, 1);  // One probe in a quarter of an hour.
  suspended = false;
  RunFor(absl::Minutes(15));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ShownState("acme/web", Sha(i)), "success");
  }
}

// A token to be tried is handed out once in a quarter of an hour.
TEST_F(PosterTest, AProbeWaitsForAHostThatIsDown) {
  Unpace();
  bool suspended = true;
  bool down = true;
  transport_->hook_reads = true;
  transport_->hook = [&](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    HttpResponse answer;
    answer.status = 403;
    answer.body = R"({"message":"Sorry. Your account was suspended."})";
    if (suspended && request.bearer.Reveal() == "acme-token") return answer;
    answer.status = 502;
    if (down && request.bearer.Reveal() == "other-token") return answer;
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  suspended = false;
  for (int i = 0; i < 20; ++i) {
    Report report = Ended("other/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Minutes(16));
  EXPECT_EQ(ShownState("acme/web"), "nothing");
  down = false;
  RunFor(absl::Minutes(6));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(ShownState("other/lib", kSha, "ci/0"), "success");
}

class PosterTroubleTest : public PosterTest,
                          public testing::WithParamInterface<const char*> {};

TEST_P(PosterTroubleTest, PassesAndIsNeverGivenUp) {
  Fail(GetParam(), 12);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(4));
  EXPECT_EQ(ShownState("acme/web"), "nothing");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  RunFor(absl::Hours(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  // One post whose end was not known, reads until one was answered, one post.
  const std::vector<Try> tries = Tries("acme/web");
  ASSERT_EQ(tries.size(), 14u);
  EXPECT_EQ(tries[12].reason, "READ");
  EXPECT_EQ(tries[12].message, "GitHub shows nothing");
  EXPECT_EQ(tries[13].reason, "POSTED");
  EXPECT_EQ(transport_->sent.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Troubles, PosterTroubleTest,
                         testing::Values("server_error_html",
                                         "server_error_json",
                                         "reset_before_apply"));

TEST_F(PosterTest, WhatWasNeverSentIsSentOnceGitHubIsBack) {
  fake_->SetReachable(false);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Hours(24));
  EXPECT_EQ(PostingOf("acme/web").reason, "NOT_SENT");
  fake_->SetReachable(true);
  RunFor(absl::Minutes(5));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, ASlowAnswerIsAnAnswer) {
  Fail("slow");
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
}

TEST_F(PosterTest, ALostAnswerIsReadBackAndNotRepeated) {
  Fail("reset_after_apply");
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(11));
  EXPECT_EQ(transport_->reads, 0);
  RunFor(absl::Seconds(2));
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(Tries("acme/web").back().message, "GitHub shows success");
}

// GitHub acknowledged the first pending, and shows the failure whose answer was
// lost: "shown already" would be wrong.
TEST_F(PosterTest, AfterALostAnswerNothingCountsAsShown) {
  Say(Pending("acme/web", 1));
  RunFor(absl::Seconds(1));
  Fail("reset_after_apply");
  Say(Ended("acme/web", Result::kFailure, 1));
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(ShownState("acme/web"), "failure");
  Say(Pending("acme/web", 2));
  fake_->rules().AllowRerun("acme/web", kSha, "ci/build");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "pending");
}

// A request can take effect after its answer was given up; what was posted
// meanwhile would be hidden by it.
TEST_F(PosterTest, NothingIsPostedWhileALostRequestCanTakeEffect) {
  Unpace(8);
  fake_->SetApplyDelay(absl::Seconds(9));
  transport_->hook = [this](const HttpRequest& request) {
    fake_->Send(request, [](auto) {});  // Applied late; the answer is lost.
    return std::optional<absl::StatusOr<HttpResponse>>(
        absl::UnavailableError("connection reset"));
  };
  Say(Pending("acme/web", 1));
  RunFor(absl::Seconds(1));
  transport_->hook = nullptr;
  fake_->SetApplyDelay(absl::ZeroDuration());
  Say(Ended("acme/web", Result::kSuccess, 1));
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("pending", "success"));
}

// Somebody who may not read must not wait for ever.
TEST_F(PosterTest, WhoMayNotReadPostsAgain) {
  transport_->hook_reads = true;
  bool lost = false;
  transport_->hook = [&lost](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (request.method == "GET") {
      HttpResponse answer;
      answer.status = 403;
      answer.body = R"({"message":"Resource not accessible by integration"})";
      return answer;
    }
    if (lost) return std::nullopt;
    lost = true;
    return absl::UnavailableError("connection reset");
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// Whoever asks a dead host for everything learns nothing, and has everything to
// read back.
TEST_F(PosterTest, AHostThatIsDownGetsOneRequestAtATime) {
  Unpace(8);
  Fail("server_error_html", -1);
  for (int i = 0; i < 300; ++i) {
    Report report = Ended("acme/web", Result::kSuccess);
    report.sha = Sha(i);
    Say(report);
  }
  RunFor(absl::Hours(1));
  // Eight at once, then doubling up to five minutes.
  EXPECT_LE(transport_->sent.size() + transport_->reads, 8u + 20u);
  EXPECT_GE(transport_->sent.size() + transport_->reads, 8u + 12u);
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "HOST_DOWN");
  const int reads = transport_->reads;
  const auto sent = static_cast<int>(transport_->sent.size());

  fake_->rules().ClearFaults();
  RunFor(absl::Minutes(6));
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(ShownState("acme/web", Sha(i)), "success") << i;
  }
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "");
  // Only what was really sent is read back.
  EXPECT_LE(transport_->reads - reads, sent);
}

TEST_F(PosterTest, TheBudgetIsLearntBeforeTheFirstPost) {
  MakeGitHub({.hourly_limit = 3});
  // Somebody else has used it up.
  for (int i = 0; i < 3; ++i) {
    fake_->rules().Handle({.method = "GET",
                           .target = "/user",
                           .headers = {{"User-Agent", "x"},
                                       {"Authorization", "token acme-token"}}},
                          clock_.Now());
  }
  StartPoster();
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(59));
  EXPECT_EQ(transport_->sent.size(), 0u);
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "BUDGET_SPENT");
  RunFor(absl::Minutes(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// A process that is started again must not ask what GitHub told the former one
// to leave.
TEST_F(PosterTest, APauseOutlivesTheProcess) {
  Fail("secondary_limit", 1, 600);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  const int requests = fake_->rules().request_count();
  StartPoster();
  RunFor(absl::Seconds(595));
  EXPECT_EQ(fake_->rules().request_count(), requests);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, NothingIsSentBeforePausesAreKnown) {
  outbox_->pauses = absl::UnavailableError("busy");
  Say(Ended("acme/web", Result::kSuccess));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 0);
  outbox_->pauses = absl::OkStatus();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// GitHub takes 1,000 statuses of a context and commit, for ever.
TEST_F(PosterTest, TheLastStatusesOfAContextAreKeptForResults) {
  Unpace();
  const auto seen = [this](int64_t first, int count) {
    std::vector<Submission> submissions;
    for (int i = 0; i < count; ++i) {
      Submission submission;
      submission.reports = {Pending("acme/web", 0)};
      submission.observed = Observed{first + i, "somebody"};
      submissions.push_back(submission);
    }
    ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  };
  seen(1, 949);
  Report report = Pending("acme/web", 0);
  report.description = "first";
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  report.description = "second";
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_NEAR");
  Say(Ended("acme/web", Result::kFailure, 0));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "failure");
  seen(int64_t{1} << 40, 60);
  Say(Ended("acme/web", Result::kSuccess, 0));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_REACHED");
}

// Once GitHub has said so, a newer report costs no request.
TEST_F(PosterTest, AFullContextIsNotAskedAgain) {
  Unpace();
  transport_->hook = [](const HttpRequest&) {
    return Refusal("",
                   "This SHA and context has reached the maximum number of "
                   "statuses.");
  };
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Say(Ended("acme/web", Result::kSuccess, attempt));
    RunFor(absl::Minutes(1));
    EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_REACHED");
  }
  EXPECT_EQ(transport_->sent.size(), 1u);
}

TEST_F(PosterTest, BeginsNothingOnceItIsClosed) {
  fake_->SetDelay(absl::Seconds(1));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Milliseconds(1));
  Say(Ended("acme/app", Result::kSuccess));
  poster_->Close();
  EXPECT_EQ(poster_->InFlight(), 1);
  RunFor(absl::Hours(1));
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(ShownState("acme/app"), "nothing");
}

TEST_F(PosterTest, ALongBacklogDelaysNoOther) {
  for (int i = 0; i < 300; ++i) {
    Report report = Ended("nobody/web", Result::kSuccess);
    report.sha = Sha(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now());
  transport_->DeliverDue();
  EXPECT_EQ(ShownState("other/lib"), "success");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
}

TEST_F(PosterTest, WhatTheStoreDidNotTakeIsSettledLater) {
  Unpace();
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  for (const absl::Status& failure :
       {absl::UnavailableError("busy"), absl::ResourceExhaustedError("full"),
        absl::InternalError("damaged")}) {
    outbox_->settle = failure;
    RunFor(absl::Seconds(3));
    EXPECT_EQ(poster_->InFlight(), 1);
    EXPECT_EQ(transport_->sent.size(), 1u);
  }
  EXPECT_FALSE(store_failures_.empty());
  for (const absl::Status& failure : store_failures_) {
    EXPECT_EQ(failure.code(), absl::StatusCode::kInternal);
  }
  outbox_->settle = absl::OkStatus();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_THAT(States("acme/app"), ElementsAre("success"));
}

TEST_F(PosterTest, AStoreThatCannotBeReadIsAskedAgain) {
  Say(Ended("acme/web", Result::kSuccess));
  for (absl::Status FailingOutbox::*method :
       {&FailingOutbox::due_lanes, &FailingOutbox::take_due,
        &FailingOutbox::next_due_time}) {
    (*outbox_).*method = absl::UnavailableError("busy");
    EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Seconds(1));
    if (method == &FailingOutbox::take_due) {
      EXPECT_EQ(transport_->sent.size(), 0u);
    }
    (*outbox_).*method = absl::OkStatus();
  }
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_TRUE(store_failures_.empty());
}

// The machine slept: the lease is over, the answer is still to come.
TEST_F(PosterTest, AnOverdueAnswerIsWaitedFor) {
  Unpace(8);
  fake_->SetDelay(absl::Seconds(5));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  clock_.Advance(absl::Hours(1));
  poster_->RunOnce();
  EXPECT_EQ(poster_->InFlight(), 1);
  EXPECT_EQ(transport_->sent.size(), 1u);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

}  // namespace
}  // namespace signalbox
