#include "server/rpc/report_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/rename_repository.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

// Two calls arrive at different times.
std::string WithoutTimes(v1::StreamReportsResponse response) {
  for (v1::Receipt& receipt : *response.mutable_receipts()) {
    receipt.clear_expire_time();
    receipt.clear_report_time();
  }
  return response.ShortDebugString();
}

v1::StreamReportsRequest Result(int64_t tag, const std::string& context,
                                int64_t attempt = 0,
                                v1::Result result = v1::RESULT_SUCCESS,
                                const std::string& repository = "acme/app") {
  v1::StreamReportsRequest request;
  request.set_tag(tag);
  request.mutable_result()->set_repository(repository);
  request.mutable_result()->set_sha(kSha);
  request.mutable_result()->set_context(context);
  request.mutable_result()->set_attempt(attempt);
  request.mutable_result()->set_result(result);
  return request;
}

v1::StreamReportsRequest Pending(int64_t tag,
                                 const std::vector<std::string>& contexts) {
  v1::StreamReportsRequest request;
  request.set_tag(tag);
  request.mutable_pending()->set_repository("acme/app");
  request.mutable_pending()->set_sha(kSha);
  for (const std::string& context : contexts) {
    request.mutable_pending()->add_contexts(context);
  }
  return request;
}

// A request and an answer that both take some 25 KB.
v1::StreamReportsRequest Bulky(int64_t tag) {
  std::vector<std::string> contexts;
  for (int i = 0; i < 100; ++i) {
    contexts.push_back(absl::StrCat(std::string(240, 'x'), "/", i));
  }
  return Pending(tag, contexts);
}

int64_t ResidentKiB() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  int64_t resident = 0;
  statm >> pages >> resident;
  return resident * 4;
}

class ReportStreamTest : public ServiceTest {
 protected:
  using Call = grpc::ClientReaderWriter<v1::StreamReportsRequest,
                                        v1::StreamReportsResponse>;
  using Answers = std::map<int64_t, v1::StreamReportsResponse>;

  // Reads to the end; each tag is answered at most once.
  static Answers ReadAll(Call* call) {
    Answers answers;
    v1::StreamReportsResponse answer;
    while (call->Read(&answer)) {
      EXPECT_TRUE(answers.emplace(answer.tag(), answer).second) << answer.tag();
    }
    return answers;
  }

  // Sends all requests while it reads.
  Answers Send(const std::vector<v1::StreamReportsRequest>& requests) {
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(Clock::System()->Now() + absl::Seconds(20)));
    const auto call = stub_->StreamReports(&context);
    std::thread writer([&] {
      for (const v1::StreamReportsRequest& request : requests) {
        EXPECT_TRUE(call->Write(request));
      }
      call->WritesDone();
    });
    Answers answers = ReadAll(call.get());
    writer.join();
    const grpc::Status status = call->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(answers.size(), requests.size());
    return answers;
  }

  absl::StatusOr<History> Stored(const std::string& context,
                                 const std::string& repository = "acme/app") {
    return outbox_->GetHistory(
        StatusKey::Of(*ParseRepository(repository), *ParseSha(kSha), context));
  }
};

// However the first answers are batched, and although nothing else is sent on
// the connection.
TEST_F(ReportStreamTest, AnswersTheFirstStreamOfAConnection) {
  for (int i = 0; i < 100; ++i) {
    StopServing();
    Serve({});
    std::vector<v1::StreamReportsRequest> requests;
    for (int tag = 0; tag < 100; ++tag) {
      requests.push_back(Result(tag, absl::StrCat("ci/", i, "-", tag)));
    }
    ASSERT_EQ(Send(requests).size(), requests.size()) << "stream " << i;
  }
}

TEST_F(ReportStreamTest, AnswersEachReportWithItsTag) {
  std::vector<v1::StreamReportsRequest> requests;
  for (int tag = 0; tag < 300; ++tag) {
    requests.push_back(tag % 3 == 0 ? Pending(tag, {absl::StrCat("ci/p", tag),
                                                    absl::StrCat("x", tag)})
                                    : Result(tag, absl::StrCat("ci/r", tag)));
  }
  const Answers answers = Send(requests);
  for (const auto& [tag, answer] : answers) {
    EXPECT_EQ(answer.code(), 0) << answer.message();
    ASSERT_EQ(answer.receipts_size(), tag % 3 == 0 ? 2 : 1);
    EXPECT_EQ(answer.receipts(0).context(),
              absl::StrCat(tag % 3 == 0 ? "ci/p" : "ci/r", tag));
    EXPECT_EQ(answer.receipts(0).disposition(), v1::DISPOSITION_ACCEPTED);
    const auto stored = Stored(answer.receipts(0).context());
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_EQ(stored->status.sequence, answer.receipts(0).sequence());
  }
}

