#include "clients/cpp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/clients/fake_server.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

v1::ReportResultRequest Result() {
  v1::ReportResultRequest request;
  request.set_repository("acme/widgets");
  request.set_sha(kSha);
  request.set_context("ci/build");
  request.set_attempt(42);
  request.set_result(v1::RESULT_FAILURE);
  request.set_description("3 problems");
  return request;
}

FakeAnswer Unavailable() { return {grpc::StatusCode::UNAVAILABLE, "away"}; }

FakeAnswer DiskFull() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "disk", "DISK_FULL", "2500"};
}

// A real server; time passes only while the client pauses.
class ClientTest : public testing::Test {
 protected:
  Client Connect(ClientOptions options = {}) {
    options.now = [this] { return now_; };
    options.random = [this] { return random_; };
    options.pause = [this](absl::Duration duration) {
      pauses_.push_back(duration);
      now_ += duration;
      return !stop_;
    };
    return *Client::Connect(server_.address(), options);
  }

  FakeServer server_;
  absl::Time now_ = absl::UnixEpoch();
  double random_ = 0;
  bool stop_ = false;
  std::vector<absl::Duration> pauses_;
};

TEST_F(ClientTest, OneCallIsEnoughWhenTheServerAnswers) {
  const auto answer = Connect().ReportResult(Result());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->receipt().disposition(), v1::DISPOSITION_ACCEPTED);
  EXPECT_THAT(server_.calls(), SizeIs(1));
  EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(ClientTest, RepeatsTheSameReportUntilItIsAcknowledged) {
  server_.AnswerNext(Unavailable());
  server_.AnswerNext({grpc::StatusCode::DEADLINE_EXCEEDED, "slow"});
  server_.AnswerNext(DiskFull());
  ASSERT_TRUE(Connect().ReportResult(Result()).ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(4));
  for (const FakeCall& call : calls) {
    EXPECT_EQ(call.result().SerializeAsString(), Result().SerializeAsString());
  }
}

