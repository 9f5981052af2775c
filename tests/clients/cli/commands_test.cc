// The subcommands that make one call, as their users meet them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class CommandsTest : public CliFixture {};

bool IsOneLine(const std::string& text) {
  return !text.empty() && text.find('\n') == text.size() - 1;
}

TEST_F(CommandsTest, PendingReportsWhatIsFoundAndTheDefaultContext) {
  options_.environment["GITHUB_RUN_ID"] = "7";
  options_.environment["GITHUB_RUN_ATTEMPT"] = "1";
  const Ended ended = RunCli({"pending"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.output, "acme/widgets@6dcb09b5 ci/build: pending\n");
  EXPECT_EQ(ended.errors, "");
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(1));
  const v1::ReportPendingRequest& pending = calls[0].pending();
  EXPECT_EQ(pending.repository(), "acme/widgets");
  EXPECT_EQ(pending.sha(), kSha);
  EXPECT_THAT(pending.contexts(), ElementsAre("ci/build"));
  EXPECT_EQ(pending.attempt(), 7001);
  EXPECT_EQ(pending.target_url(),
            "https://github.com/acme/widgets/actions/runs/7");
  EXPECT_FALSE(pending.has_delivery());
}

TEST_F(CommandsTest, WhatIsGivenWinsOverWhatIsFound) {
  options_.environment["GITHUB_RUN_ID"] = "garbage";
  const std::string sha(40, 'a');
  const Ended ended = RunCli({"pending", "--repository", "other/thing", "--sha",
                              sha, "--attempt", "9", "--description", "",
                              "--target-url", "http://x/", "--context", "a",
                              "--context=b", "--context", "[c,d]"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_EQ(ended.errors, "");
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].pending().repository(), "other/thing");
  EXPECT_EQ(calls[0].pending().sha(), sha);
  EXPECT_EQ(calls[0].pending().attempt(), 9);
  EXPECT_EQ(calls[0].pending().target_url(), "http://x/");
  EXPECT_THAT(calls[0].pending().contexts(), ElementsAre("a", "b", "[c,d]"));
}

TEST_F(CommandsTest, ResultTakesEveryOutcomeBothWays) {
  const std::vector<std::pair<std::string, v1::Result>> outcomes = {
      {"success", v1::RESULT_SUCCESS}, {"failure", v1::RESULT_FAILURE},
      {"error", v1::RESULT_ERROR},     {"cancelled", v1::RESULT_CANCELLED},
      {"skipped", v1::RESULT_SKIPPED}, {"timed_out", v1::RESULT_TIMED_OUT},
      {"neutral", v1::RESULT_NEUTRAL},
  };
  for (const auto& [name, result] : outcomes) {
    EXPECT_EQ(RunCli({"result", name}).exit_code, 0);
    EXPECT_EQ(server_.calls().back().result().result(), result);
    EXPECT_EQ(RunCli({"result", "--result", name}).exit_code, 0);
    EXPECT_EQ(server_.calls().back().result().result(), result);
  }
  EXPECT_THAT(server_.calls(), SizeIs(2 * outcomes.size()));
}