TEST_F(ReportStreamTest, AnAnswerMeansThatTheReportIsStored) {
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  for (int tag = 1; tag <= 50; ++tag) {
    ASSERT_TRUE(call->Write(Result(tag, absl::StrCat("ci/", tag))));
    v1::StreamReportsResponse answer;
    ASSERT_TRUE(call->Read(&answer));
    EXPECT_EQ(answer.tag(), tag);
    EXPECT_TRUE(Stored(absl::StrCat("ci/", tag)).ok());
  }
  gate_->FailWith(Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                        "the disk is full"));
  ASSERT_TRUE(call->Write(Result(51, "ci/51")));
  v1::StreamReportsResponse answer;
  ASSERT_TRUE(call->Read(&answer));
  EXPECT_EQ(answer.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(answer.reason(), "DISK_FULL");
  EXPECT_GE(answer.retry_after().seconds(), 2);
  EXPECT_LT(answer.retry_after().seconds(), 5);
  EXPECT_EQ(answer.receipts_size(), 0);
  EXPECT_FALSE(Stored("ci/51").ok());
  call->WritesDone();
  EXPECT_TRUE(call->Finish().ok());
}

// Each is judged in the order sent, against those before it.
TEST_F(ReportStreamTest, IfSequenceEndsItsReportAlone) {
  std::vector<v1::StreamReportsRequest> requests;
  for (int tag = 0; tag < 20; ++tag) {
    requests.push_back(Result(tag, "ci/build"));
    requests.back().mutable_result()->set_result(
        tag % 2 == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE);
    requests.back().mutable_result()->set_if_sequence(0);
  }
  const Answers answers = Send(requests);
  EXPECT_EQ(answers.at(0).code(), 0);
  for (int tag = 1; tag < 20; ++tag) {
    // A repeat of the first is unchanged. All others are refused.
    const bool is_same = tag % 2 == 0;
    EXPECT_EQ(answers.at(tag).code(), is_same ? 0 : grpc::StatusCode::ABORTED);
    EXPECT_EQ(answers.at(tag).reason(), is_same ? "" : "CHANGED");
  }
  EXPECT_EQ(Stored("ci/build")->status.state, CommitState::kSuccess);
}

TEST_F(ReportStreamTest, ABadReportDoesNotEndTheStream) {
  std::vector<v1::StreamReportsRequest> requests;
  for (int tag = 0; tag < 8; ++tag) {
    requests.push_back(Result(tag, absl::StrCat("ci/", tag), 1));
  }
  requests[1].mutable_result()->set_sha("main");
  requests[2].clear_report();
  requests[3].mutable_result()->set_result(v1::RESULT_UNSPECIFIED);
  requests[5].mutable_result()->set_attempt(0);
  requests[5].mutable_result()->set_series("nightly");
  requests[6] = Pending(6, std::vector<std::string>(101, "ci/x"));
  const Answers answers = Send(requests);
  const std::map<int64_t, int> codes = {
      {1, grpc::StatusCode::INVALID_ARGUMENT},
      {2, grpc::StatusCode::INVALID_ARGUMENT},
      {3, grpc::StatusCode::INVALID_ARGUMENT},
      {5, grpc::StatusCode::INVALID_ARGUMENT},
      {6, grpc::StatusCode::INVALID_ARGUMENT}};
  for (const auto& [tag, answer] : answers) {
    const auto bad = codes.find(tag);
    EXPECT_EQ(answer.code(), bad == codes.end() ? 0 : bad->second) << tag;
    EXPECT_EQ(answer.receipts_size(), bad == codes.end() ? 1 : 0) << tag;
    EXPECT_EQ(answer.message().empty(), bad == codes.end()) << tag;
    EXPECT_EQ(answer.reason().empty(), bad == codes.end()) << tag;
    EXPECT_FALSE(answer.has_retry_after()) << tag;
  }
  EXPECT_EQ(answers.at(1).reason(), "INVALID_SHA");
  EXPECT_EQ(answers.at(1).message(),
            "sha: \"main\" is not a full SHA (40 or 64 hexadecimal digits)");
  EXPECT_FALSE(Stored("ci/1").ok());
  EXPECT_TRUE(Stored("ci/7").ok());
}

