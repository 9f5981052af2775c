// Submissions have the same outcomes however they are put together into
// transactions.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

// Reports, webhooks and statuses of others, for so few keys that most keys
// occur several times in one transaction.
class Caller {
 public:
  explicit Caller(uint64_t seed) : random_(seed) {}

  Submission Next() {
    Submission submission;
    submission.caller = Below(2) == 0 ? "farm" : "shim";
    // "gadgets" is renamed to "gizmos". GitHub's number shows it.
    const char* const name = Below(3) == 0  ? "widgets"
                             : moved_-- > 0 ? "gadgets"
                                            : "gizmos";
    const char sha = Below(2) == 0 ? 'a' : 'b';
    const int64_t kind = Below(8);
    const int64_t contexts = Below(4);
    Report& report = submission.report;
    report = On(Pending(Below(4), absl::StrCat("said ", ++said_)), name, sha);
    if (Below(2) == 0 || kind == 0) report.result = ResultAt(Below(3));
    report.from_webhook = kind == 1 && !report.result.has_value();
    report.repository_id = name == std::string("widgets") ? 1 : 2;
    for (int64_t i = 0; i < contexts; ++i) {
      constexpr const char* kContexts[] = {"ci/build", "CI/Build", "ci/test"};
      submission.contexts.push_back(kContexts[Below(3)]);
    }
    if (kind == 0) submission.observed = Observed{1 + Below(30), "somebody"};
    if (kind == 1) {
      Delivery delivery;
      delivery.id = absl::StrCat("delivery-", Below(20));
      submission.delivery = std::move(delivery);
      CodeChange change;
      change.pull_request_number = 1 + Below(2);
      change.updated_time = absl::FromUnixSeconds(1000 + Below(20));
      submission.change = std::move(change);
    }
    if (Below(12) == 0) report.sha = Sha();  // Refused.
    return submission;
  }

  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }

 private:
  static Result ResultAt(int64_t index) {
    constexpr Result kResults[] = {Result::kSuccess, Result::kFailure,
                                   Result::kError};
    return kResults[index];
  }

  std::mt19937_64 random_;
  int64_t said_ = 0;
  int64_t moved_ = 15;
};

std::string LineOf(const StatusView& status) {
  return absl::StrCat(
      status.context, " phase ", static_cast<int>(status.phase), " ",
      CommitStateName(status.state), " '", status.description, "' attempt ",
      status.attempt, " #", status.sequence, " ",
      absl::FormatTime(status.report_time), " expires ",
      absl::FormatTime(status.expire_time.value_or(absl::InfiniteFuture())),
      " posting ", static_cast<int>(status.posting.state), "\n");
}

// All that can be seen of a store.
std::string Show(Outbox* outbox, absl::Time now) {
  std::string text;
  for (const char* const name : {"widgets", "gadgets", "gizmos"}) {
    for (const char sha : {'a', 'b'}) {
      const auto commit = outbox->GetCommit(Repo(name), ShaOf(sha));
      if (!commit.ok()) continue;
      absl::StrAppend(&text, commit->repository.Display(), " ",
                      commit->sha.Hex(), "\n");
      for (const StatusView& status : commit->statuses) {
        absl::StrAppend(&text, LineOf(status));
        const auto history =
            outbox->GetHistory(On(Pending(), name, sha, status.context).Key());
        if (!history.ok()) return std::string(history.status().message());
        for (const RecordedReport& report : history->reports) {
          absl::StrAppend(&text, "  #", report.sequence, " ",
                          static_cast<int>(report.disposition), " ",
                          report.description, " by ", report.caller, " ",
                          report.delivery_id, "\n");
        }
      }
    }
  }
  const auto summaries = outbox->ListCommits(std::nullopt, 0, 100);
  for (const CommitSummary& summary : *summaries) {
    absl::StrAppend(&text, summary.repository.Display(), " ", summary.sha.Hex(),
                    " ", CommitStateName(summary.state), " ",
                    summary.status_count, " #", summary.sequence, "\n");
  }
  const auto changes = outbox->ChangesAfter(ChangeCursor(0), 1'000'000);
  if (!changes.ok()) return std::string(changes.status().message());
  for (const StatusChange& change : *changes) {
    absl::StrAppend(&text, "change in ", change.repository.Display(), " ",
                    change.sha.Hex().substr(0, 1), " ", LineOf(change.status));
  }
  absl::StrAppend(&text, "next due in ",
                  absl::FormatDuration(outbox->FindDueWork(now)->next_in),
                  "\n");
  return text;
}

std::string Show(const Outcome& outcome) {
  std::string text = outcome.status.ToString();
  for (const Receipt& receipt : outcome.receipts) {
    absl::StrAppend(&text, " ", receipt.context, " #", receipt.sequence, " ",
                    static_cast<int>(receipt.disposition));
  }
  return text;
}

TEST_P(OutboxContract, ABatchIsAsItsSubmissionsOneByOne) {
  constexpr int kRounds = 8;
  constexpr int kBatches = 12;
  const uint64_t seed = Seed();
  int renamed = 0;
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const std::unique_ptr<OutboxHarness> together =
        std::get<0>(GetParam())(kGitHubLimits);
    const std::unique_ptr<OutboxHarness> alone =
        std::get<0>(GetParam())(kGitHubLimits);
    Caller caller(seed + round);
    for (int i = 0; i < kBatches; ++i) {
      std::vector<Submission> batch(1 + caller.Below(12));
      for (Submission& submission : batch) submission = caller.Next();
      const auto outcomes = together->outbox()->Accept(batch, Now());
      ASSERT_TRUE(outcomes.ok()) << outcomes.status();
      ASSERT_EQ(outcomes->size(), batch.size());
      for (size_t j = 0; j < batch.size(); ++j) {
        const auto outcome = alone->outbox()->Accept({{batch[j]}}, Now());
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        EXPECT_EQ(Show(outcomes->at(j)), Show(outcome->front()));
        refused += !outcome->front().status.ok();
      }
      clock_.Advance(absl::Seconds(1));
      if (std::get<1>(GetParam())) together->Reopen();
    }
    const std::string shown = Show(together->outbox(), Now());
    renamed += shown.find("gizmos") != std::string::npos;
    ASSERT_EQ(shown, Show(alone->outbox(), Now()));
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(renamed, kRounds / 2);
}

}  // namespace
}  // namespace signalbox
