// All threads from acceptance to GitHub at once, for ThreadSanitizer, which
// cannot see into gRPC. The test also checks that everything is posted in the
// end, by the rules.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/worker.h"
#include "server/github/github_client.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/github/static_credentials.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/intake.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/key_report.h"
#include "tests/support/seed.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using How = history::Answered::How;

constexpr int kCommits = 20;
constexpr int kSpeakers = 4;
constexpr int kWords = 250;  // Of each speaker.
constexpr absl::Duration kPatience = absl::Seconds(100);
// How much faster the test's clock runs at most. A request's lease must outlast
// a commit, which takes time on a busy machine's disk.
constexpr int kTimeLapse = 300;
// Longer than the test's clock runs within kPatience. On a machine with a slow
// disk hours pass between two reports.
constexpr absl::Duration kExpiry = absl::Hours(30 * 24);

struct Commit {
  Repository repository;
  std::string name;
  std::string sha;
  std::atomic<int64_t> attempt = 0;
};

class StressTest : public testing::Test {
 protected:
  StressTest() {
    StaticCredential credential;
    credential.api_url = "https://api.github.com";
    credential.accounts = {"acme"};
    credential.token = Secret("token");
    credentials_ = *MakeStaticCredentials({credential});

    SqliteOutboxOptions outbox_options;
    outbox_options.data_dir = dir_.Path("data");
    outbox_options.pending_settle = absl::Milliseconds(20);
    outbox_options.credential_of = [this](const Repository& repository) {
      return credentials_->Find(repository);
    };
    outbox_options.on_failure = [](const absl::Status& status) {
      ADD_FAILURE() << status;
    };
    outbox_ = *OpenSqliteOutbox(outbox_options);

    GitHubRules::Options rules;
    rules.any_repository = true;
    rules.base_url = credential.api_url;
    rules.hourly_limit = 100'000;
    github_ = std::make_unique<FakeGitHub>(rules, &clock_);
    for (const char* name : {"reset_after_apply", "server_error_json", "hang",
                             "reset_before_apply"}) {
      Fault fault;
      fault.name = name;
      fault.count = 3;
      fault.target_contains = "statuses";
      github_->rules().AddFault(fault);
    }
    client_ = std::make_unique<GitHubClient>(github_.get(), "signalbox/1");
    limiter_ = std::make_unique<RateLimiter>([](absl::string_view) {
      PaceOptions pace;
      pace.per_minute = 0;
      pace.max_in_flight = 8;
      return pace;
    });
    gate_ = std::make_unique<RequestGate>(limiter_.get(), credentials_.get());
    poster_ = std::make_unique<Poster>(
        outbox_.get(), credentials_.get(), client_.get(), gate_.get(),
        &metrics_, &clock_, [this] { poster_worker_->Wake(); });
    housekeeper_ = std::make_unique<Housekeeper>(
        outbox_.get(), &clock_, Housekeeper::Options(),
        [this] { poster_worker_->Wake(); });
    intake_ = std::make_unique<Intake>(
        outbox_.get(), &clock_, Intake::Options(),
        [this] { intake_worker_->Wake(); }, [this] { poster_worker_->Wake(); });

    std::mt19937_64 random(seed_);
    for (int i = 0; i < kCommits; ++i) {
      auto commit = std::make_unique<Commit>();
      commit->name = absl::StrCat("acme/app", i % 3);
      commit->repository = *ParseRepository(commit->name);
      commit->sha = absl::StrCat(absl::Hex(random(), absl::kZeroPad16),
                                 std::string(24, 'a'));
      commits_.push_back(std::move(commit));
    }
  }

  void StartWorkers() {
    poster_worker_ = std::make_unique<Worker>(
        "poster", &clock_, [this] { return poster_->RunOnce(); });
    housekeeper_worker_ = std::make_unique<Worker>(
        "housekeeper", &clock_, [this] { return housekeeper_->RunOnce(); });
    intake_worker_ = std::make_unique<Worker>(
        "intake", &clock_, [this] { return intake_->RunOnce(); });
  }

