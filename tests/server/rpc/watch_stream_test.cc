#include "server/rpc/watch_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/seed.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

v1::WatchStatusesRequest After(int64_t sequence) {
  v1::WatchStatusesRequest request;
  request.set_after_sequence(sequence);
  return request;
}

class WatchStreamTest : public ServiceTest {
 protected:
  using Call = grpc::ClientReader<v1::WatchStatusesResponse>;

  // A call that has begun to watch.
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<Call> call;

    // The next change or bookmark; nothing at the end.
    std::optional<v1::WatchStatusesResponse> NextMessage() {
      v1::WatchStatusesResponse message;
      if (!call->Read(&message)) return std::nullopt;
      return message;
    }

    // The next change; nothing at the end.
    std::optional<v1::WatchStatusesResponse> Next() {
      std::optional<v1::WatchStatusesResponse> message;
      do {
        message = NextMessage();
      } while (message.has_value() && !message->has_status());
      return message;
    }
  };

  std::unique_ptr<Watch> Begin(const v1::WatchStatusesRequest& request,
                               const std::string& token = "") {
    auto watch = std::make_unique<Watch>();
    if (!token.empty()) {
      watch->context.AddMetadata("authorization", "Bearer " + token);
    }
    watch->call = stub_->WatchStatuses(&watch->context, request);
    watch->call->WaitForInitialMetadata();
    return watch;
  }

  // The end of a call that sends no change.
  grpc::Status Refusal(const v1::WatchStatusesRequest& request,
                       std::string* reason, const std::string& token = "") {
    const auto watch = Begin(request, token);
    EXPECT_FALSE(watch->Next().has_value());
    const grpc::Status status = watch->call->Finish();
    *reason = Trailer(watch->context, "signalbox-reason");
    return status;
  }

  int64_t Report(const std::string& repository, const std::string& context,
                 v1::Result result = v1::RESULT_SUCCESS,
                 const std::string& description = "") {
    grpc::ClientContext client;
    v1::ReportResultRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    request.set_context(context);
    request.set_result(result);
    request.set_description(description);
    v1::ReportResultResponse response;
    const grpc::Status status =
        stub_->ReportResult(&client, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.receipt().sequence();
  }

  // Ends one try of the longest due result of acme's; false if none is due.
  bool Settle(Settlement::Kind kind) {
    LeaseRequest take;
    take.credential = "github.com/acme";
    take.lease_time = absl::Hours(1);
    const auto lease =
        signalbox::TakeDue(*outbox_, take, Clock::System()->Now());
    if (!lease.ok() || !lease->has_value()) return false;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.kind = kind;
    settlement.shown = (*lease)->wanted;
    settlement.reason = "SOME_REASON";
    settlement.retry_in = absl::ZeroDuration();
    return signalbox::Settle(*outbox_, settlement, Clock::System()->Now()).ok();
  }

  // All status changes of the store, as the server must send them.
  std::vector<std::string> Stored(int64_t after = 0) {
    std::vector<std::string> changes;
    const auto stored = outbox_->ChangesAfter(ChangeCursor(after), 1'000'000);
    EXPECT_TRUE(stored.ok()) << stored.status();
    for (const StatusChange& change : *stored) {
      changes.push_back(ToProto(change).ShortDebugString());
    }
    return changes;
  }
};

TEST_F(WatchStreamTest, TellsOfReportsAndPostingsAsTheyHappen) {
  Report("acme/app", "ci/before");
  const auto watch = Begin({});
  const int64_t sequence =
      Report("Acme/App", "CI/build", v1::RESULT_FAILURE, "broken");
  auto change = watch->Next();
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->sequence(), sequence);
  EXPECT_EQ(change->status().sequence(), sequence);
  EXPECT_EQ(change->repository(), "acme/app");
  EXPECT_EQ(change->sha(), kSha);
  EXPECT_EQ(change->status().context(), "CI/build");
  EXPECT_EQ(change->status().state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(change->status().result(), v1::RESULT_FAILURE);
  EXPECT_EQ(change->status().description(), "broken");
  EXPECT_EQ(change->status().posting().state(), v1::POSTING_STATE_DUE);
  EXPECT_FALSE(change->has_change());

  ASSERT_TRUE(Settle(Settlement::Kind::kPosted));
  change = watch->Next();
  EXPECT_EQ(change->status().context(), "ci/before");
  EXPECT_EQ(change->status().posting().state(), v1::POSTING_STATE_POSTED);
  ASSERT_TRUE(Settle(Settlement::Kind::kAbandoned));
  change = watch->Next();
  EXPECT_GT(change->sequence(), sequence);
  EXPECT_EQ(change->status().description(), "broken");
  EXPECT_EQ(change->status().posting().state(), v1::POSTING_STATE_ABANDONED);
  EXPECT_EQ(change->status().posting().reason(), "SOME_REASON");
}

