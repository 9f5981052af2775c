#include "common/rpc/shared_stream.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"

namespace signalbox {
namespace {

using Answer = std::optional<v1::StreamReportsResponse>;
using Clock = std::chrono::steady_clock;

// A server whose streams do what the test says.
class ScriptedServer final : public v1::StatusService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::StreamReportsResponse,
                                          v1::StreamReportsRequest>;
  // Runs each stream. `number` counts them from 1.
  using Script = std::function<grpc::Status(int number, Stream& stream)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~ScriptedServer() override { Stop(); }

  // Ends all connections at once.
  void Stop() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  std::unique_ptr<v1::StatusService::Stub> Connect() const {
    return v1::StatusService::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", port_), grpc::InsecureChannelCredentials()));
  }

  int opened() const { return opened_; }
  std::string authorization() {
    MutexLock lock(&mu_);
    return authorization_;
  }

  grpc::Status StreamReports(grpc::ServerContext* context,
                             Stream* stream) override {
    const auto& metadata = context->client_metadata();
    const auto found = metadata.find("authorization");
    if (found != metadata.end()) {
      MutexLock lock(&mu_);
      authorization_.assign(found->second.data(), found->second.size());
    }
    return script_(++opened_, *stream);
  }

 private:
  const Script script_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::atomic<int> opened_ = 0;
  Mutex mu_;
  std::string authorization_ ABSL_GUARDED_BY(mu_);
};

// An answer from which a test sees to which report it belongs.
void Reply(const v1::StreamReportsRequest& request,
           ScriptedServer::Stream& stream) {
  v1::StreamReportsResponse answer;
  answer.set_tag(request.tag());
  answer.add_receipts()->set_context(request.result().context());
  stream.Write(answer);
}

// Answers everything.
grpc::Status ReplyToAll(int, ScriptedServer::Stream& stream) {
  v1::StreamReportsRequest request;
  while (stream.Read(&request)) Reply(request, stream);
  return grpc::Status::OK;
}

std::shared_ptr<v1::StreamReportsRequest> Report(const std::string& context) {
  auto report = std::make_shared<v1::StreamReportsRequest>();
  report->mutable_result()->set_context(context);
  return report;
}

Answer Send(SharedStream& reports, const std::string& context,
            std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
  Answer answer = reports.Send(Report(context), Clock::now() + timeout);
  if (answer.has_value() && answer->code() == 0) {
    EXPECT_EQ(answer->receipts(0).context(), context);
  }
  return answer;
}

// Sends so many reports from a thread each.
std::vector<Answer> SendMany(
    SharedStream& reports, int count,
    std::chrono::milliseconds timeout = std::chrono::minutes(1),
    const std::string& prefix = "") {
  std::vector<std::future<Answer>> futures;
  for (int i = 0; i < count; ++i) {
    futures.push_back(std::async(std::launch::async, [&, i] {
      return Send(reports, absl::StrCat(prefix, i), timeout);
    }));
  }
  std::vector<Answer> answers;
  for (std::future<Answer>& future : futures) answers.push_back(future.get());
  return answers;
}

bool IsOk(const Answer& answer) {
  return answer.has_value() && answer->code() == 0;
}
bool IsLate(const Answer& answer) {
  return answer.has_value() &&
         answer->code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}
bool IsNothing(const Answer& answer) { return !answer.has_value(); }

TEST(SharedStreamTest, OneStreamCarriesTheReportsOfManyThreads) {
  ScriptedServer server(ReplyToAll);
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret("Bearer token"));
  for (int round = 0; round < 10; ++round) {
    EXPECT_TRUE(std::ranges::all_of(SendMany(reports, 20), IsOk));
  }
  EXPECT_EQ(server.opened(), 1);
  EXPECT_EQ(server.authorization(), "Bearer token");
}