  // GitHub's side, and the clock.
  void RunGitHub() {
    std::mt19937_64 random(seed_ + 1);
    absl::Duration last = Clock::System()->Monotonic();
    for (int64_t round = 0; !is_over_; ++round) {
      const absl::Duration now = Clock::System()->Monotonic();
      clock_.Advance(
          std::min(absl::Milliseconds(5), kTimeLapse * (now - last)));
      last = now;
      github_->DeliverDue();
      if (round % 64 == 0) {
        github_->SetDelay(absl::Milliseconds(random() % 200));
        poster_worker_->Wake();
        housekeeper_worker_->Wake();
      }
      if (round % 512 == 0) github_->SetReachable(random() % 8 != 0);
      std::this_thread::yield();
    }
  }

  void Speak(int number) {
    std::mt19937_64 random(seed_ + 100 + static_cast<uint64_t>(number));
    for (int i = 0; i < kWords; ++i) {
      Commit& commit = *commits_[random() % commits_.size()];
      history::Called call;
      call.call = ++last_call_;
      call.time = clock_.Now();
      call.name = {commit.name, commit.sha,
                   random() % 2 == 0 ? "ci/build" : "ci/lint"};
      call.attempt = random() % 4 == 0   ? 0
                     : random() % 2 == 0 ? ++commit.attempt
                                         : commit.attempt.load();
      const bool is_result = random() % 2 == 0;
      call.result = is_result ? "failure" : "";
      call.content = {is_result ? "failure" : "pending",
                      absl::StrCat("text", call.call), ""};
      call.expires_after = kExpiry;
      history_.Add(call);
      KeyReport report;
      report.repository = commit.repository;
      report.sha = commit.sha;
      report.context = call.name.context;
      report.attempt = call.attempt;
      report.description = call.content.description;
      report.expires_after = kExpiry;
      if (is_result) report.result = Result::kFailure;
      ++under_way_;
      intake_->Submit(Of({report}),
                      [this, call](absl::StatusOr<Outcome> outcome) {
                        Answer(call, outcome);
                        --under_way_;
                      });
      if (random() % 8 == 0) std::this_thread::yield();
    }
  }

  void Answer(const history::Called& call,
              const absl::StatusOr<Outcome>& outcome) {
    history::Answered answer = {call.call, clock_.Now(), How::kRefused, 0};
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    if (outcome->status.ok()) {
      const Receipt& receipt = outcome->receipts.front();
      answer.sequence = receipt.sequence;
      answer.how =
          receipt.disposition == Disposition::kAccepted    ? How::kAccepted
          : receipt.disposition == Disposition::kUnchanged ? How::kUnchanged
                                                           : How::kSuperseded;
    }
    history_.Add(answer);
  }

  void Read() {
    for (size_t i = 0; !is_over_; ++i) {
      const Commit& commit = *commits_[i % commits_.size()];
      outbox_->GetCommit(commit.repository, commit.sha).IgnoreError();
      outbox_
          ->GetHistory(StatusKey::Of(commit.repository, commit.sha, "ci/build"))
          .IgnoreError();
      EXPECT_TRUE(outbox_->ListCommits(std::nullopt, 0, 10).ok());
      poster_->StateOf("github.com/acme");
      poster_->InFlight();
      metrics_.Text();
      EXPECT_TRUE(outbox_->SetNamedTime("mark", clock_.Now()).ok());
      credentials_->States();
      std::this_thread::yield();
    }
  }

  // Whether GitHub shows everything that was reported.
  bool IsAllPosted() {
    for (const auto& commit : commits_) {
      const auto view = outbox_->GetCommit(commit->repository, commit->sha);
      if (absl::IsNotFound(view.status())) continue;
      EXPECT_TRUE(view.ok()) << view.status();
      for (const StatusView& status : view->statuses) {
        if (status.posting.state != PostingState::kPosted) return false;
      }
    }
    return true;
  }