TEST_F(WatchStreamTest, WhatHappenedIsToldAsItWas) {
  const auto early = Begin({});
  for (const v1::Result result :
       {v1::RESULT_FAILURE, v1::RESULT_SUCCESS, v1::RESULT_CANCELLED}) {
    Report("acme/app", "ci/build", result);
  }
  const auto late = Begin(After(1));
  std::vector<v1::Result> seen;
  for (int i = 0; i < 3; ++i) seen.push_back(early->Next()->status().result());
  EXPECT_THAT(seen, testing::ElementsAre(v1::RESULT_FAILURE, v1::RESULT_SUCCESS,
                                         v1::RESULT_CANCELLED));
  EXPECT_EQ(late->Next()->status().result(), v1::RESULT_SUCCESS);
  EXPECT_EQ(late->Next()->status().result(), v1::RESULT_CANCELLED);
}

// Streams that are cut off anywhere send what the store holds, each change once
// and in order.
TEST_F(WatchStreamTest, ResumesWithoutAGapWhileReportsGoOn) {
  StopServing();
  watch_.max_held = 40;  // So that most streams begin in the store.
  watch_.batch = 7;
  Serve({});
  const auto first = Begin({});
  constexpr int kReports = 400;
  std::atomic<int> reporting = 3;
  const uint32_t seed = Seed();
  std::vector<std::thread> reporters;
  for (int r = 0; r < 2; ++r) {
    reporters.emplace_back([this, r, &reporting] {
      for (int i = 0; i < kReports; ++i) {
        Report(absl::StrCat("acme/app", i % 3), absl::StrCat("ci/", r),
               i % 2 == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE);
      }
      --reporting;
    });
  }
  reporters.emplace_back([this, seed, &reporting] {
    std::mt19937 random(seed + 1);
    while (reporting > 1 || Settle(Settlement::Kind::kPosted)) {
      Settle(random() % 4 == 0 ? Settlement::Kind::kRetry
                               : Settlement::Kind::kPosted);
    }
    --reporting;
  });

  std::mt19937 random(seed);
  std::vector<std::string> seen;
  int64_t last = 0;
  int streams = 0;
  const auto take = [&](Watch* watch) {
    const auto change = watch->Next();
    if (!change.has_value()) return false;
    EXPECT_GT(change->sequence(), last);
    last = change->sequence();
    seen.push_back(change->ShortDebugString());
    return true;
  };
  take(first.get());
  first->context.TryCancel();
  while (reporting > 0 || last < outbox_->NewestChange()->sequence()) {
    const auto watch = Begin(After(last));
    ++streams;
    for (unsigned i = random() % 60 + 1;
         i > 0 && last < outbox_->NewestChange()->sequence(); --i) {
      // A stream that was too slow ends, and the next one resumes.
      if (!take(watch.get())) break;
    }
    watch->context.TryCancel();
  }
  for (std::thread& reporter : reporters) reporter.join();
  const std::vector<std::string> stored = Stored();
  EXPECT_EQ(seen, stored);
  EXPECT_GT(stored.size(), size_t{2 * kReports});
  EXPECT_GT(streams, 10);
}

bool IsBookmark(const v1::WatchStatusesResponse& message) {
  v1::WatchStatusesResponse bookmark;
  bookmark.set_sequence(message.sequence());
  return message.SerializeAsString() == bookmark.SerializeAsString();
}

TEST_F(WatchStreamTest, BeginsWithABookmark) {
  const auto nothing_yet = Begin(After(0));
  auto bookmark = nothing_yet->NextMessage();
  ASSERT_TRUE(bookmark.has_value());
  EXPECT_TRUE(IsBookmark(*bookmark));
  EXPECT_EQ(bookmark->sequence(), 0);

  const int64_t first = Report("acme/app", "ci/first");
  const int64_t second = Report("acme/app", "ci/second");
  EXPECT_EQ(nothing_yet->Next()->sequence(), first);

  bookmark = Begin({})->NextMessage();
  EXPECT_TRUE(IsBookmark(*bookmark));
  EXPECT_EQ(bookmark->sequence(), second);

  const auto resumed = Begin(After(first));
  bookmark = resumed->NextMessage();
  EXPECT_TRUE(IsBookmark(*bookmark));
  EXPECT_EQ(bookmark->sequence(), first);
  EXPECT_EQ(resumed->Next()->sequence(), second);
}