TEST(SharedStreamTest, TheServerAnswersInAnyOrder) {
  constexpr int kCount = 16;
  ScriptedServer server([](int, ScriptedServer::Stream& stream) {
    std::vector<v1::StreamReportsRequest> requests(kCount);
    for (auto& request : requests) stream.Read(&request);
    std::ranges::reverse(requests);
    for (const auto& request : requests) Reply(request, stream);
    return grpc::Status::OK;
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  EXPECT_TRUE(std::ranges::all_of(SendMany(reports, kCount), IsOk));
  EXPECT_EQ(server.authorization(), "");
}

TEST(SharedStreamTest, AnErrorIsTheAnswerToItsReportAlone) {
  ScriptedServer server([](int, ScriptedServer::Stream& stream) {
    v1::StreamReportsRequest request;
    while (stream.Read(&request)) {
      if (request.result().context() != "bad") {
        Reply(request, stream);
        continue;
      }
      v1::StreamReportsResponse answer;
      answer.set_tag(request.tag());
      answer.set_code(grpc::StatusCode::PERMISSION_DENIED);
      answer.set_not_granted("context");
      stream.Write(answer);
    }
    return grpc::Status::OK;
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  EXPECT_TRUE(IsOk(Send(reports, "good")));
  const Answer bad = Send(reports, "bad");
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(bad->not_granted(), "context");
  EXPECT_TRUE(IsOk(Send(reports, "good")));
  EXPECT_EQ(server.opened(), 1);
}

// Whatever the stream ends with: the reports under way have no answer, and the
// next report has another stream.
TEST(SharedStreamTest, ACutStreamAnswersNothingAndHasASuccessor) {
  constexpr int kCount = 5;
  for (const auto code :
       {grpc::StatusCode::OK, grpc::StatusCode::UNAVAILABLE,
        grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::INTERNAL}) {
    ScriptedServer server([code](int number, ScriptedServer::Stream& stream) {
      if (number > 1) return ReplyToAll(number, stream);
      v1::StreamReportsRequest request;
      stream.Read(&request);
      Reply(request, stream);
      for (int i = 0; i < kCount; ++i) stream.Read(&request);
      return grpc::Status(code, "cut");
    });
    const auto stub = server.Connect();
    SharedStream reports(*stub, Secret());
    EXPECT_TRUE(IsOk(Send(reports, "first")));
    EXPECT_TRUE(std::ranges::all_of(SendMany(reports, kCount), IsNothing));
    EXPECT_TRUE(IsOk(Send(reports, "next")));
    EXPECT_EQ(server.opened(), 2);
  }
}

TEST(SharedStreamTest, AServerThatGoesAwayAnswersNothing) {
  std::promise<void> all_read;
  ScriptedServer server([&](int, ScriptedServer::Stream& stream) {
    v1::StreamReportsRequest request;
    for (int i = 0; i < 5; ++i) stream.Read(&request);
    all_read.set_value();
    stream.Read(&request);
    return grpc::Status::OK;
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  auto answers =
      std::async(std::launch::async, [&] { return SendMany(reports, 5); });
  all_read.get_future().wait();
  server.Stop();
  EXPECT_TRUE(std::ranges::all_of(answers.get(), IsNothing));
  EXPECT_TRUE(IsNothing(Send(reports, "nobody is there")));
}

// An older server, or one that does not know the token: the shim must not lose
// time with streams.
TEST(SharedStreamTest, ARefusedStreamIsNotOpenedForEachReport) {
  for (const auto code :
       {grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::UNAUTHENTICATED}) {
    ScriptedServer server([code](int, ScriptedServer::Stream&) {
      return grpc::Status(code, "no");
    });
    const auto stub = server.Connect();
    SharedStream reports(*stub, Secret("Bearer token"));
    const auto begin = Clock::now();
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(IsNothing(Send(reports, "x")));
    EXPECT_LE(server.opened(),
              1 + (Clock::now() - begin) / std::chrono::seconds(1));
  }
}

// With the last channel, gRPC ends its threads, which waits for them. A thread
// of gRPC's that did it would end the process.
TEST(SharedStreamTest, EndsBeforeItsChannel) {
  ScriptedServer server([&](int, ScriptedServer::Stream& stream) {
    return ReplyToAll(1, stream);
  });
  for (int i = 0; i < 200; ++i) {
    const auto stub = server.Connect();
    SharedStream reports(*stub, Secret());
    Send(reports, "report");
  }
}

TEST(SharedStreamTest, ALateAnswerIsDropped) {
  std::promise<void> first_is_late;
  ScriptedServer server([&](int, ScriptedServer::Stream& stream) {
    v1::StreamReportsRequest request;
    stream.Read(&request);
    first_is_late.get_future().wait();
    Reply(request, stream);
    return ReplyToAll(1, stream);
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  EXPECT_TRUE(IsLate(Send(reports, "first", std::chrono::milliseconds(100))));
  first_is_late.set_value();
  EXPECT_TRUE(IsOk(Send(reports, "second")));
  EXPECT_EQ(server.opened(), 1);
}

// Reports that no thread waits for any more are not sent, or they would pile
// up.
TEST(SharedStreamTest, AServerThatDoesNotReadHoldsUpNobodyForLong) {
  constexpr int kCount = 256;
  std::promise<void> all_are_late;
  std::atomic<int> read = 0;
  ScriptedServer server([&](int, ScriptedServer::Stream& stream) {
    all_are_late.get_future().wait();
    v1::StreamReportsRequest request;
    while (stream.Read(&request)) {
      ++read;
      Reply(request, stream);
    }
    return grpc::Status::OK;
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  const std::string large(SharedStream::kLargestReport - 100, 'x');
  EXPECT_TRUE(std::ranges::all_of(
      SendMany(reports, kCount, std::chrono::milliseconds(300), large),
      IsLate));
  all_are_late.set_value();
  EXPECT_TRUE(IsOk(Send(reports, "prompt")));
  EXPECT_LT(read, kCount) << "buffers hold them all";
}

TEST(SharedStreamTest, LargeReportsAreNotForStreams) {
  ScriptedServer server(ReplyToAll);
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  EXPECT_TRUE(
      IsNothing(Send(reports, std::string(SharedStream::kLargestReport, 'x'))));
  EXPECT_EQ(server.opened(), 0);
}

TEST(SharedStreamTest, EndsAnIdleStream) {
  std::promise<void> ended;
  ScriptedServer server([&](int, ScriptedServer::Stream& stream) {
    grpc::Status status = ReplyToAll(1, stream);
    ended.set_value();
    return status;
  });
  const auto stub = server.Connect();
  {
    SharedStream reports(*stub, Secret());
    EXPECT_TRUE(IsOk(Send(reports, "one")));
  }
  ended.get_future().wait();
}

// An answer is never made up: the server has read each report that has one.
TEST(SharedStreamTest, StreamsMayEndAtAnyMoment) {
  constexpr int kThreads = 8;
  constexpr int kReports = 200;
  Mutex mu;
  std::set<std::string> answered;
  ScriptedServer server([&](int number, ScriptedServer::Stream& stream) {
    v1::StreamReportsRequest request;
    for (int i = 0; i <= number % 16 && stream.Read(&request); ++i) {
      // This report is read, and never answered.
      if (i % 5 == 4) break;
      {
        MutexLock lock(&mu);
        answered.insert(request.result().context());
      }
      Reply(request, stream);
    }
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
  });
  const auto stub = server.Connect();
  SharedStream reports(*stub, Secret());
  std::atomic<int> with_answer = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kReports; ++i) {
        const std::string context = absl::StrCat(t, "/", i);
        const Answer answer = Send(reports, context);
        if (IsNothing(answer)) continue;
        EXPECT_TRUE(IsOk(answer)) << answer->DebugString();
        ++with_answer;
        MutexLock lock(&mu);
        EXPECT_EQ(answered.count(context), 1u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(with_answer, 0);
}

}  // namespace
}  // namespace signalbox