  void AddEnd() {
    for (const GitHubRules::Event& event :
         github_->rules().EventsAfter(0, 1'000'000)) {
      history_.Add(history::Applied{
          0,
          event.row.created_at,
          {event.full_name, event.sha, event.row.context},
          {event.row.state, event.row.description, event.row.target_url}});
    }
    history_.Add(history::Calm{clock_.Now()});
    for (const auto& commit : commits_) {
      for (const char* context : {"ci/build", "ci/lint"}) {
        const history::StatusName name = {commit->name, commit->sha, context};
        const auto found = outbox_->GetHistory(
            StatusKey::Of(commit->repository, commit->sha, context));
        if (!found.ok()) continue;
        for (const RecordedReport& report : found->reports) {
          history::Recorded row;
          row.name = name;
          row.sequence = report.sequence;
          row.time = report.accept_time;
          row.how = report.disposition == Disposition::kSuperseded
                        ? How::kSuperseded
                        : How::kAccepted;
          row.content = {std::string(CommitStateName(report.state)),
                         report.description, report.target_url};
          row.attempt = report.attempt;
          history_.Add(row);
        }
        const StatusView& status = found->status;
        history_.Add(history::Held{
            name,
            {std::string(CommitStateName(status.state)), status.description,
             status.target_url},
            status.attempt,
            status.posting.state == PostingState::kPosted ? "posted" : "due",
            status.posting.reason});
      }
      for (const auto& [context, row] :
           github_->rules().Shown(commit->name, commit->sha)) {
        history_.Add(
            history::Showed{{commit->name, commit->sha, context},
                            {row.state, row.description, row.target_url}});
      }
    }
  }

  const uint64_t seed_ = Seed();

  TempDir dir_;
  FakeClock clock_;
  Metrics metrics_;
  history::History history_;
  std::vector<std::unique_ptr<Commit>> commits_;
  std::atomic<int64_t> last_call_ = 0;
  std::atomic<int64_t> under_way_ = 0;
  std::atomic<bool> is_over_ = false;

  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<GitHubClient> client_;
  std::unique_ptr<RateLimiter> limiter_;
  std::unique_ptr<RequestGate> gate_;
  std::unique_ptr<Poster> poster_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Worker> poster_worker_;
  std::unique_ptr<Worker> housekeeper_worker_;
  std::unique_ptr<Worker> intake_worker_;
};

TEST_F(StressTest, AllThreadsAtOnceKeepEveryPromise) {
  StartWorkers();
  std::vector<std::thread> speakers;
  for (int i = 0; i < kSpeakers; ++i) {
    speakers.emplace_back([this, i] { Speak(i); });
  }
  std::thread github([this] { RunGitHub(); });
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back([this] { Read(); });

  for (std::thread& thread : speakers) thread.join();
  const absl::Duration end = Clock::System()->Monotonic() + kPatience;
  bool is_all_posted = false;
  while (!is_all_posted && Clock::System()->Monotonic() < end) {
    is_all_posted = under_way_ == 0 && IsAllPosted();
  }
  is_over_ = true;
  github.join();
  for (std::thread& thread : readers) thread.join();
  intake_->Close();
  poster_->Close();
  intake_worker_->Stop();
  housekeeper_worker_->Stop();
  poster_worker_->Stop();
  EXPECT_TRUE(is_all_posted);

  AddEnd();
  const history::Findings findings = history::CheckHistory(history_.events());
  for (const history::Violation& violation : findings.violations) {
    ADD_FAILURE() << violation.invariant << " "
                  << history::TextOf(violation.name) << ": " << violation.what;
  }
  EXPECT_GT(findings.checked.acked, kSpeakers * kWords / 2);
  EXPECT_GT(findings.checked.posts, kCommits);
  EXPECT_EQ(github_->rules().misbehaviour().identical_repeats, 0);
}

}  // namespace
}  // namespace signalbox