TEST_F(WatchStreamTest, ZeroIsAfterNothing) {
  const int64_t first = Report("acme/app", "ci/first");
  Report("acme/app", "ci/second");
  EXPECT_EQ(Begin(After(0))->Next()->sequence(), first);
  const auto from_now = Begin({});
  const int64_t third = Report("acme/app", "ci/third");
  EXPECT_EQ(from_now->Next()->sequence(), third);
}

// A watcher of a quiet repository can resume, however much others changed.
TEST_F(WatchStreamTest, BookmarksGoOnWhereNothingHappens) {
  StopServing();
  changes_kept_ = 10;
  watch_.longest_without_bookmark = absl::Milliseconds(20);
  Serve({});
  v1::WatchStatusesRequest of_quiet;
  of_quiet.add_repositories("acme/quiet");
  const auto quiet = Begin(of_quiet);
  int64_t last = -1;
  for (int i = 0; i < 30; ++i) {
    const int64_t newest = Report("acme/app", absl::StrCat(i));
    // The server keeps ten changes, so the watcher must not fall behind.
    while (last < newest) {
      const auto bookmark = quiet->NextMessage();
      ASSERT_TRUE(bookmark.has_value());
      ASSERT_TRUE(IsBookmark(*bookmark));
      EXPECT_GE(bookmark->sequence(), last);
      last = bookmark->sequence();
    }
  }
  // Bookmarks come even without anything new.
  ASSERT_TRUE(quiet->NextMessage().has_value());
  quiet->context.TryCancel();
  const int64_t next = Report("acme/quiet", "ci/build");
  of_quiet.set_after_sequence(last);
  EXPECT_EQ(Begin(of_quiet)->Next()->sequence(), next);
}

// A page and the changes after its sequence leave nothing out.
TEST_F(WatchStreamTest, FollowsWhatWasRead) {
  const int64_t before = Report("acme/app", "ci/before");
  v1::ListStatusesResponse list;
  v1::ListCommitsResponse commits;
  v1::GetCommitStatusResponse commit;
  {
    grpc::ClientContext list_context, commits_context, commit_context;
    ASSERT_TRUE(stub_->ListStatuses(&list_context, {}, &list).ok());
    ASSERT_TRUE(stub_->ListCommits(&commits_context, {}, &commits).ok());
    v1::GetCommitStatusRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    ASSERT_TRUE(stub_->GetCommitStatus(&commit_context, request, &commit).ok());
  }
  const int64_t after = Report("acme/app", "ci/after");
  for (const int64_t sequence :
       {list.sequence(), commits.sequence(), commit.sequence()}) {
    EXPECT_EQ(sequence, before);
    EXPECT_EQ(Begin(After(sequence))->Next()->sequence(), after);
  }
}

TEST_F(WatchStreamTest, FiltersByRepositoryContextAndState) {
  v1::WatchStatusesRequest request;
  request.add_repositories("ACME/a*");
  request.add_repositories("other/*");
  request.add_contexts("CI/*");
  request.add_states(v1::COMMIT_STATE_ERROR);
  request.add_states(v1::COMMIT_STATE_FAILURE);
  const auto watch = Begin(request);
  std::vector<int64_t> wanted;
  for (const char* repository :
       {"acme/app", "acme/lib", "other/x", "x/other"}) {
    for (const char* context : {"ci/build", "deploy"}) {
      for (const v1::Result result :
           {v1::RESULT_SUCCESS, v1::RESULT_FAILURE, v1::RESULT_TIMED_OUT}) {
        const int64_t sequence = Report(repository, context, result);
        if ((repository == std::string("acme/app") ||
             repository == std::string("other/x")) &&
            context == std::string("ci/build") &&
            result != v1::RESULT_SUCCESS) {
          wanted.push_back(sequence);
        }
      }
    }
  }
  wanted.push_back(Report("acme/a", "ci/last", v1::RESULT_FAILURE));
  for (const int64_t sequence : wanted) {
    EXPECT_EQ(watch->Next()->sequence(), sequence);
  }
  ASSERT_EQ(wanted.size(), 5u);
}