TEST_F(ReportStreamTest, AReportWithoutARequestIdHasThatOfTheStream) {
  grpc::ClientContext context;
  context.AddMetadata("signalbox-request-id", "id-of-the-stream");
  const auto call = stub_->StreamReports(&context);
  v1::StreamReportsRequest named = Result(1, "ci/1");
  named.set_request_id("id-1");
  call->Write(named);
  call->Write(Result(2, "ci/2"));
  v1::StreamReportsRequest malformed = Result(3, "ci/3");
  malformed.set_request_id("no id");
  call->Write(malformed);
  call->WritesDone();
  EXPECT_EQ(ReadAll(call.get()).size(), 3u);
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_EQ(Trailer(context, "signalbox-request-id"), "id-of-the-stream");
  EXPECT_EQ(Stored("ci/1")->reports.at(0).request_id, "id-1");
  EXPECT_EQ(Stored("ci/2")->reports.at(0).request_id, "id-of-the-stream");
  EXPECT_EQ(Stored("ci/3")->reports.at(0).request_id, "id-of-the-stream");
}

TEST_F(ReportStreamTest, CallersReportOnlyWhatIsGranted) {
  StopServing();
  Serve({CallerOf("token", {"acme/*"}, {"ci/*"}, {Right::kReport})});
  grpc::ClientContext stranger;
  stranger.AddMetadata("authorization", "Bearer wrong");
  const auto refused = stub_->StreamReports(&stranger);
  EXPECT_TRUE(ReadAll(refused.get()).empty());
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Trailer(stranger, "signalbox-reason"), "UNKNOWN_CALLER");

  grpc::ClientContext before;
  before.AddMetadata("authorization", "Bearer token");
  v1::ReportResultResponse reported;
  ASSERT_TRUE(stub_
                  ->ReportResult(
                      &before,
                      Result(0, "ci/build", 0, v1::RESULT_SUCCESS, "acme/sold")
                          .result(),
                      &reported)
                  .ok());
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/sold"),
                               *ParseRepository("other/sold"), 7,
                               Clock::System()->Now())
                  .ok());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer token");
  const auto call = stub_->StreamReports(&context);
  call->Write(Result(1, "ci/build"));
  call->Write(Result(2, "ci/build", 0, v1::RESULT_SUCCESS, "other/app"));
  call->Write(Result(3, "deploy"));
  call->Write(Result(4, "ci/build", 0, v1::RESULT_SUCCESS, "acme/sold"));
  call->Write(Result(5, "ci/lint"));
  call->WritesDone();
  const Answers answers = ReadAll(call.get());
  EXPECT_TRUE(call->Finish().ok());
  ASSERT_EQ(answers.size(), 5u);
  for (const auto& [tag, answer] : answers) {
    EXPECT_EQ(answer.code(),
              tag == 1 || tag == 5 ? 0 : grpc::StatusCode::PERMISSION_DENIED)
        << tag;
  }
  EXPECT_EQ(answers.at(1).not_granted(), "");
  EXPECT_EQ(answers.at(2).not_granted(), "repository");
  EXPECT_EQ(answers.at(3).not_granted(), "context");
  EXPECT_EQ(Stored("ci/build")->reports.front().caller, "token");
  EXPECT_FALSE(Stored("ci/build", "other/app").ok());
}

// A stream can last for half an hour, and the token may have been stolen.
TEST_F(ReportStreamTest, AStreamEndsWithItsToken) {
  StopServing();
  const Caller farm = CallerOf("farm", {"acme/*"}, {"ci/*"}, {Right::kReport});
  Serve({farm});
  for (const bool expires : {false, true}) {
    authorizer_->SetTokens("farm", farm.tokens);
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer farm");
    const auto call = stub_->StreamReports(&context);
    v1::StreamReportsResponse answer;
    ASSERT_TRUE(call->Write(Result(1, "ci/before")));
    ASSERT_TRUE(call->Read(&answer));
    EXPECT_EQ(answer.code(), 0);
    std::vector<CallerToken> tokens = CallerOf("newer", {}, {}, {}).tokens;
    if (expires) {
      tokens = farm.tokens;
      tokens[0].expire_time = Clock::System()->Now();
    }
    authorizer_->SetTokens("farm", tokens);
    call->Write(Result(2, "ci/after"));
    EXPECT_FALSE(call->Read(&answer));
    EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(Trailer(context, "signalbox-reason"),
              expires ? "TOKEN_EXPIRED" : "UNKNOWN_CALLER");
    EXPECT_FALSE(Stored("ci/after").ok());
  }
}

