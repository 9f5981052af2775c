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
#include "common/error.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/core/core.h"
#include "server/core/core_threads.h"
#include "server/github/static_credentials.h"
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

    Core::Options options;
    options.outbox.data_dir = dir_.Path("data");
    options.outbox.pending_settle = absl::Milliseconds(20);
    options.outbox.on_failure = [](const absl::Status& status) {
      ADD_FAILURE() << status;
    };
    options.pace_of = [](absl::string_view) {
      PaceOptions pace;
      pace.per_minute = 0;
      pace.max_in_flight = 8;
      return pace;
    };
    core_ = *Core::Open(std::move(options), credentials_.get(), github_.get(),
                        &metrics_, &clock_);

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

  // GitHub's side, and the clock.
  void RunGitHub() {
    std::mt19937_64 random(seed_ + 1);
    SteadyTime last = Clock::System()->Steady();
    for (int64_t round = 0; !is_over_; ++round) {
      const SteadyTime now = Clock::System()->Steady();
      clock_.Advance(
          std::min(absl::Milliseconds(5), kTimeLapse * (now - last)));
      last = now;
      github_->DeliverDue();
      if (round % 64 == 0) {
        github_->SetDelay(absl::Milliseconds(random() % 200));
        core_->wake_ups().poster.Wake();
        core_->wake_ups().housekeeper.Wake();
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
      report.sha = *ParseSha(commit.sha);
      report.context = call.name.context;
      report.attempt = call.attempt;
      report.description = call.content.description;
      report.expires_after = kExpiry;
      if (is_result) report.result = Result::kFailure;
      ++under_way_;
      core_->intake()->Submit(Of({report}),
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
      core_->outbox()
          ->GetCommit(commit.repository, *ParseSha(commit.sha))
          .IgnoreError();
      core_->outbox()
          ->GetHistory(StatusKey::Of(commit.repository, *ParseSha(commit.sha),
                                     "ci/build"))
          .IgnoreError();
      EXPECT_TRUE(core_->outbox()->ListCommits(std::nullopt, 0, 10).ok());
      core_->poster()->StateOf("github.com/acme");
      core_->poster()->InFlight();
      metrics_.Text();
      const absl::Status noted = core_->outbox()->SetNamedTime(
          core_->held_term()->Get(), "mark", clock_.Now());
      // The poster may not have claimed the term yet.
      EXPECT_TRUE(noted.ok() || ReasonOf(noted) == kTermOver) << noted;
      credentials_->States();
      std::this_thread::yield();
    }
  }

  // Whether GitHub shows everything that was reported.
  bool IsAllPosted() {
    for (const auto& commit : commits_) {
      const auto view = core_->outbox()->GetCommit(commit->repository,
                                                   *ParseSha(commit->sha));
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
        const auto found = core_->outbox()->GetHistory(
            StatusKey::Of(commit->repository, *ParseSha(commit->sha), context));
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
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<Core> core_;
};

TEST_F(StressTest, AllThreadsAtOnceKeepEveryPromise) {
  CoreThreads threads(core_.get(), &clock_);
  std::vector<std::thread> speakers;
  for (int i = 0; i < kSpeakers; ++i) {
    speakers.emplace_back([this, i] { Speak(i); });
  }
  std::thread github([this] { RunGitHub(); });
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back([this] { Read(); });

  for (std::thread& thread : speakers) thread.join();
  const SteadyTime end = Clock::System()->Steady() + kPatience;
  bool is_all_posted = false;
  while (!is_all_posted && Clock::System()->Steady() < end) {
    is_all_posted = under_way_ == 0 && IsAllPosted();
  }
  is_over_ = true;
  github.join();
  for (std::thread& thread : readers) thread.join();
  core_->intake()->Close();
  threads.Stop(absl::ZeroDuration());
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