TEST_F(WatchStreamTest, AWatchEndsWithItsToken) {
  StopServing();
  watch_.longest_without_bookmark = absl::Milliseconds(20);
  Serve({CallerOf("reader", {"acme/*"}, {}, {Right::kRead})});
  const auto watch = Begin({}, "reader");
  ASSERT_TRUE(watch->NextMessage().has_value());
  authorizer_->SetTokens("reader", CallerOf("newer", {}, {}, {}).tokens);
  EXPECT_FALSE(watch->Next().has_value());
  EXPECT_EQ(watch->call->Finish().error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Trailer(watch->context, "signalbox-reason"), "UNKNOWN_CALLER");
}

TEST_F(WatchStreamTest, CallersSeeOnlyWhatTheyMayRead) {
  StopServing();
  Serve({CallerOf("all", {"*/*"}, {"*"}, {Right::kReport, Right::kRead}),
         CallerOf("reader", {"acme/*"}, {}, {Right::kRead}),
         CallerOf("reporter", {"acme/*"}, {"*"}, {Right::kReport})});
  std::string reason;
  EXPECT_EQ(Refusal({}, &reason).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Refusal({}, &reason, "reporter").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reason, "NOT_GRANTED");
  v1::WatchStatusesRequest secret;
  secret.add_repositories("secret/app");
  EXPECT_EQ(Refusal(secret, &reason, "reader").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);

  v1::WatchStatusesRequest anything;
  anything.add_repositories("*/*");
  const auto watch = Begin(anything, "reader");
  const auto accept = [this](const char* repository) {
    KeyReport report;
    report.repository = *ParseRepository(repository);
    report.sha = *ParseSha(kSha);
    report.context = "ci/build";
    report.result = Result::kSuccess;
    ASSERT_TRUE(outbox_->Accept({Of({report})}, Clock::System()->Now()).ok());
  };
  accept("secret/app");
  accept("acme/app");
  accept("secret/lib");
  accept("acme/lib");
  EXPECT_EQ(watch->Next()->repository(), "acme/app");
  EXPECT_EQ(watch->Next()->repository(), "acme/lib");
  // The server no longer shows what moves away, nor its old changes.
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/app"),
                               *ParseRepository("secret/old"), 7,
                               Clock::System()->Now())
                  .ok());
  const auto again = Begin(After(1), "reader");
  EXPECT_EQ(again->Next()->repository(), "acme/lib");
}

TEST_F(WatchStreamTest, OnlyWhatIsKeptCanBeResumed) {
  StopServing();
  changes_kept_ = 10;
  Serve({});
  int64_t newest = 0;
  for (int i = 0; i < 30; ++i) newest = Report("acme/app", absl::StrCat(i));
  std::string reason;
  for (const int64_t after :
       {int64_t{0}, int64_t{1}, newest - 11, newest + 1}) {
    EXPECT_EQ(Refusal(After(after), &reason).error_code(),
              grpc::StatusCode::OUT_OF_RANGE)
        << after;
    EXPECT_EQ(reason, "SEQUENCE_NOT_KEPT");
  }
  EXPECT_EQ(Begin(After(newest - 10))->Next()->sequence(), newest - 9);
  const auto watch = Begin(After(newest));
  const int64_t next = Report("acme/app", "next");
  EXPECT_EQ(watch->Next()->sequence(), next);
}

