#include "clients/cpp/report_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Writer = grpc::ServerReaderWriter<v1::StreamReportsResponse,
                                        v1::StreamReportsRequest>;

// What becomes of a stream after a report: nothing means that it goes on.
using Reaction = std::function<std::optional<grpc::Status>(
    const v1::StreamReportsRequest& report, Writer* stream)>;

// `pending 1`: the kind, and the sha without its first zeros.
std::string NameOf(const v1::StreamReportsRequest& report) {
  const bool is_pending = report.has_pending();
  const std::string sha =
      is_pending ? report.pending().sha() : report.result().sha();
  return absl::StrCat(is_pending ? "pending " : "result ",
                      sha.substr(sha.find_first_not_of('0')));
}

v1::StreamReportsResponse Ok(const v1::StreamReportsRequest& report) {
  v1::StreamReportsResponse answer;
  answer.set_tag(report.tag());
  v1::Receipt* receipt = answer.add_receipts();
  receipt->set_disposition(v1::DISPOSITION_ACCEPTED);
  receipt->set_context(report.has_pending() ? "a pending" : "a result");
  return answer;
}

// A server that only has streams. The reaction to the reports of the first
// stream is the first one of `reactions`, and so on; the last one is that of
// all further streams.
class StreamServer : public v1::StatusService::Service {
 public:
  explicit StreamServer(std::vector<Reaction> reactions)
      : reactions_(std::move(reactions)) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~StreamServer() override {
    server_->Shutdown(std::chrono::system_clock::now());
  }

  const std::string& address() const { return address_; }

  std::vector<std::string> received() {
    std::lock_guard<std::mutex> lock(mu_);
    return received_;
  }
  std::vector<std::string> tokens() {
    std::lock_guard<std::mutex> lock(mu_);
    return tokens_;
  }

  grpc::Status StreamReports(grpc::ServerContext* context,
                             Writer* stream) override {
    Reaction react;
    {
      std::lock_guard<std::mutex> lock(mu_);
      react = reactions_.front();
      if (reactions_.size() > 1) reactions_.erase(reactions_.begin());
      const auto token = context->client_metadata().find("authorization");
      if (token != context->client_metadata().end()) {
        tokens_.emplace_back(token->second.data(), token->second.size());
      }
    }
    v1::StreamReportsRequest report;
    while (stream->Read(&report)) {
      {
        std::lock_guard<std::mutex> lock(mu_);
        received_.push_back(NameOf(report));
      }
      if (auto end = react(report, stream)) return *end;
    }
    return grpc::Status::OK;
  }