TEST_F(CommandsTest, ResultReportsAllItIsGiven) {
  const Ended ended =
      RunCli({"result", "--context", "ci/lint", "failure", "--attempt", "12",
              "--description", "3 problems", "--target-url", "http://x/"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "acme/widgets@6dcb09b5 ci/lint: failure\n");
  const v1::ReportResultRequest result = server_.calls().at(0).result();
  EXPECT_EQ(result.context(), "ci/lint");
  EXPECT_EQ(result.result(), v1::RESULT_FAILURE);
  EXPECT_EQ(result.attempt(), 12);
  EXPECT_EQ(result.description(), "3 problems");
  EXPECT_EQ(result.target_url(), "http://x/");
}

// An answer that got lost must not turn one result into two runs.
TEST_F(CommandsTest, RepeatedResultKeepsTheAttempt) {
  options_.environment["BUILD_NUMBER"] = "118";
  server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
  server_.AnswerNext({grpc::StatusCode::DEADLINE_EXCEEDED, "slow"});
  EXPECT_EQ(RunCli({"result", "success"}).exit_code, 0);
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  for (const FakeCall& call : calls) {
    EXPECT_EQ(call.result().attempt(), 118);
    EXPECT_EQ(call.result().SerializeAsString(),
              calls[0].result().SerializeAsString());
  }
}

// The retries do not end after a few refusals.
TEST_F(CommandsTest, AResultOutlastsAFullDisk) {
  for (int i = 0; i < 12; ++i) {
    server_.AnswerNext({grpc::StatusCode::RESOURCE_EXHAUSTED,
                        "the disk is full", "DISK_FULL", "5"});
  }
  const Ended ended = RunCli({"result", "failure", "--retry-for", "60s"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_THAT(server_.calls(), SizeIs(13));
}

TEST_F(CommandsTest, TheServersNoIsExplainedAndExitsWith1) {
  options_.environment["GIT_COMMIT"] = kSha;
  options_.environment.erase("GITHUB_SHA");
  server_.AnswerAll(
      {grpc::StatusCode::INVALID_ARGUMENT, "sha: \"x\" is bad", "INVALID_SHA"});
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"pending"},
        {"result", "success"},
        {"status"},
        {"explain"},
        {"retry"}}) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_TRUE(IsOneLine(ended.errors)) << ended.errors;
    EXPECT_THAT(ended.errors,
                AllOf(StartsWith("signalbox: "), HasSubstr("sha: \"x\" is bad"),
                      HasSubstr("INVALID_ARGUMENT"), HasSubstr("INVALID_SHA"),
                      HasSubstr("sha from GIT_COMMIT")));
  }
}

// A person searches the server's log for it.
TEST_F(CommandsTest, AnErrorNamesTheRequest) {
  server_.AnswerAll({grpc::StatusCode::INVALID_ARGUMENT, "no", "INVALID_SHA"});
  Ended ended = RunCli({"pending"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.errors,
              HasSubstr("; request " + server_.calls().back().request_id));
  options_.environment["SIGNALBOX_REQUEST_ID"] = "build:17";
  EXPECT_THAT(RunCli({"status"}).errors, HasSubstr("; request build:17"));
  EXPECT_EQ(server_.calls().back().request_id, "build:17");
  ended = RunCli({"--request-id", "build:18", "result", "success"});
  EXPECT_THAT(ended.errors, HasSubstr("; request build:18"));
  EXPECT_EQ(server_.calls().back().request_id, "build:18");
  for (const std::string& id :
       {std::string(), std::string("two words"), std::string(65, 'a')}) {
    ended = RunCli({"status", "--request-id", id});
    EXPECT_EQ(ended.exit_code, 2) << id;
    EXPECT_THAT(ended.errors, HasSubstr("--request-id")) << id;
  }
}

TEST_F(CommandsTest, AServerThatIsAwayExitsWith3) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"pending", "--retry-for", "0"},
        {"result", "success", "--retry-for", "50ms"},
        {"status"},
        {"explain"},
        {"retry"}}) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 3);
    EXPECT_EQ(ended.output, "");
    EXPECT_TRUE(IsOneLine(ended.errors)) << ended.errors;
    EXPECT_THAT(ended.errors,
                AllOf(StartsWith("signalbox: "), HasSubstr(Nowhere()),
                      HasSubstr("SIGNALBOX_SERVER")));
  }
}