TEST_F(WatchStreamTest, RefusesWhatIsMalformed) {
  v1::WatchStatusesRequest no_repository;
  no_repository.add_repositories("acme");
  v1::WatchStatusesRequest no_context;
  no_context.add_contexts("");
  v1::WatchStatusesRequest many;
  for (int i = 0; i < 101; ++i) many.add_contexts("ci/*");
  v1::WatchStatusesRequest no_state;
  no_state.add_states(v1::COMMIT_STATE_UNSPECIFIED);
  const std::vector<std::pair<v1::WatchStatusesRequest, std::string>> cases = {
      {no_repository, "INVALID_PATTERN"},
      {no_context, "INVALID_PATTERN"},
      {many, "TOO_MANY_PATTERNS"},
      {no_state, "INVALID_STATE"},
      {After(-1), "INVALID_SEQUENCE"}};
  for (const auto& [request, wanted] : cases) {
    std::string reason;
    EXPECT_EQ(Refusal(request, &reason).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << wanted;
    EXPECT_EQ(reason, wanted);
  }
}

TEST_F(WatchStreamTest, WhoIsTooSlowIsEndedAndResumes) {
  StopServing();
  watch_.max_held = 20;
  narrow_channel_ = true;
  Serve({});
  const auto slow = Begin({});
  const auto fast = Begin({});
  constexpr int kReports = 400;
  const std::string text(4000, 'x');
  for (int i = 0; i < kReports; ++i) {
    Report("acme/app", absl::StrCat("ci/", i), v1::RESULT_SUCCESS, text);
    ASSERT_TRUE(fast->Next().has_value()) << i;
  }
  int seen = 0;
  int64_t last = 0;
  while (const auto change = slow->Next()) {
    ++seen;
    last = change->sequence();
  }
  const grpc::Status status = slow->call->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Trailer(slow->context, "signalbox-reason"), "TOO_SLOW");
  EXPECT_THAT(status.error_message(),
              testing::EndsWith(absl::StrCat("resume after sequence ", last)));
  EXPECT_LT(seen, kReports);
  // A client that catches up is not too slow, however much there is.
  const auto resumed = Begin(After(last));
  while (seen < kReports) {
    const auto change = resumed->Next();
    ASSERT_TRUE(change.has_value());
    ++seen;
    EXPECT_EQ(change->status().context(), absl::StrCat("ci/", seen - 1));
  }
}

TEST_F(WatchStreamTest, AllTogetherAreToldNoFasterThanAllowed) {
  StopServing();
  watch_.max_changes_per_second = 200;
  Serve({});
  v1::WatchStatusesRequest of_another;
  of_another.add_repositories("acme/another");
  const auto nothing = Begin(of_another);
  const auto first = Begin({});
  const auto second = Begin({});
  constexpr int kReports = 40;
  const SteadyTime begin = Clock::System()->Steady();
  for (int i = 0; i < kReports; ++i) Report("acme/app", absl::StrCat("ci/", i));
  for (int i = 0; i < kReports; ++i) {
    for (const auto& watch : {first.get(), second.get()}) {
      const auto change = watch->Next();
      ASSERT_TRUE(change.has_value());
      EXPECT_EQ(change->status().context(), absl::StrCat("ci/", i));
    }
  }
  // The changes of a tenth of a second come at once.
  EXPECT_GE(Clock::System()->Steady() - begin,
            absl::Seconds((2 * kReports - 20) / 200.0));
  const int64_t sequence = Report("acme/another", "ci/build");
  EXPECT_EQ(nothing->Next()->sequence(), sequence);
}

// However much happens at once in other repositories.
TEST_F(WatchStreamTest, WhoWantsNothingOfItIsNotTooSlow) {
  StopServing();
  watch_.max_held = 1;
  Serve({});
  v1::WatchStatusesRequest of_another;
  of_another.add_repositories("acme/another");
  const auto quiet = Begin(of_another);
  const auto greedy = Begin({});
  Report("acme/another", "ci/build");
  ASSERT_TRUE(quiet->Next().has_value());
  ASSERT_TRUE(greedy->Next().has_value());

  grpc::ClientContext context;
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  for (int i = 0; i < 20; ++i) request.add_contexts(absl::StrCat("ci/", i));
  v1::ReportPendingResponse response;
  ASSERT_TRUE(stub_->ReportPending(&context, request, &response).ok());
  while (greedy->Next().has_value()) {
  }
  greedy->call->Finish();
  EXPECT_EQ(Trailer(greedy->context, "signalbox-reason"), "TOO_SLOW");
  const int64_t sequence = Report("acme/another", "ci/deploy");
  const auto change = quiet->Next();
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->sequence(), sequence);
}

TEST_F(WatchStreamTest, WhoWantsLittleIsNotEndedForWhoWantsMuch) {
  StopServing();
  watch_.max_changes_per_second = 1;
  watch_.max_held = 200;
  Serve({});
  v1::WatchStatusesRequest of_another;
  of_another.add_repositories("acme/another");
  const auto modest = Begin(of_another);
  const auto greedy = Begin({});
  for (int i = 0; i < 600; ++i) {
    Report("acme/app", "ci/build",
           i % 2 == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE);
  }
  while (greedy->Next().has_value()) {
  }
  greedy->call->Finish();
  EXPECT_EQ(Trailer(greedy->context, "signalbox-reason"), "TOO_SLOW");
  const int64_t sequence = Report("acme/another", "ci/build");
  const auto change = modest->Next();
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->sequence(), sequence);
}