TEST_F(ReportStreamTest, OnlyACallerWithTheRightSpeaksAsGitHub) {
  StopServing();
  Serve({CallerOf("farm", {"acme/*"}, {"ci/*"}, {Right::kReport}),
         CallerOf("shim", {"acme/*"}, {"ci/*"},
                  {Right::kReport, Right::kWebhook})});
  v1::StreamReportsRequest delivered = Result(1, "ci/build");
  delivered.mutable_result()->mutable_delivery()->set_id("d1");
  delivered.mutable_result()->mutable_delivery()->set_event("status");
  v1::StreamReportsRequest observed = Result(2, "ci/build");
  observed.mutable_result()->mutable_observed()->set_status_id(7);
  v1::StreamReportsRequest numbered = Result(3, "ci/build");
  numbered.mutable_result()->set_repository_id(7);
  for (const char* const token : {"farm", "shim"}) {
    const bool is_farm = token == std::string("farm");
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    const auto call = stub_->StreamReports(&context);
    for (const auto& request : {delivered, observed, numbered}) {
      call->Write(request);
    }
    call->WritesDone();
    Answers answers = ReadAll(call.get());
    EXPECT_TRUE(call->Finish().ok());
    ASSERT_EQ(answers.size(), 3u);
    const int refused = is_farm ? grpc::StatusCode::PERMISSION_DENIED : 0;
    EXPECT_EQ(answers[1].code(), refused);
    EXPECT_EQ(answers[2].code(), refused);
    EXPECT_EQ(answers[1].not_granted(), is_farm ? "right" : "");
    ASSERT_EQ(answers[3].receipts_size(), 1);
    EXPECT_EQ(answers[3].receipts(0).warnings_size(), is_farm ? 1 : 0);
  }
}

TEST_F(ReportStreamTest, AStreamWithoutReportsEndsWell) {
  EXPECT_TRUE(Send({}).empty());
}

// Its answers are far more than flow control lets through unread.
TEST_F(ReportStreamTest, AClientThatDoesNotReadIsHeldAndLosesNothing) {
  StopServing();
  report_streams_.max_unanswered = 16;
  narrow_channel_ = true;
  Serve({});
  constexpr int kReports = 300;
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  std::atomic<int> written = 0;
  std::thread writer([&] {
    while (written < kReports && call->Write(Bulky(written))) ++written;
    call->WritesDone();
  });
  // Other callers go on meanwhile, and their calls are the clock.
  int before = -1;
  while (before != written || written == 0) {
    before = written;
    for (int i = 0; i < 30; ++i) {
      grpc::ClientContext other;
      v1::ReportResultResponse response;
      EXPECT_TRUE(
          stub_->ReportResult(&other, Result(0, "ci/other").result(), &response)
              .ok());
    }
  }
  EXPECT_LT(written, kReports / 3);
  const Answers answers = ReadAll(call.get());
  writer.join();
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_EQ(written, kReports);
  EXPECT_EQ(answers.size(), size_t{kReports});
}

TEST_F(ReportStreamTest, LargeReportsAreHeldByTheirSize) {
  StopServing();
  report_streams_.max_unanswered_bytes = 100 << 10;
  Serve({});
  gate_->Shut();
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  constexpr int kReports = 60;
  std::thread writer([&] {
    for (int tag = 0; tag < kReports; ++tag) call->Write(Bulky(tag));
    call->WritesDone();
  });
  gate_->AwaitReports();
  for (int i = 0; i < 100; ++i) {  // The clock, as above.
    grpc::ClientContext other;
    v1::ListCommitsResponse response;
    EXPECT_TRUE(
        stub_->ListCommits(&other, v1::ListCommitsRequest(), &response).ok());
  }
  gate_->Open();
  EXPECT_EQ(ReadAll(call.get()).size(), size_t{kReports});
  writer.join();
  EXPECT_TRUE(call->Finish().ok());
  // No transaction had more reports than the stream may have unanswered.
  EXPECT_LE(gate_->largest_batch(), 5u);
}