TEST_F(CommandsTest, WrongUsageExitsWith2AndCallsNobody) {
  const std::string missing = directory_.Path("missing");
  const std::string empty = directory_.Write("empty", "\n");
  const std::string binary = directory_.Write("binary", "to\x01ken");
  const std::string large = directory_.Write("large", std::string(5000, 'x'));
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"wach"},
      {"--frobnicate"},
      {"pending", "extra"},
      {"pending", "--attempt", "x"},
      {"pending", "--attempt", "-1"},
      {"pending", "--attempt", "9223372036854775808"},
      {"pending", "--context"},
      {"pending", "--series", "s", "--attempt", "0"},
      {"pending", "--retry-for", "soon"},
      {"pending", "--retry-for", "-1s"},
      {"pending", "--retry-for", "inf"},
      {"pending", "--retry-for", "25h"},
      {"pending", "--retry-for", ""},
      {"pending", "--", "make"},
      {"pending", "--server", ""},
      {"pending", "--token-file", missing},
      {"pending", "--token-file", empty},
      {"pending", "--token-file", binary},
      {"pending", "--token-file", large},
      {"pending", "--token-file", directory_.path()},
      {"pending", "--ca-file", missing},
      {"pending", "--server-name", "example.com"},
      {"pending", "--tls", "--ca-file", missing},
      {"pending", "--tls", "--ca-file", empty},
      {"pending", "--tls", "--cert-file", empty},
      {"pending", "--tls", "--server", "unix:/run/signalbox.sock"},
      {"result"},
      {"result", "great"},
      {"result", "--result", "great"},
      {"result", "RESULT_UNSPECIFIED"},
      {"result", "success", "failure"},
      {"result", "success", "--result", "failure"},
      {"result", "success", "--context", "a", "--context", "b"},
      {"run"},
      {"run", "--"},
      {"run", "true"},
      {"run", "--json", "true"},
      {"status", "--attempt", "1"},
      {"status", "extra"},
      {"status", "pending"},
      {"explain", "extra"},
      {"explain", "--attempt", "1"},
      {"explain", "--context", "a", "--context", "b"},
      {"explain", "--context"},
      {"explain", "--retry-for", "soon"},
      {"explain", "--", "make"},
      {"retry", "extra"},
      {"retry", "--attempt", "1"},
      {"retry", "--description", "d"},
      {"retry", "--context", "a", "--context", "b"},
      {"retry", "--sha"},
      {"retry", "--", "make"},
  };
  for (const std::vector<std::string>& arguments : wrong) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_TRUE(IsOneLine(ended.errors)) << ended.errors;
    EXPECT_THAT(ended.errors, StartsWith("signalbox: "));
    EXPECT_EQ(ended.output, "");
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(CommandsTest, WrongUsageSaysWhatToDo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "wanted a command: pending, result, run, "},
      {{"frobnicate"},
       "unknown command \"frobnicate\"; the commands are pending, "},
      {{"--server", "x:1"}, "wanted a command: pending, "},
      {{"run", "make", "test", "-j2"},
       "put `--` before the command: signalbox run -- make test -j2 "},
      {{"run", "--context", "c", "make"},
       "put `--` before the command: signalbox run -- make "},
      {{"list", "--context", "gr\xfcn"},
       "--context: \"gr\\xfcn\" is not UTF-8"},
      {{"watch", "--context", "gr\xfc*"},
       "--context: \"gr\\xfc*\" is not UTF-8"},
      {{"status", "--server", "http://ci:50051"},
       "--server: \"http://ci:50051\" is a URL; wanted HOST:PORT or "
       "unix:PATH"}};
  for (const auto& [arguments, message] : cases) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.errors, StartsWith("signalbox: " + message));
  }
}

