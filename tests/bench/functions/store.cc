#include "tests/bench/functions/store.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/bench/percentile.h"
#include "tests/bench/program.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

constexpr int kContextsPerCommit = 10;
constexpr size_t kReportsPerBatch = 500;
// One in twenty of the observed commits is old. So a batch of retention looks
// at as many commits, and deletes as many, as it may.
constexpr int kOldPerBlock = 20;
constexpr int kObservedPerBlock = 400;

template <typename Value>
Value Get(absl::StatusOr<Value> value) {
  if (!value.ok()) GiveUp(value.status().message());
  return *std::move(value);
}

void Check(const absl::Status& status) {
  if (!status.ok()) GiveUp(status.message());
}

// A store in the programs' directory, which should be on a real disk.
class Store {
 public:
  Store() : dir_(BinDirectory()) {
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = dir_.Path("data");
    options.pending_settle = absl::ZeroDuration();
    options.credential_of = [](const Repository& repository) {
      return repository.owner;
    };
    outbox_ = Get(OpenSqliteOutbox(options));
  }

  Outbox& outbox() { return *outbox_; }
  absl::Time now() const { return now_; }

  void Accept(const std::vector<Submission>& batch, absl::Time now) {
    for (const Outcome& outcome : Get(outbox_->Accept(batch, now))) {
      Check(outcome.status);
    }
  }

  // A result for `contexts` contexts of this commit.
  static Submission Results(const std::string& repository, int commit,
                            int contexts) {
    Submission submission;
    Report& report = submission.report;
    report.repository = *ParseRepository(repository);
    report.sha = *ParseSha(absl::StrFormat("%040x", commit + 1));
    report.result = Result::kSuccess;
    report.description = "All 1204 tests passed";
    report.target_url = absl::StrCat("https://ci.example.com/job/", commit);
    for (int i = 0; i < contexts; ++i) {
      submission.contexts.push_back(absl::StrCat("ci/part-", i));
    }
    return submission;
  }

  // Adds to the waiting submissions, and accepts them if they are a batch.
  void Add(Submission submission) {
    added_ += submission.contexts.size();
    batch_.push_back(std::move(submission));
    if (added_ >= kReportsPerBatch) Flush();
  }
  void Flush() {
    Accept(batch_, now_);
    batch_.clear();
    added_ = 0;
  }

  // Ends the first try of everything that is due in this credential.
  void SettleAll(const std::string& credential, Settlement::Kind kind,
                 const std::string& reason = "") {
    LeaseRequest request;
    request.credential = credential;
    request.lease_time = absl::Minutes(1);
    while (true) {
      const auto lease = Get(signalbox::TakeDue(*outbox_, request, now_));
      if (!lease.has_value()) return;
      Settlement settlement;
      settlement.entry_id = lease->entry_id;
      settlement.version = lease->version;
      settlement.lease_epoch = lease->lease_epoch;
      settlement.lease_number = lease->lease_number;
      settlement.kind = kind;
      settlement.reason = reason;
      settlement.retry_in = absl::Minutes(5);
      if (kind == Settlement::Kind::kPosted) settlement.shown = lease->wanted;
      Check(signalbox::Settle(*outbox_, settlement, now_));
    }
  }

 private:
  const TempDir dir_;
  const absl::Time now_ = Clock::System()->Now();
  std::unique_ptr<Outbox> outbox_;
  std::vector<Submission> batch_;
  size_t added_ = 0;
};

// How long each transaction of a task took.
class Holds {
 public:
  template <typename Transaction>
  auto Time(Transaction transaction) {
    const SteadyTime begin = Clock::System()->Steady();
    auto result = transaction();
    times_.push_back(Clock::System()->Steady() - begin);
    return result;
  }

  void Tell(benchmark::State* state) const {
    const auto milliseconds = [this](double share) {
      return absl::ToDoubleMilliseconds(Percentile(times_, share));
    };
    state->counters["longest_ms"] = milliseconds(1);
    state->counters["p99_ms"] = milliseconds(0.99);
    state->counters["p50_ms"] = milliseconds(0.5);
    state->counters["transactions"] = static_cast<double>(times_.size());
    state->SetLabel("goal: longest_ms <= 20");
  }

 private:
  std::vector<absl::Duration> times_;
};

void DoAllChores(Store* store, Holds* holds) {
  while (Get(holds->Time([store] {
    return AsHolder(store->outbox(), &Outbox::DoChores, store->now());
  }))) {
  }
}

// Both repositories have the same keys, so that every entry meets another one.
void HoldOfMerge(benchmark::State& state, int commits) {
  Store store;
  for (const char* const repository : {"acme/old", "acme/new"}) {
    for (int i = 0; i < commits; ++i) {
      store.Add(Store::Results(repository, i, kContextsPerCommit));
    }
    store.Flush();
  }
  Holds holds;
  for (auto iteration : state) {
    Check(holds.Time([&store] {
      return RenameRepository(store.outbox(), *ParseRepository("acme/old"),
                              *ParseRepository("acme/new"), 7, store.now());
    }));
    DoAllChores(&store, &holds);
  }
  holds.Tell(&state);
}