// While Intake is full, a stream waits until its own reports have left it.
TEST_F(ReportStreamTest, AFullIntakeHoldsStreamsBack) {
  StopServing();
  intake_options_.max_waiting = 2;
  Serve({});
  std::vector<v1::StreamReportsRequest> requests;
  for (int tag = 0; tag < 500; ++tag) {
    requests.push_back(Result(tag, "ci/build", tag + 1));
  }
  int64_t last = 0;
  for (const auto& [tag, answer] : Send(requests)) {
    EXPECT_EQ(answer.code(), 0) << tag << ": " << answer.message();
    ASSERT_EQ(answer.receipts_size(), 1);
    EXPECT_GT(answer.receipts(0).sequence(), last);
    last = answer.receipts(0).sequence();
  }
}

TEST_F(ReportStreamTest, WhatWasSubmittedStaysThoughItsClientIsGone) {
  gate_->Shut();
  {
    grpc::ClientContext context;
    const auto call = stub_->StreamReports(&context);
    ASSERT_TRUE(call->Write(Result(1, "ci/build")));
    gate_->AwaitReports();
    for (int tag = 2; tag < 100; ++tag) {
      ASSERT_TRUE(call->Write(Result(tag, absl::StrCat("ci/", tag))));
    }
    context.TryCancel();
    EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // The stream ends before the report is committed.
  stub_.reset();
  server_->Shutdown();
  gate_->Open();
  intake_->Close();
  intake_worker_->Wake();
  intake_worker_->Stop();
  intake_->RunOnce();
  EXPECT_TRUE(Stored("ci/build").ok());
}

TEST_F(ReportStreamTest, ManyStreamsAreCutOffAnywhere) {
  std::mt19937 random(Seed());
  std::vector<std::thread> clients;
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back([this, i, cut = random() % 200, reads = random() % 3] {
      grpc::ClientContext context;
      const auto call = stub_->StreamReports(&context);
      v1::StreamReportsResponse answer;
      for (unsigned tag = 0; tag < cut; ++tag) {
        if (!call->Write(Result(tag, absl::StrCat("ci/", i), tag + 1))) break;
        if (tag % 3 < reads && !call->Read(&answer)) break;
      }
      context.TryCancel();
      call->Finish();
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(Send({Result(1, "ci/build")}).at(1).code(), 0);
}

TEST_F(ReportStreamTest, AStoppingServerAnswersWhatItHas) {
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  std::atomic<int> answered = 0;
  std::thread writer([&] {
    // Until the server ends the stream.
    for (int tag = 0; call->Write(Result(tag, absl::StrCat("ci/", tag)));
         ++tag) {
    }
  });
  std::thread stopper([&] {
    v1::StreamReportsResponse unused;
    while (answered < 100) std::this_thread::yield();
    intake_->Close();
    service_->CloseStreams();
  });
  v1::StreamReportsResponse answer;
  Answers answers;
  while (call->Read(&answer)) {
    answers.emplace(answer.tag(), answer);
    ++answered;
  }
  writer.join();
  stopper.join();
  EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Trailer(context, "signalbox-reason"), "SHUTTING_DOWN");
  // Each request that was read has its answer, without a gap, and OK is true.
  int64_t expected_tag = 0;
  for (const auto& [tag, got] : answers) {
    EXPECT_EQ(tag, expected_tag++);
    EXPECT_EQ(got.code() == 0, Stored(absl::StrCat("ci/", tag)).ok());
    if (got.code() != 0) {
      EXPECT_EQ(got.code(), grpc::StatusCode::UNAVAILABLE);
    }
  }

  grpc::ClientContext late;
  const auto refused = stub_->StreamReports(&late);
  EXPECT_TRUE(ReadAll(refused.get()).empty());
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ReportStreamTest, IdleStreamsEndWhenTheServerStops) {
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  ASSERT_TRUE(call->Write(Result(1, "ci/build")));
  v1::StreamReportsResponse answer;
  ASSERT_TRUE(call->Read(&answer));
  service_->CloseStreams();
  EXPECT_FALSE(call->Read(&answer));
  EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ReportStreamTest, ALongStreamKeepsOrderAndNeedsLittleMemory) {
  constexpr int kReports = 100'000;
  constexpr int kContexts = 20;
  grpc::ClientContext context;
  const auto call = stub_->StreamReports(&context);
  [[maybe_unused]] const int64_t begin_kib = ResidentKiB();
  int64_t most_kib = 0;
  std::thread writer([&] {
    for (int tag = 0; tag < kReports; ++tag) {
      if (!call->Write(Result(tag, absl::StrCat("ci/", tag % kContexts),
                              tag / kContexts + 1))) {
        break;
      }
    }
    call->WritesDone();
  });
  v1::StreamReportsResponse answer;
  int64_t last = 0;
  int64_t tag = 0;
  while (call->Read(&answer)) {
    if (answer.tag() != tag || answer.code() != 0 ||
        answer.receipts(0).sequence() <= last) {
      ADD_FAILURE() << answer.ShortDebugString() << " after " << last;
      context.TryCancel();
      break;
    }
    last = answer.receipts(0).sequence();
    if (++tag % 1000 == 0) most_kib = std::max(most_kib, ResidentKiB());
  }
  writer.join();
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_EQ(tag, kReports);
#ifndef __SANITIZE_ADDRESS__  // It keeps freed memory.
  EXPECT_LT(most_kib - begin_kib, 64 << 10);
#endif
  for (int i = 0; i < kContexts; ++i) {
    EXPECT_EQ(Stored(absl::StrCat("ci/", i))->status.attempt,
              kReports / kContexts);
  }
}

// What a store holds of some keys, without times.
std::vector<std::string> Rows(Outbox* outbox, int contexts) {
  std::vector<std::string> rows;
  for (int i = 0; i < contexts; ++i) {
    const auto history = outbox->GetHistory(StatusKey::Of(
        *ParseRepository("acme/app"), *ParseSha(kSha), absl::StrCat("ci/", i)));
    if (!history.ok()) continue;
    const StatusView& status = history->status;
    rows.push_back(absl::StrCat(
        status.context, " ", static_cast<int>(status.phase), " ",
        static_cast<int>(status.state), " ", status.attempt, " ",
        status.sequence, " ", status.description, " ", status.target_url));
    for (const RecordedReport& report : history->reports) {
      rows.push_back(absl::StrCat(
          "  ", report.sequence, " ", static_cast<int>(report.state), " ",
          static_cast<int>(report.disposition), " ", report.attempt, " ",
          report.series, " ", report.description, " ", report.target_url));
    }
  }
  return rows;
}

TEST_F(ReportStreamTest, ChangesTheSameRowsAsUnaryCalls) {
  constexpr int kContexts = 8;
  std::mt19937 random(Seed());
  std::vector<v1::StreamReportsRequest> requests;
  for (int tag = 0; tag < 1500; ++tag) {
    const std::string context = absl::StrCat("ci/", random() % kContexts);
    const int64_t attempt = static_cast<int64_t>(random() % 6) - 1;
    v1::StreamReportsRequest request =
        random() % 3 == 0
            ? Pending(tag, {context, absl::StrCat("ci/", random() % kContexts)})
            : Result(tag, context, attempt,
                     static_cast<v1::Result>(random() % 9));
    if (request.has_pending()) request.mutable_pending()->set_attempt(attempt);
    if (random() % 3 == 0) {
      (request.has_pending() ? request.mutable_pending()->mutable_series()
                             : request.mutable_result()->mutable_series())
          ->assign("nightly");
    }
    if (request.has_result() && random() % 2 == 0) {
      request.mutable_result()->set_description(absl::StrCat(random() % 3));
      request.mutable_result()->set_target_url(
          random() % 2 == 0 ? "https://ci.example/1" : "ftp://ci.example/1");
    }
    if (random() % 20 == 0) request.mutable_result()->set_sha("main");
    requests.push_back(std::move(request));
  }
  const Answers streamed = Send(requests);
  const std::vector<std::string> streamed_rows = Rows(outbox_.get(), kContexts);
  StopServing();
  TempDir other;
  data_dir_ = other.path() + "/data";
  Serve({});
  for (const v1::StreamReportsRequest& request : requests) {
    grpc::ClientContext context;
    v1::StreamReportsResponse unary;
    unary.set_tag(request.tag());
    grpc::Status status;
    if (request.has_pending()) {
      v1::ReportPendingResponse response;
      status = stub_->ReportPending(&context, request.pending(), &response);
      *unary.mutable_receipts() = response.receipts();
    } else {
      v1::ReportResultResponse response;
      status = stub_->ReportResult(&context, request.result(), &response);
      if (status.ok()) *unary.add_receipts() = response.receipt();
    }
    unary.set_code(status.error_code());
    unary.set_message(status.error_message());
    unary.set_reason(Trailer(context, "signalbox-reason"));
    EXPECT_EQ(WithoutTimes(streamed.at(request.tag())), WithoutTimes(unary));
  }
  EXPECT_EQ(streamed_rows, Rows(outbox_.get(), kContexts));
  EXPECT_GT(streamed_rows.size(), 100u);
  StopServing();
  data_dir_ = dir_.path() + "/data";
  Serve({});
}

}  // namespace
}  // namespace signalbox