// A client on gRPC's callbacks: a thousand of them need no threads.
class Counter : public grpc::ClientReadReactor<v1::WatchStatusesResponse> {
 public:
  Counter(v1::StatusService::Stub* stub, int wanted,
          std::function<void()> begun, std::function<void()> done)
      : wanted_(wanted), begun_(std::move(begun)), done_(std::move(done)) {
    stub->async()->WatchStatuses(&context_, &request_, this);
    StartRead(&change_);
    StartCall();
  }

  void OnReadInitialMetadataDone(bool) override { begun_(); }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (change_.has_status()) {
      if (change_.sequence() <= last_) in_order_ = false;
      last_ = change_.sequence();
      if (++seen_ == wanted_) context_.TryCancel();
    }
    StartRead(&change_);
  }
  void OnDone(const grpc::Status&) override { done_(); }

  bool IsComplete() const { return seen_ >= wanted_ && in_order_; }

 private:
  const int wanted_;
  const std::function<void()> begun_;
  const std::function<void()> done_;
  grpc::ClientContext context_;
  const v1::WatchStatusesRequest request_;
  v1::WatchStatusesResponse change_;
  int seen_ = 0;
  int64_t last_ = 0;
  bool in_order_ = true;
};

TEST_F(WatchStreamTest, AThousandWatchersSeeEverything) {
  constexpr int kWatchers = 1000;
  constexpr int kReports = 60;
  Mutex mu;
  CondVar changed;
  int begun = 0;
  int done = 0;
  const auto count = [&](int* counter) {
    return [&, counter] {
      MutexLock lock(&mu);
      ++*counter;
      changed.NotifyAll();
    };
  };
  const auto await = [&](int* counter) {
    MutexLock lock(&mu);
    while (*counter < kWatchers) changed.Wait(&mu);
  };
  std::vector<std::unique_ptr<Counter>> watchers;
  for (int i = 0; i < kWatchers; ++i) {
    watchers.push_back(std::make_unique<Counter>(stub_.get(), kReports,
                                                 count(&begun), count(&done)));
  }
  await(&begun);
  const SteadyTime start = Clock::System()->Steady();
  for (int i = 0; i < kReports; ++i) Report("acme/app", absl::StrCat("ci/", i));
  const SteadyTime reported = Clock::System()->Steady();
  await(&done);
  for (const auto& watcher : watchers) EXPECT_TRUE(watcher->IsComplete());
  RecordProperty("report_ms",
                 absl::FormatDuration((reported - start) / kReports));
  std::cerr << "each report took " << (reported - start) / kReports
            << ", all watchers had them after "
            << Clock::System()->Steady() - start << "\n";
}

TEST_F(WatchStreamTest, WatchersEndWhenTheServerStops) {
  const auto watch = Begin({});
  const int64_t sequence = Report("acme/app", "ci/build");
  ASSERT_TRUE(watch->Next().has_value());
  service_->CloseStreams();
  EXPECT_FALSE(watch->Next().has_value());
  const grpc::Status status = watch->call->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), testing::EndsWith(absl::StrCat(
                                          "resume after sequence ", sequence)));
  std::string reason;
  EXPECT_EQ(Refusal({}, &reason).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reason, "SHUTTING_DOWN");
}

TEST_F(WatchStreamTest, ManyWatchersAreCutOffAnywhere) {
  std::mt19937 random(Seed());
  std::vector<std::thread> clients;
  for (int i = 0; i < 30; ++i) {
    clients.emplace_back([this, cut = random() % 40] {
      const auto watch = Begin({});
      for (unsigned n = 0; n < cut % 7; ++n) watch->Next();
      watch->context.TryCancel();
      watch->call->Finish();
    });
  }
  std::atomic<bool> stop = false;
  std::thread reporter([&] {
    for (int i = 0; !stop; ++i)
      Report("acme/app", absl::StrCat("ci/", i % 9),
             i % 2 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE);
  });
  for (std::thread& client : clients) client.join();
  stop = true;
  reporter.join();
}

}  // namespace
}  // namespace signalbox