TEST_F(ClientTest, ACallKeepsItsRequestIdWhenItIsRepeated) {
  const Client client = Connect();
  server_.AnswerNext(Unavailable());
  server_.AnswerNext({grpc::StatusCode::INVALID_ARGUMENT, "bad"});
  const auto refused = client.ReportResult(Result());
  EXPECT_TRUE(client.ReportResult(Result()).ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_NE(calls[0].request_id, "");
  EXPECT_EQ(calls[1].request_id, calls[0].request_id);
  EXPECT_NE(calls[2].request_id, calls[0].request_id);
  EXPECT_EQ(Client::RequestIdOf(refused.status()), calls[0].request_id);
  ClientOptions options;
  options.request_id = "id-of-the-farm";
  EXPECT_TRUE(Connect(options).ReportResult(Result()).ok());
  EXPECT_EQ(server_.calls().back().request_id, "id-of-the-farm");
}

TEST_F(ClientTest, AllMethodsRepeat) {
  const Client client = Connect();
  const std::vector<std::function<absl::Status()>> methods = {
      [&] { return client.ReportPending({}).status(); },
      [&] { return client.ReportResult({}).status(); },
      [&] { return client.GetCommitStatus({}).status(); },
      [&] { return client.ExplainStatus({}).status(); },
      [&] { return client.RetryPost({}).status(); },
      [&] { return client.DiagnoseRepository({}).status(); },
  };
  for (const auto& method : methods) {
    server_.AnswerNext(Unavailable());
    const absl::Status status = method();
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_THAT(server_.calls(), SizeIs(2 * methods.size()));
}

TEST_F(ClientTest, AsksWhetherTheServerServes) {
  const Client client = Connect();
  EXPECT_EQ(*client.IsServing(), true);
  server_.SetServing(false);
  EXPECT_EQ(*client.IsServing(), false);
  EXPECT_EQ(*client.WithPatience(absl::ZeroDuration(), nullptr).IsServing(),
            false);
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(ClientTest, AServerNeedNotSayWhetherItServes) {
  FakeServer silent("127.0.0.1:0", /*tells_health=*/false);
  ClientOptions options;
  options.retry_for = absl::ZeroDuration();
  const auto ask = [&](const std::string& address) {
    return Client::Connect(address, options)->IsServing().status();
  };
  EXPECT_TRUE(absl::IsUnimplemented(ask(silent.address())));
  EXPECT_TRUE(absl::IsUnavailable(ask("unix:/nobody/is/there.sock")));
  const Client of_a_stub(nullptr, options);
  EXPECT_TRUE(absl::IsUnimplemented(of_a_stub.IsServing().status()));
}

// The history is larger than gRPC takes by default.
TEST_F(ClientTest, TakesTheLargestHistoryThatAServerGives) {
  v1::ExplainStatusResponse history;
  for (int i = 0; i < 1000; ++i) {
    v1::ReportRecord* report = history.add_reports();
    report->set_description(std::string(4096, 'd'));
    report->set_target_url(std::string(2048, 'u'));
    report->set_delivery_id(std::string(255, 'i'));
    report->set_caller(std::string(255, 'c'));
    v1::TryRecord* attempted = history.add_tries();
    attempted->set_message(std::string(256, 'm'));
    attempted->set_request_id(std::string(128, 'r'));
  }
  server_.SetHistory(history);
  const auto answer = Connect().ExplainStatus({});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->reports_size(), 1000);
}

TEST_F(ClientTest, ReadsAllPagesOfACommit) {
  std::vector<v1::GetCommitStatusResponse> pages(3);
  for (int i = 0; i < 3; ++i) {
    pages[i].add_statuses()->set_context(absl::StrCat("ci/", i, "a"));
    pages[i].add_statuses()->set_context(absl::StrCat("ci/", i, "b"));
    pages[i].set_repository("acme/widgets");
  }
  pages[2].set_state(v1::COMMIT_STATE_FAILURE);
  server_.SetCommitPages(pages);
  server_.AnswerNext({});
  server_.AnswerNext(Unavailable());
  const auto answer = Connect().GetCommitStatus({});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<std::string> contexts;
  for (const v1::CommitStatus& status : answer->statuses()) {
    contexts.push_back(status.context());
  }
  EXPECT_THAT(contexts, ElementsAre("ci/0a", "ci/0b", "ci/1a", "ci/1b", "ci/2a",
                                    "ci/2b"));
  EXPECT_EQ(answer->state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(answer->repository(), "acme/widgets");
  EXPECT_EQ(answer->next_page_token(), "");
  EXPECT_THAT(server_.calls(), SizeIs(4));

  v1::GetCommitStatusRequest one;
  one.set_page_size(2);
  EXPECT_EQ(Connect().GetCommitStatus(one)->next_page_token(), "1");
  one.set_page_size(0);
  one.set_page_token("1");
  EXPECT_EQ(Connect().GetCommitStatus(one)->statuses(0).context(), "ci/1a");
}

// The first page has the newest.
TEST_F(ClientTest, ReadsAllPagesOfAHistory) {
  std::vector<v1::ExplainStatusResponse> pages(3);
  for (int i = 0; i < 3; ++i) {
    pages[i].add_reports()->set_sequence(100 - 10 * i);
    pages[i].add_reports()->set_sequence(101 - 10 * i);
    pages[i].add_tries()->set_sequence(100 - 10 * i);
    pages[i].set_next_step(absl::StrCat("step ", i));
  }
  server_.SetHistoryPages(pages);
  const auto answer = Connect().ExplainStatus({});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<int64_t> reports;
  for (const auto& report : answer->reports()) {
    reports.push_back(report.sequence());
  }
  std::vector<int64_t> tries;
  for (const auto& record : answer->tries()) tries.push_back(record.sequence());
  EXPECT_THAT(reports, ElementsAre(80, 81, 90, 91, 100, 101));
  EXPECT_THAT(tries, ElementsAre(80, 90, 100));
  EXPECT_EQ(answer->next_step(), "step 0");
  EXPECT_EQ(answer->next_page_token(), "");
}

TEST_F(ClientTest, APageThatCannotBeReadIsAnError) {
  server_.SetCommitPages(std::vector<v1::GetCommitStatusResponse>(2));
  server_.AnswerNext({});
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED, "no"});
  EXPECT_EQ(Connect().GetCommitStatus({}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// Of all codes, the client by itself repeats after two only.
TEST_F(ClientTest, FinalErrorsAreNotRepeated) {
  for (int code = 1; code <= 16; ++code) {
    const auto grpc_code = static_cast<grpc::StatusCode>(code);
    const bool repeats = grpc_code == grpc::StatusCode::UNAVAILABLE ||
                         grpc_code == grpc::StatusCode::DEADLINE_EXCEEDED;
    const size_t before = server_.calls().size();
    server_.AnswerNext({grpc_code, "because", "THE_REASON"});
    const auto answer = Connect().ReportResult(Result());
    EXPECT_EQ(server_.calls().size() - before, repeats ? 2u : 1u) << code;
    EXPECT_EQ(answer.ok(), repeats) << code;
    if (repeats) continue;
    EXPECT_EQ(static_cast<int>(answer.status().code()), code);
    EXPECT_EQ(answer.status().message(), "because");
    EXPECT_EQ(Client::ReasonOf(answer.status()), "THE_REASON");
  }
}

TEST_F(ClientTest, AnErrorWithoutAReasonHasNone) {
  server_.AnswerAll({grpc::StatusCode::INTERNAL, "bug"});
  EXPECT_EQ(Client::ReasonOf(Connect().ReportResult(Result()).status()), "");
  EXPECT_EQ(Client::ReasonOf(absl::OkStatus()), "");
}

TEST_F(ClientTest, PausesDoubleUpToFiveSeconds) {
  server_.AnswerAll(Unavailable());
  ClientOptions options;
  options.retry_for = absl::Seconds(20);
  EXPECT_EQ(Connect(options).ReportResult(Result()).status().code(),
            absl::StatusCode::kUnavailable);
  const auto ms = [](int count) { return absl::Milliseconds(count); };
  // The last pause is what is left of the patience: 20 s in all.
  EXPECT_THAT(pauses_, ElementsAre(ms(100), ms(200), ms(400), ms(800), ms(1600),
                                   ms(3200), ms(5000), ms(5000), ms(3700)));
  EXPECT_THAT(server_.calls(), SizeIs(10));
}

// Otherwise all clients of a server that was away would come back at once.
TEST_F(ClientTest, RandomnessShortensPausesByUpToHalf) {
  random_ = 0.999;
  server_.AnswerNext(Unavailable());
  ASSERT_TRUE(Connect().ReportResult(Result()).ok());
  ASSERT_THAT(pauses_, SizeIs(1));
  EXPECT_GE(pauses_[0], absl::Milliseconds(50));
  EXPECT_LE(pauses_[0], absl::Milliseconds(51));
}

TEST_F(ClientTest, NoPatienceIsASingleTry) {
  server_.AnswerAll(Unavailable());
  ClientOptions options;
  options.retry_for = absl::ZeroDuration();
  EXPECT_FALSE(Connect(options).ReportResult(Result()).ok());
  EXPECT_THAT(server_.calls(), SizeIs(1));
}

TEST_F(ClientTest, APauseThatIsCutShortEndsTheCallWithItsError) {
  stop_ = true;
  server_.AnswerAll(Unavailable());
  EXPECT_EQ(Connect().ReportResult(Result()).status().message(), "away");
  EXPECT_THAT(server_.calls(), SizeIs(1));
}

TEST_F(ClientTest, WaitsAsLongAsTheServerAsks) {
  FakeAnswer answer = Unavailable();
  answer.pushback = "1234";
  server_.AnswerNext(answer);
  answer.pushback = "0";
  server_.AnswerNext(answer);
  ASSERT_TRUE(Connect().ReportResult(Result()).ok());
  EXPECT_THAT(pauses_,
              ElementsAre(absl::Milliseconds(1234), absl::ZeroDuration()));
}

TEST_F(ClientTest, DoesNotCallEarlierThanTheServerAsks) {
  FakeAnswer answer = Unavailable();
  answer.pushback = "60001";
  server_.AnswerAll(answer);
  EXPECT_FALSE(Connect().ReportResult(Result()).ok());
  EXPECT_THAT(server_.calls(), SizeIs(1));
  EXPECT_THAT(pauses_, IsEmpty());
}

// gRPC's own rule for this header.
TEST_F(ClientTest, APushbackThatIsNoNumberForbidsARepeat) {
  for (const char* pushback : {"-1", "soon", "99999999999999999999"}) {
    const size_t before = server_.calls().size();
    FakeAnswer answer = Unavailable();
    answer.pushback = pushback;
    server_.AnswerAll(answer);
    EXPECT_FALSE(Connect().ReportResult(Result()).ok());
    EXPECT_EQ(server_.calls().size() - before, 1u) << pushback;
  }
}

// A result must not be lost because the disk was full for a while.
TEST_F(ClientTest, AFullDiskIsRepeatedUntilPatienceEnds) {
  server_.AnswerAll(DiskFull());
  ClientOptions options;
  options.retry_for = absl::Seconds(61);
  const absl::Status status = Connect(options).ReportResult(Result()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Client::ReasonOf(status), "DISK_FULL");
  // 24 pauses of 2.5 s are 60 s; another would not fit.
  EXPECT_THAT(server_.calls(), SizeIs(25));
  EXPECT_THAT(pauses_, testing::Each(absl::Milliseconds(2500)));
}

TEST_F(ClientTest, AFullDiskThatIsEmptiedInTimeLosesNothing) {
  for (int i = 0; i < 20; ++i) server_.AnswerNext(DiskFull());
  EXPECT_TRUE(Connect().ReportResult(Result()).ok());
  EXPECT_THAT(server_.calls(), SizeIs(21));
}

// A request that is too large stays so, and a used-up quota does, too.
TEST_F(ClientTest, ExhaustionWithoutAPushbackIsFinal) {
  server_.AnswerAll({grpc::StatusCode::RESOURCE_EXHAUSTED, "too large"});
  ClientOptions options;
  options.retry_for = absl::InfiniteDuration();
  EXPECT_EQ(Connect(options).ReportResult(Result()).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(server_.calls(), SizeIs(1));
}

TEST_F(ClientTest, SaysWhetherAReportMayHaveBeenAccepted) {
  ClientOptions options;
  options.retry_for = absl::ZeroDuration();
  const Client client = Connect(options);
  const auto after = [&](FakeAnswer answer) {
    server_.AnswerNext(std::move(answer));
    return Client::MayHaveBeenAccepted(client.ReportResult(Result()).status());
  };
  EXPECT_TRUE(after(Unavailable()));
  EXPECT_TRUE(after({grpc::StatusCode::DEADLINE_EXCEEDED, "slow"}));
  EXPECT_TRUE(after({grpc::StatusCode::INTERNAL, "bug"}));
  EXPECT_TRUE(after({grpc::StatusCode::CANCELLED, "by a proxy"}));
  EXPECT_TRUE(after({grpc::StatusCode::UNKNOWN, "a proxy's page"}));
  EXPECT_TRUE(after(DiskFull()));
  EXPECT_FALSE(after({grpc::StatusCode::RESOURCE_EXHAUSTED, "too large"}));
  EXPECT_FALSE(after({grpc::StatusCode::INVALID_ARGUMENT, "no"}));
  EXPECT_FALSE(Client::MayHaveBeenAccepted(absl::OkStatus()));
}

TEST_F(ClientTest, InfinitePatienceOutlastsALongAbsence) {
  for (int i = 0; i < 40; ++i) server_.AnswerNext(Unavailable());
  ClientOptions options;
  options.retry_for = absl::InfiniteDuration();
  EXPECT_TRUE(Connect(options).ReportResult(Result()).ok());
  EXPECT_THAT(server_.calls(), SizeIs(41));
}

TEST_F(ClientTest, WithPatienceKeepsEverythingElse) {
  server_.AnswerAll(Unavailable());
  ClientOptions options;
  options.token = "secret";
  int pauses = 0;
  const Client client = Connect(options).WithPatience(
      absl::Seconds(1), [&](absl::Duration) { return ++pauses < 2; });
  EXPECT_FALSE(client.ReportResult(Result()).ok());
  EXPECT_EQ(pauses, 2);
  EXPECT_EQ(server_.calls()[0].authorization, "Bearer secret");
}

TEST_F(ClientTest, SendsTheTokenWithEveryTryAndNothingWithoutOne) {
  server_.AnswerNext(Unavailable());
  ClientOptions options;
  options.token = "secret";
  ASSERT_TRUE(Connect(options).ReportResult(Result()).ok());
  ASSERT_TRUE(Connect().ReportResult(Result()).ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_EQ(calls[0].authorization, "Bearer secret");
  EXPECT_EQ(calls[1].authorization, "Bearer secret");
  EXPECT_EQ(calls[2].authorization, "");
}

// The channel is not encrypted.
TEST(ClientConnectTest, ATokenIsSentToThisMachineOnly) {
  ClientOptions options;
  options.token = "secret";
  for (const char* address : {"localhost:50051", "unix:/run/signalbox.sock"}) {
    EXPECT_TRUE(Client::Connect(address, options).ok()) << address;
  }
  for (const char* address : {"example.com:50051", "10.0.0.1:50051"}) {
    EXPECT_EQ(Client::Connect(address, options).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
    EXPECT_TRUE(Client::Connect(address, {}).ok()) << address;
  }
}

TEST(ClientConnectTest, WithTlsATokenIsSentAnywhere) {
  ClientOptions options;
  options.token = "secret";
  options.tls = true;
  EXPECT_TRUE(Client::Connect("example.com:50051", options).ok());
  options.ca_file = "/nowhere/ca.pem";
  const absl::Status missing =
      Client::Connect("example.com:50051", options).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), ::testing::HasSubstr("/nowhere/ca.pem"));
  options.tls = false;
  EXPECT_EQ(Client::Connect("localhost:50051", options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ClientConnectTest, ATokenIsVisibleAscii) {
  for (const char* token :
       {"two words", "line\nbreak", "caf\xc3\xa9", "\x7f"}) {
    ClientOptions options;
    options.token = token;
    const absl::Status status =
        Client::Connect("localhost:1", options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().find(token), std::string::npos);
  }
}

// By itself gRPC's channel would look again only after up to two minutes.
TEST(ClientConnectTest, OptionsThatMeanNothingAreRefused) {
  const auto is_refused = [](const ClientOptions& options) {
    return absl::IsInvalidArgument(
        Client::Connect("127.0.0.1:1", options).status());
  };
  ClientOptions patience;
  patience.retry_for = -absl::Seconds(1);
  EXPECT_TRUE(is_refused(patience));
  ClientOptions timeout;
  timeout.try_timeout = absl::ZeroDuration();
  EXPECT_TRUE(is_refused(timeout));
  ClientOptions id;
  id.request_id = "two words";
  EXPECT_TRUE(is_refused(id));
}

TEST(ClientConnectTest, FindsAServerThatAppearsLate) {
  const std::string address =
      "unix:" + testing::TempDir() + "/client_test_late.sock";
  std::atomic<int> tries = 0;
  std::optional<FakeServer> server;
  ClientOptions options;
  options.retry_for = absl::InfiniteDuration();
  options.random = [] { return 0; };
  options.pause = [&](absl::Duration) {
    if (++tries == 3) server.emplace(address);
    std::this_thread::yield();
    return true;
  };
  const auto client = Client::Connect(address, options);
  EXPECT_TRUE(client->ReportResult(Result()).ok());
  EXPECT_GE(tries, 3);
  EXPECT_THAT(server->calls(), SizeIs(1));
}

v1::WatchStatusesResponse Message(int64_t sequence) {
  v1::WatchStatusesResponse message;
  message.set_sequence(sequence);
  return message;
}

TEST_F(ClientTest, AWatchEndsWhenNoMoreIsWanted) {
  server_.AddWatch({Message(1), Message(2), Message(3)}, Unavailable());
  std::vector<int64_t> sequences;
  EXPECT_TRUE(Connect()
                  .WatchStatuses({},
                                 [&](const v1::WatchStatusesResponse& message) {
                                   sequences.push_back(message.sequence());
                                   return message.sequence() < 2;
                                 })
                  .ok());
  EXPECT_THAT(sequences, ElementsAre(1, 2));
}

// As after a laptop's sleep, or behind a firewall that forgot the connection.
TEST_F(ClientTest, ASilentConnectionIsBroken) {
  ClientOptions options;
  options.retry_for = absl::ZeroDuration();
  options.longest_silence = absl::Milliseconds(50);
  const absl::Status end = Connect(options).WatchStatuses(
      {}, [](const v1::WatchStatusesResponse&) { return true; });
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_EQ(end.message(), "the server was silent");
}

// A first stream may be silent for longer than `retry_for`.
TEST_F(ClientTest, AWatchCountsFromItsFirstFailure) {
  server_.AddWatch({}, Unavailable());
  server_.AddWatch({}, {grpc::StatusCode::OUT_OF_RANGE, "forgotten"});
  ClientOptions options;
  options.now = [this] {
    return absl::UnixEpoch() +
           (server_.calls().empty() ? absl::ZeroDuration() : absl::Hours(1));
  };
  options.pause = [](absl::Duration) { return true; };
  const absl::Status end =
      Client::Connect(server_.address(), options)
          ->WatchStatuses(
              {}, [](const v1::WatchStatusesResponse&) { return true; });
  EXPECT_TRUE(absl::IsOutOfRange(end)) << end;
}

// After each message the whole patience begins again.
TEST_F(ClientTest, AWatchSaysHowLongTheServerHasBeenAway) {
  server_.AddWatch({}, Unavailable());
  server_.AddWatch({}, Unavailable());
  server_.AddWatch({Message(1)}, Unavailable());
  server_.AddWatch({}, {grpc::StatusCode::OUT_OF_RANGE, "forgotten"});
  std::vector<absl::Duration> waited;
  ClientOptions options;
  options.on_repeat = [&](const absl::Status&, absl::Duration time) {
    waited.push_back(time);
  };
  EXPECT_TRUE(absl::IsOutOfRange(Connect(options).WatchStatuses(
      {}, [](const v1::WatchStatusesResponse&) { return true; })));
  EXPECT_THAT(waited, ElementsAre(absl::ZeroDuration(), pauses_[0],
                                  absl::ZeroDuration()));
}

}  // namespace
}  // namespace signalbox