// The new name is free.
void HoldOfRename(benchmark::State& state, int commits) {
  Store store;
  for (int i = 0; i < commits; ++i) {
    store.Add(Store::Results("acme/old", i, kContextsPerCommit));
  }
  store.Flush();
  Holds holds;
  for (auto iteration : state) {
    Check(holds.Time([&store] {
      return RenameRepository(store.outbox(), *ParseRepository("acme/old"),
                              *ParseRepository("acme/new"), 7, store.now());
    }));
    DoAllChores(&store, &holds);
  }
  holds.Tell(&state);
}

void HoldOfRevival(benchmark::State& state, int entries) {
  Store store;
  for (int i = 0; i < entries; i += kContextsPerCommit) {
    store.Add(Store::Results(absl::StrCat("acme/app-", i), i,
                             std::min(kContextsPerCommit, entries - i)));
  }
  store.Flush();
  store.SettleAll("acme", Settlement::Kind::kAbandoned, "PERMISSION_MISSING");
  EventSubmission event;
  event.delivery = {"added", "", "installation_repositories", "added", 0};
  InstallationChanged changed;
  changed.host = "github.com";
  changed.account = "acme";
  changed.action = "added";
  event.event = changed;
  Holds holds;
  for (auto iteration : state) {
    Get(holds.Time(
        [&] { return store.outbox().AcceptEvent(event, store.now()); }));
    DoAllChores(&store, &holds);
  }
  holds.Tell(&state);
}

// RetryPosts does a page in such parts.
void HoldOfRetries(benchmark::State& state, int entries) {
  Store store;
  std::vector<StatusKey> keys;
  for (int i = 0; i < entries; i += kContextsPerCommit) {
    Submission results = Store::Results("acme/app", i, kContextsPerCommit);
    for (const std::string& context : results.contexts) {
      keys.push_back(results.report.Key(context));
    }
    store.Add(std::move(results));
  }
  store.Flush();
  store.SettleAll("acme", Settlement::Kind::kAbandoned, "NO_COMMIT_FOUND");
  Holds holds;
  for (auto iteration : state) {
    Check(
        holds.Time([&] { return store.outbox().RetryAll(keys, store.now()); }));
  }
  holds.Tell(&state);
}

void HoldOfRetention(benchmark::State& state, int commits) {
  Store store;
  constexpr absl::Duration kRetention = absl::Hours(24 * 90);
  for (int i = 0; i < commits; i += kObservedPerBlock) {
    std::vector<Submission> old;
    std::vector<Submission> young;
    for (int j = 0; j < std::min(kObservedPerBlock, commits - i); ++j) {
      auto& batch = j < kOldPerBlock ? old : young;
      batch.push_back(Store::Results("acme/app", i + j, 1));
      batch.back().observed = Observed{i + j + 1, "somebody"};
    }
    store.Accept(old, store.now() - kRetention - absl::Hours(1));
    store.Accept(young, store.now());
  }
  Holds holds;
  for (auto iteration : state) {
    while (Get(holds.Time([&] {
      return AsHolder(store.outbox(), &Outbox::ForgetOlderThan, kRetention,
                      store.now());
    }))) {
    }
  }
  holds.Tell(&state);
}

// Everything was posted (kPosted), or is due again minutes later (kRetry).
void FindDueCredentials(benchmark::State& state, Settlement::Kind kind,
                        int repositories) {
  Store store;
  constexpr int kPerAccount = 100;
  for (int i = 0; i < repositories; ++i) {
    store.Add(Store::Results(
        absl::StrCat("account-", i / kPerAccount, "/app-", i), i, 1));
  }
  store.Flush();
  for (int i = 0; i < repositories; i += kPerAccount) {
    store.SettleAll(absl::StrCat("account-", i / kPerAccount), kind,
                    "SERVER_ERROR");
  }
  for (auto iteration : state) {
    // Any change makes the outbox search again.
    state.PauseTiming();
    store.outbox().Confess({}, store.now()).IgnoreError();
    state.ResumeTiming();
    if (!Get(store.outbox().FindDueWork(store.now())).credentials.empty()) {
      state.SkipWithError("something is due");
    }
  }
  state.SetLabel("goal: 1 ms");
}

}  // namespace

void AddStoreBenchmarks(const StoreSizes& sizes) {
  const auto add_hold = [](const char* task,
                           void (*measure)(benchmark::State&, int), int size) {
    benchmark::RegisterBenchmark(
        absl::StrCat("BM_LongestHold/", task, "/", size).c_str(), measure, size)
        ->Iterations(1)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  };
  add_hold("Rename", HoldOfRename, sizes.merged_commits);
  add_hold("Merge", HoldOfMerge, sizes.merged_commits);
  add_hold("ReviveAccount", HoldOfRevival, sizes.abandoned_entries);
  add_hold("Retries", HoldOfRetries, sizes.retried_entries);
  add_hold("Retention", HoldOfRetention, sizes.observed_commits);
  const auto add_search = [&sizes](const char* what, Settlement::Kind kind) {
    benchmark::RegisterBenchmark(
        absl::StrCat("BM_DueCredentials/", what, "/", sizes.idle_repositories)
            .c_str(),
        FindDueCredentials, kind, sizes.idle_repositories)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  };
  add_search("Idle", Settlement::Kind::kPosted);
  add_search("Waiting", Settlement::Kind::kRetry);
}

}  // namespace signalbox