 private:
  std::mutex mu_;
  std::vector<Reaction> reactions_;
  std::vector<std::string> received_;
  std::vector<std::string> tokens_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

std::optional<grpc::Status> Accept(const v1::StreamReportsRequest& report,
                                   Writer* stream) {
  stream->Write(Ok(report));
  return std::nullopt;
}

// Accepts so many reports, and ends the stream at the next one.
Reaction AcceptThenEnd(int count, grpc::Status end) {
  const auto left = std::make_shared<std::atomic<int>>(count);
  return [left, end](const v1::StreamReportsRequest& report,
                     Writer* stream) -> std::optional<grpc::Status> {
    if ((*left)-- <= 0) return end;
    return Accept(report, stream);
  };
}

grpc::Status Away() { return {grpc::StatusCode::UNAVAILABLE, "away"}; }

std::string Sha(int number) {
  const std::string digits = absl::StrCat(number);
  return std::string(40 - digits.size(), '0') + digits;
}

v1::ReportPendingRequest Pending(int commit) {
  v1::ReportPendingRequest request;
  request.set_repository("acme/widgets");
  request.set_sha(Sha(commit));
  return request;
}

v1::ReportResultRequest Result(int commit) {
  v1::ReportResultRequest request;
  request.set_repository("acme/widgets");
  request.set_sha(Sha(commit));
  request.set_result(v1::RESULT_SUCCESS);
  return request;
}

// Time passes only while the client pauses.
ClientOptions InVirtualTime() {
  const auto now = std::make_shared<std::atomic<int64_t>>(0);
  ClientOptions options;
  options.now = [now] { return absl::FromUnixMillis(*now); };
  options.random = [] { return 0.0; };
  options.pause = [now](absl::Duration duration) {
    *now += absl::ToInt64Milliseconds(duration);
    return true;
  };
  return options;
}

TEST(ClientReportStreamTest, EachReportGetsItsAnswer) {
  StreamServer server({Accept});
  ReportStream reports(*Client::Connect(server.address(), {}));
  std::vector<std::future<ReportStream::Answer>> answers;
  for (int commit = 1; commit <= 200; ++commit) {
    answers.push_back(reports.ReportPending(Pending(commit)));
    answers.push_back(reports.ReportResult(Result(commit)));
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    const ReportStream::Answer answer = answers[i].get();
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_THAT(*answer, SizeIs(1));
    EXPECT_EQ(answer->front().context(), i % 2 == 0 ? "a pending" : "a result");
  }
  EXPECT_THAT(server.received(), SizeIs(400));
}

TEST(ClientReportStreamTest, ReportsOfACommitKeepTheirOrder) {
  const auto held = std::make_shared<v1::StreamReportsRequest>();
  StreamServer server({[held](const v1::StreamReportsRequest& report,
                              Writer* stream) -> std::optional<grpc::Status> {
    // The pending of the first commit is answered after that of the second.
    if (NameOf(report) == "pending 1") {
      *held = report;
      return std::nullopt;
    }
    if (NameOf(report) == "pending 2") stream->Write(Ok(*held));
    return Accept(report, stream);
  }});
  ReportStream reports(*Client::Connect(server.address(), {}));
  auto first = reports.ReportPending(Pending(1));
  v1::ReportResultRequest same = Result(1);
  same.set_repository("Acme/WIDGETS");
  auto second = reports.ReportResult(same);
  auto third = reports.ReportPending(Pending(2));
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_TRUE(third.get().ok());
  EXPECT_THAT(server.received(),
              ElementsAre("pending 1", "pending 2", "result 1"));
}

TEST(ClientReportStreamTest, AStreamThatEndsLosesNoReport) {
  StreamServer server(
      {AcceptThenEnd(3, Away()), AcceptThenEnd(2, grpc::Status::OK), Accept});
  ReportStream reports(*Client::Connect(server.address(), InVirtualTime()));
  std::vector<std::future<ReportStream::Answer>> answers;
  for (int commit = 1; commit <= 20; ++commit) {
    answers.push_back(reports.ReportPending(Pending(commit)));
    answers.push_back(reports.ReportResult(Result(commit)));
  }
  for (auto& answer : answers) {
    const ReportStream::Answer got = answer.get();
    EXPECT_TRUE(got.ok()) << got.status();
  }
  // Whatever was sent again: the result of each commit came last.
  std::map<std::string, std::string> last;
  for (const std::string& name : server.received()) {
    last[name.substr(name.find(' '))] = name;
  }
  EXPECT_THAT(last, SizeIs(20));
  for (const auto& [commit, name] : last) {
    EXPECT_EQ(name, absl::StrCat("result", commit));
  }
}

TEST(ClientReportStreamTest, SendsAReportAgainWhenTheServerAsksForIt) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  StreamServer server({[asked](const v1::StreamReportsRequest& report,
                               Writer* stream) -> std::optional<grpc::Status> {
    if ((*asked)++ > 0) return Accept(report, stream);
    v1::StreamReportsResponse full;
    full.set_tag(report.tag());
    full.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
    full.mutable_retry_after()->set_nanos(5'000'000);
    stream->Write(full);
    return std::nullopt;
  }});
  ReportStream reports(*Client::Connect(server.address(), {}));
  auto pending = reports.ReportPending(Pending(1));
  auto result = reports.ReportResult(Result(1));
  EXPECT_TRUE(pending.get().ok());
  EXPECT_TRUE(result.get().ok());
  EXPECT_THAT(server.received(),
              ElementsAre("pending 1", "pending 1", "result 1"));
}

// The answers to other reports do not give it more time.
TEST(ClientReportStreamTest, AReportThatIsRefusedForTooLongEnds) {
  StreamServer server({[](const v1::StreamReportsRequest& report,
                          Writer* stream) -> std::optional<grpc::Status> {
    if (NameOf(report) != "result 1") return Accept(report, stream);
    v1::StreamReportsResponse busy;
    busy.set_tag(report.tag());
    busy.set_code(grpc::StatusCode::UNAVAILABLE);
    busy.mutable_retry_after()->set_nanos(1'000'000);
    stream->Write(busy);
    return std::nullopt;
  }});
  ClientOptions options = InVirtualTime();
  // Each look at the clock takes a second.
  const auto now = std::make_shared<std::atomic<int>>(0);
  options.now = [now] { return absl::FromUnixSeconds((*now)++); };
  options.request_id = "id-of-the-farm";
  ReportStream reports(*Client::Connect(server.address(), options));
  auto refused = reports.ReportResult(Result(1));
  while (refused.wait_for(std::chrono::seconds(0)) !=
         std::future_status::ready) {
    EXPECT_TRUE(reports.ReportResult(Result(2)).get().ok());
  }
  const absl::Status error = refused.get().status();
  EXPECT_TRUE(absl::IsUnavailable(error)) << error;
  EXPECT_EQ(Client::RequestIdOf(error), "id-of-the-farm");
}

TEST(ClientReportStreamTest, AFinalErrorEndsItsReportAlone) {
  StreamServer server({[](const v1::StreamReportsRequest& report,
                          Writer* stream) -> std::optional<grpc::Status> {
    if (report.has_result()) return Accept(report, stream);
    v1::StreamReportsResponse bad;
    bad.set_tag(report.tag());
    bad.set_code(grpc::StatusCode::INVALID_ARGUMENT);
    bad.set_reason("INVALID_SHA");
    bad.set_message("sha: no");
    stream->Write(bad);
    return std::nullopt;
  }});
  ReportStream reports(*Client::Connect(server.address(), {}));
  auto pending = reports.ReportPending(Pending(1));
  auto result = reports.ReportResult(Result(1));
  const absl::Status error = pending.get().status();
  EXPECT_TRUE(absl::IsInvalidArgument(error)) << error;
  EXPECT_EQ(error.message(), "sha: no");
  EXPECT_EQ(Client::ReasonOf(error), "INVALID_SHA");
  EXPECT_TRUE(result.get().ok());
}