TEST_F(CommandsTest, WhatIsNotFoundIsWrongUsageThatSaysWhatToGive) {
  options_.environment.erase("GITHUB_SHA");
  Ended ended = RunCli({"result", "success"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--sha"));
  options_.environment.erase("GITHUB_REPOSITORY");
  ended = RunCli({"result", "success"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--repository"));
}

// Names as people have them: what they paste, and what git knows.
TEST_F(CommandsTest, NamesAreTakenAsPeopleHaveThem) {
  const std::string sha(40, 'a');
  for (const std::string& repository :
       {std::string("acme/app"), std::string("https://github.com/acme/app"),
        std::string("https://github.com/acme/app.git"),
        std::string("https://github.com/acme/app/pull/5"),
        std::string("https://github.com/acme/app/commit/") + sha,
        std::string("git@github.com:acme/app.git")}) {
    const Ended ended =
        RunCli({"result", "success", "--repository", repository, "--sha", sha});
    EXPECT_EQ(ended.exit_code, 0) << repository << ended.errors;
    EXPECT_EQ(server_.calls().back().result().repository(), "acme/app");
  }
  for (const std::string& commit :
       {std::string("https://github.com/acme/app/commit/") + sha,
        "https://github.com/acme/app/pull/5/commits/" + sha + "?w=1#diff"}) {
    EXPECT_EQ(RunCli({"result", "success", "--sha", commit}).exit_code, 0);
    // Whatever the surroundings say, the commit is of the URL's repository.
    EXPECT_EQ(server_.calls().back().result().repository(), "acme/app");
    EXPECT_EQ(server_.calls().back().result().sha(), sha);
  }
  const size_t count = server_.calls().size();
  const Ended other =
      RunCli({"result", "success", "--repository", "acme/lib", "--sha",
              "https://github.com/acme/app/commit/" + sha});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.errors, HasSubstr("of acme/app, and --repository is "
                                      "acme/lib"));
  const Ended ended = RunCli({"result", "success", "--sha", "main"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(IsOneLine(ended.errors)) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("--sha: \"main\" is not a full commit"));
  EXPECT_THAT(server_.calls(), SizeIs(count));
}

// A build must not fail because the program cannot report it.
TEST_F(CommandsTest, ACommandRunsAlsoIfNothingCanBeReported) {
  options_.environment.erase("GITHUB_SHA");
  Ended ended = RunCli({"run", "--", "sh", "-c", "touch started; exit 7"});
  EXPECT_EQ(ended.exit_code, 7);
  EXPECT_EQ(access(directory_.Path("started").c_str(), F_OK), 0);
  EXPECT_TRUE(IsOneLine(ended.errors)) << ended.errors;
  EXPECT_THAT(ended.errors,
              AllOf(StartsWith("signalbox: the command runs, and nothing is "
                               "reported: "),
                    HasSubstr("--sha")));
  options_.environment["GITHUB_SHA"] = kSha;
  ended = RunCli({"run", "--token-file", "/nowhere", "--", "false"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("/nowhere"));
  ended = RunCli({"run", "--token-file", "/nowhere", "--", "/no/program"});
  EXPECT_EQ(ended.exit_code, 127);
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(CommandsTest, AFlagWinsOverTheEnvironmentAndStandsAnywhere) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  EXPECT_EQ(RunCli({"status", "--server", server_.address()}).exit_code, 0);
  EXPECT_EQ(RunCli({"--server", server_.address(), "status"}).exit_code, 0);
  EXPECT_THAT(server_.calls(), SizeIs(2));
}

// The server here has no TLS, so a call that reaches it was not encrypted.
TEST_F(CommandsTest, TlsIsChosenByFlagOrEnvironment) {
  EXPECT_EQ(RunCli({"status", "--tls"}).exit_code, 3);
  for (const char* value : {"1", "true"}) {
    options_.environment["SIGNALBOX_TLS"] = value;
    EXPECT_EQ(RunCli({"status"}).exit_code, 3) << value;
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
  for (const char* value : {"0", "false", ""}) {
    options_.environment["SIGNALBOX_TLS"] = value;
    EXPECT_EQ(RunCli({"status"}).exit_code, 0) << value;
  }
  options_.environment["SIGNALBOX_CA_FILE"] = "/nowhere";
  EXPECT_EQ(RunCli({"status"}).exit_code, 2);
  EXPECT_EQ(RunCli({"status", "--ca-file", ""}).exit_code, 0);
  options_.environment["SIGNALBOX_TLS"] = "maybe";
  EXPECT_EQ(RunCli({"status"}).exit_code, 2);
}

TEST_F(CommandsTest, TheTokenIsSentAndNeverShown) {
  const std::string file = directory_.Write("token", "hunter2\n");
  options_.environment["SIGNALBOX_TOKEN_FILE"] = file;
  EXPECT_EQ(RunCli({"pending"}).exit_code, 0);
  EXPECT_EQ(server_.calls().back().authorization, "Bearer hunter2");

  const std::string other = directory_.Write("other", "swordfish");
  EXPECT_EQ(RunCli({"pending", "--token-file", other}).exit_code, 0);
  EXPECT_EQ(server_.calls().back().authorization, "Bearer swordfish");

  const Ended ended = RunCli({"pending", "--server", "example.com:50051"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("example.com"), Not(HasSubstr("hunter2"))));
}

TEST_F(CommandsTest, WhatTheServerRepairedOrHoldsIsTold) {
  v1::Receipt receipt;
  receipt.set_disposition(v1::DISPOSITION_SUPERSEDED);
  receipt.add_warnings("target_url left out: not http or https");
  server_.SetReceipt(receipt);
  const Ended ended = RunCli({"result", "success"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.errors,
            "signalbox: ci/build: target_url left out: not http or https\n"
            "signalbox: ci/build: ignored: a newer report stays\n");
}

// What the program prints must be what GitHub will show.
TEST_F(CommandsTest, TheOutputSaysWhatBecameOfTheReport) {
  options_.environment["BUILD_NUMBER"] = "12";
  options_.environment["JENKINS_URL"] = "https://ci.example.com/";
  options_.environment["JOB_URL"] = "https://ci.example.com/job/app/";
  v1::Receipt receipt;
  receipt.set_disposition(v1::DISPOSITION_SUPERSEDED);
  receipt.set_state(v1::COMMIT_STATE_FAILURE);
  receipt.set_newest_attempt(13);
  receipt.set_newest_result(v1::RESULT_FAILURE);
  server_.SetReceipt(receipt);
  Ended ended = RunCli({"result", "success"});
  EXPECT_EQ(ended.exit_code, 0);
  const std::string ignored =
      "ignored: attempt 12 is older than attempt 13 (failure), which stays";
  EXPECT_EQ(ended.output, "acme/widgets@6dcb09b5 ci/build: " + ignored + "\n");
  EXPECT_EQ(ended.errors,
            "signalbox: ci/build: " + ignored +
                ". If the counter jenkins:https://ci.example.com/job/app began "
                "again, as that of a recreated job does, report with --attempt "
                "0 or with another --series\n");
  ended = RunCli({"pending", "--context", "a", "--context", "b"});
  EXPECT_EQ(ended.output, "acme/widgets@6dcb09b5 a: " + ignored +
                              "\nacme/widgets@6dcb09b5 b: " + ignored + "\n");
  // The report that stays can be of another counter.
  receipt.set_newest_result(v1::RESULT_UNSPECIFIED);
  server_.SetReceipt(receipt);
  EXPECT_THAT(RunCli({"result", "success"}).output,
              HasSubstr("ignored: attempt 12 is older than attempt 13 "
                        "(pending); GitHub shows failure\n"));
  receipt.set_newest_attempt(12);
  receipt.set_newest_result(v1::RESULT_TIMED_OUT);
  receipt.set_state(v1::COMMIT_STATE_ERROR);
  server_.SetReceipt(receipt);
  ended = RunCli({"result", "success"});
  EXPECT_THAT(ended.output, HasSubstr("ignored: attempt 12 has already ended "
                                      "with timed out, which stays\n"));
  EXPECT_THAT(ended.errors, Not(HasSubstr("--attempt")));
  // For an unnumbered report there is no number to suggest.
  receipt.set_newest_attempt(0);
  receipt.set_newest_result(v1::RESULT_UNSPECIFIED);
  server_.SetReceipt(receipt);
  ended = RunCli({"result", "success", "--attempt", "0"});
  EXPECT_THAT(ended.errors, Not(HasSubstr("--attempt")));
  EXPECT_THAT(ended.output,
              HasSubstr("ignored: a newer report (error) stays\n"));
  receipt.set_disposition(v1::DISPOSITION_UNCHANGED);
  server_.SetReceipt(receipt);
  EXPECT_EQ(RunCli({"result", "failure"}).output,
            "acme/widgets@6dcb09b5 ci/build: failure, as before\n");
}

// Numbers of two counters cannot be compared.
TEST_F(CommandsTest, TheSeriesIsSentWithItsNumber) {
  options_.environment["BUILD_NUMBER"] = "12";
  options_.environment["JOB_URL"] = "https://ci.example.com/job/app/";
  const auto of_pending = [this](std::vector<std::string> more) {
    more.insert(more.begin(), "pending");
    EXPECT_EQ(RunCli(more).exit_code, 0);
    const v1::ReportPendingRequest pending = server_.calls().back().pending();
    return std::make_pair(pending.attempt(), pending.series());
  };
  const std::string found = "jenkins:https://ci.example.com/job/app";
  using Number = std::pair<int64_t, std::string>;
  EXPECT_EQ(of_pending({}), Number(12, found));
  EXPECT_EQ(of_pending({"--series", "mine"}), Number(12, "mine"));
  // A caller that gives a number may use it for several jobs.
  EXPECT_EQ(of_pending({"--attempt", "7"}), Number(7, ""));
  EXPECT_EQ(of_pending({"--attempt", "7", "--series", "mine"}),
            Number(7, "mine"));
  EXPECT_EQ(of_pending({"--attempt", "0"}), Number(0, ""));
  EXPECT_EQ(RunCli({"result", "success"}).exit_code, 0);
  EXPECT_EQ(server_.calls().back().result().series(), found);
  // A series without a number would be refused.
  options_.environment["BUILD_NUMBER"] = "1.2.3";
  EXPECT_EQ(of_pending({}), Number(0, ""));
  EXPECT_EQ(of_pending({"--series", "mine"}), Number(0, ""));
}

TEST_F(CommandsTest, TheNewestTextWinsIfAskedFor) {
  for (const bool wins : {false, true}) {
    for (std::vector<std::string> words :
         {std::vector<std::string>{"pending"}, {"result", "success"}}) {
      if (wins) words.emplace_back("--newest-text-wins");
      EXPECT_EQ(RunCli(words).exit_code, 0);
      const FakeCall call = server_.calls().back();
      EXPECT_EQ(call.IsPending() ? call.pending().newest_text_wins()
                                 : call.result().newest_text_wins(),
                wins);
    }
  }
}

TEST_F(CommandsTest, APendingMayNeverExpire) {
  EXPECT_EQ(RunCli({"pending", "--expires-after", "never"}).exit_code, 0);
  v1::ReportPendingRequest pending = server_.calls().back().pending();
  EXPECT_TRUE(pending.never_expires());
  EXPECT_FALSE(pending.has_expires_after());
  EXPECT_EQ(RunCli({"pending", "--expires-after", "90m"}).exit_code, 0);
  pending = server_.calls().back().pending();
  EXPECT_FALSE(pending.never_expires());
  EXPECT_EQ(pending.expires_after().seconds(), 5400);
  EXPECT_EQ(RunCli({"pending"}).exit_code, 0);
  pending = server_.calls().back().pending();
  EXPECT_FALSE(pending.never_expires());
  EXPECT_FALSE(pending.has_expires_after());
}

TEST_F(CommandsTest, OneBadContextOfSeveralIsNamed) {
  server_.AnswerAll({grpc::StatusCode::INVALID_ARGUMENT,
                     "contexts[1]: \"ci/b\\u00fcild\" is bad",
                     "INVALID_CONTEXT"});
  const Ended ended = RunCli({"pending", "--context", "ci/a", "--context",
                              "ci/b\u00fcild", "--context", "ci/c"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("6dcb09b5: ci/b\u00fcild: "),
                                  HasSubstr("INVALID_CONTEXT")));
}

// What is invisible or turns the direction of writing is escaped.
TEST_F(CommandsTest, AContextMayHaveAnyLetters) {
  const std::string context =
      "Tests \u00bb \u0421\u0431\u043e\u0440\u043a\u0430";
  Ended ended = RunCli({"result", "success", "--context", context});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(server_.calls().back().result().context(), context);
  EXPECT_THAT(ended.output, HasSubstr(context + ": success"));
  ended = RunCli({"result", "success", "--context", "a\u202eb"});
  EXPECT_EQ(server_.calls().back().result().context(), "a\u202eb");
  EXPECT_THAT(ended.output, HasSubstr("a\\u202eb: success"));
  ended = RunCli({"result", "success", "--context", "gr\xfcn"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--context: \"gr\\xfcn\" is not UTF-8"));
  ended = RunCli({"run", "--context", "gr\xfcn", "--", "sh", "-c", "exit 7"});
  EXPECT_EQ(ended.exit_code, 7);
}

TEST_F(CommandsTest, AContextCanHaveTheNameOfTheJob) {
  options_.environment["CI_JOB_ID"] = "5";
  options_.environment["CI_PIPELINE_ID"] = "3";
  options_.environment["CI_NODE_TOTAL"] = "2";
  options_.environment["CI_JOB_NAME"] = "rspec 1/2";
  Ended ended = RunCli({"result", "success", "--context", "ci/{job}"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(server_.calls().back().result().context(), "ci/rspec 1/2");
  EXPECT_EQ(server_.calls().back().result().attempt(), 3);
  // Without {job}, a warning says what a failure of one job means.
  ended = RunCli({"result", "success"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("CI_NODE_TOTAL=2"), HasSubstr("ci/build-{job}"),
                    HasSubstr("until the next build")));
  EXPECT_TRUE(IsOneLine(ended.errors));
  options_.environment.erase("CI_JOB_NAME");
  ended = RunCli({"result", "success", "--context", "ci/{job}"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--context ci/{job}"));
}

TEST_F(CommandsTest, ACloneUrlsEndIsLeftOut) {
  EXPECT_EQ(RunCli({"pending", "--repository", "acme/app.git"}).exit_code, 0);
  EXPECT_EQ(server_.calls().back().pending().repository(), "acme/app");
}

TEST_F(CommandsTest, StatusShowsATableWithoutColoursToAFile) {
  v1::GetCommitStatusResponse commit;
  commit.set_repository("acme/widgets");
  commit.set_sha(kSha);
  commit.set_state(v1::COMMIT_STATE_PENDING);
  v1::CommitStatus* status = commit.add_statuses();
  status->set_context("ci/build");
  status->set_state(v1::COMMIT_STATE_PENDING);
  status->set_description("Running \x1b[31m");
  status->mutable_posting()->set_state(v1::POSTING_STATE_POSTED);
  server_.SetCommit(commit);
  options_.environment["TERM"] = "xterm";
  const Ended ended = RunCli({"status"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("ci/build"), HasSubstr("pending"),
                    HasSubstr("Running \\x1b[31m"),
                    HasSubstr("shown at GitHub"), Not(HasSubstr("\x1b"))));
  const auto request =
      std::get<v1::GetCommitStatusRequest>(server_.calls().at(0).request);
  EXPECT_EQ(request.repository(), "acme/widgets");
  EXPECT_EQ(request.sha(), kSha);
}

TEST_F(CommandsTest, ColoursAreForTerminalsThatWantThem) {
  v1::GetCommitStatusResponse commit;
  commit.set_state(v1::COMMIT_STATE_SUCCESS);
  server_.SetCommit(commit);
  const auto has_colours = [this](const std::vector<std::string>& arguments) {
    const Ended ended = OnTerminal(arguments);
    EXPECT_EQ(ended.exit_code, 0);
    return ended.output.find('\x1b') != std::string::npos;
  };
  options_.environment["TERM"] = "xterm";
  EXPECT_TRUE(has_colours({"status"}));
  EXPECT_FALSE(has_colours({"status", "--json"}));
  options_.environment["NO_COLOR"] = "1";
  EXPECT_FALSE(has_colours({"status"}));
  options_.environment.erase("NO_COLOR");
  options_.environment["TERM"] = "dumb";
  EXPECT_FALSE(has_colours({"status"}));
}

TEST_F(CommandsTest, JsonIsOneDocumentWithTheNamesOfTheProto) {
  v1::GetCommitStatusResponse commit;
  commit.set_repository("acme/widgets");
  commit.set_state(v1::COMMIT_STATE_SUCCESS);
  v1::CommitStatus* status = commit.add_statuses();
  status->set_target_url("http://x/");
  status->set_description("a\u2066b\n");
  status->mutable_posting()->set_state(v1::POSTING_STATE_WAITING);
  status->mutable_posting()->mutable_next_try_time()->set_seconds(1);
  server_.SetCommit(commit);
  Ended ended = RunCli({"status", "--json"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_TRUE(IsOneLine(ended.output));
  EXPECT_THAT(ended.output, Not(HasSubstr("\u2066")));
  nlohmann::json json = nlohmann::json::parse(ended.output);
  EXPECT_EQ(json["state"], "SUCCESS");
  EXPECT_EQ(json["statuses"][0]["target_url"], "http://x/");
  EXPECT_EQ(json["statuses"][0]["description"], "a\u2066b\n");
  EXPECT_EQ(json["statuses"][0]["attempt"], "0");
  EXPECT_EQ(json["statuses"][0]["posting"]["next_try_time"],
            "1970-01-01T00:00:01Z");

  json = nlohmann::json::parse(RunCli({"pending", "--json"}).output);
  EXPECT_EQ(json["receipts"][0]["disposition"], "ACCEPTED");
  json = nlohmann::json::parse(RunCli({"--json", "result", "error"}).output);
  EXPECT_EQ(json["receipt"]["context"], "ci/build");
}

TEST_F(CommandsTest, TheServersTextCannotSteerTheTerminal) {
  server_.AnswerAll({grpc::StatusCode::NOT_FOUND, "no\x1b[2J\r\nsuch\u202e"});
  const Ended ended = RunCli({"status"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(IsOneLine(ended.errors));
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("no\\x1b[2J\\x0d\\x0asuch\\u202e"),
                                  Not(HasSubstr("\x1b"))));
}

TEST_F(CommandsTest, HelpAndVersionGoToStandardOutput) {
  Ended ended = RunCli({"--version"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.output, StartsWith("signalbox "));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"},
        {"-h"},
        {"pending", "--help"},
        {"result", "--help"},
        {"run", "--help"},
        {"status", "--help"},
        {"explain", "--help"},
        {"retry", "--help"}}) {
    ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_EQ(ended.errors, "");
    EXPECT_THAT(ended.output, HasSubstr("Example"));
  }
}

// The whole way, with git itself.
TEST_F(CommandsTest, FindsTheHeadInACheckoutOfATestMerge) {
  options_.environment.erase("GITHUB_REPOSITORY");
  options_.environment.erase("GITHUB_SHA");
  options_.environment["HOME"] = directory_.path();
  const auto shell = [this](const std::string& script) {
    Process process({"/bin/sh", "-ec", script}, options_);
    EXPECT_EQ(process.Wait(), 0) << process.Errors();
    return process.Output();
  };
  const std::string shas = shell(
      "git init -q -b main . && git config user.email a@example.com && "
      "git config user.name a && "
      "git remote add origin https://u:hunter2@github.com/acme/widgets.git && "
      "git commit -q --allow-empty -m base && base=$(git rev-parse HEAD) && "
      "git commit -q --allow-empty -m head && head=$(git rev-parse HEAD) && "
      "merge=$(git commit-tree -p $base -p $head -m \"Merge $head into $base\" "
      "HEAD^{tree}) && git checkout -q $merge && echo $head");
  const Ended ended = RunCli({"pending"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  const v1::ReportPendingRequest pending = server_.calls().at(0).pending();
  EXPECT_EQ(pending.sha() + "\n", shas);
  EXPECT_EQ(pending.repository(), "acme/widgets");
  EXPECT_EQ(pending.attempt(), 0);
}

}  // namespace
}  // namespace signalbox