TEST(ClientReportStreamTest, AfterTheTimeForRepeatsAllEndWithTheLastError) {
  StreamServer server({AcceptThenEnd(0, Away())});
  ClientOptions options = InVirtualTime();
  options.retry_for = absl::Seconds(1);
  ReportStream reports(*Client::Connect(server.address(), options));
  auto pending = reports.ReportPending(Pending(1));
  auto result = reports.ReportResult(Result(1));
  EXPECT_TRUE(absl::IsUnavailable(pending.get().status()));
  EXPECT_TRUE(absl::IsUnavailable(result.get().status()));
  // At 0, 0.1, 0.3, 0.7 and 1 s.
  EXPECT_THAT(server.received(), SizeIs(5));
}

TEST(ClientReportStreamTest, AReportAfterAFailureIsTriedAnew) {
  StreamServer server({AcceptThenEnd(0, Away()), Accept});
  ClientOptions options = InVirtualTime();
  options.retry_for = absl::ZeroDuration();
  ReportStream reports(*Client::Connect(server.address(), options));
  EXPECT_TRUE(
      absl::IsUnavailable(reports.ReportPending(Pending(1)).get().status()));
  EXPECT_TRUE(reports.ReportPending(Pending(1)).get().ok());
}

TEST(ClientReportStreamTest, AFinalErrorOfTheStreamIsNotRepeated) {
  StreamServer server(
      {AcceptThenEnd(0, {grpc::StatusCode::UNAUTHENTICATED, "who?"})});
  ClientOptions options = InVirtualTime();
  options.token = "token";
  ReportStream reports(*Client::Connect(server.address(), options));
  EXPECT_TRUE(absl::IsUnauthenticated(
      reports.ReportPending(Pending(1)).get().status()));
  EXPECT_THAT(server.tokens(), ElementsAre("Bearer token"));
}

TEST(ClientReportStreamTest, AServerThatFallsSilentIsAskedAgain) {
  StreamServer server(
      {[](const v1::StreamReportsRequest&, Writer*) { return std::nullopt; },
       Accept});
  ClientOptions options = InVirtualTime();
  options.try_timeout = absl::Milliseconds(20);
  ReportStream reports(*Client::Connect(server.address(), options));
  EXPECT_TRUE(reports.ReportPending(Pending(1)).get().ok());
}

TEST(ClientReportStreamTest, WaitsWhileTooManyReportsAreUnderWay) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  StreamServer server(
      {[released](const v1::StreamReportsRequest& report, Writer* stream) {
        released.wait();
        return Accept(report, stream);
      }});
  ReportStream reports(*Client::Connect(server.address(), {}), 1);
  auto first = reports.ReportPending(Pending(1));
  std::promise<void> begun;
  bool was_answered = false;
  std::thread adder([&] {
    begun.set_value();
    auto second = reports.ReportPending(Pending(2));
    was_answered =
        first.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    EXPECT_TRUE(second.get().ok());
  });
  begun.get_future().wait();
  release.set_value();
  adder.join();
  EXPECT_TRUE(was_answered);
}

TEST(ClientReportStreamTest, WhatWouldEndTheStreamIsNotSent) {
  StreamServer server({Accept});
  ReportStream reports(*Client::Connect(server.address(), {}));
  v1::ReportResultRequest large = Result(1);
  large.set_description(std::string(ReportStream::kLargestReport, 'x'));
  EXPECT_TRUE(
      absl::IsResourceExhausted(reports.ReportResult(large).get().status()));
  // With its tag it is too large by a few bytes.
  v1::StreamReportsRequest report;
  *report.mutable_result() = large;
  large.mutable_description()->resize(2 * ReportStream::kLargestReport -
                                      report.ByteSizeLong());
  EXPECT_TRUE(
      absl::IsResourceExhausted(reports.ReportResult(large).get().status()));
  v1::ReportPendingRequest bytes = Pending(1);
  bytes.add_contexts("\xff");
  EXPECT_TRUE(
      absl::IsInvalidArgument(reports.ReportPending(bytes).get().status()));
  EXPECT_THAT(server.received(), IsEmpty());
}

TEST(ClientReportStreamTest, CloseWaitsForTheAnswers) {
  StreamServer server({Accept});
  ReportStream reports(*Client::Connect(server.address(), {}));
  auto answer = reports.ReportPending(Pending(1));
  reports.Close();
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)),
            std::future_status::ready);
  EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(absl::IsInvalidArgument(
      reports.ReportPending(Pending(1)).get().status()));
}

}  // namespace
}  // namespace signalbox
