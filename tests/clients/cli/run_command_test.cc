// `signalbox run`, with real commands, signals and servers that come and go.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

class RunCommandTest : public CliFixture {
 protected:
  Ended RunShell(const std::string& script,
                 std::vector<std::string> options = {}) {
    return RunCli(Arguments(script, std::move(options)));
  }

  static std::vector<std::string> Arguments(
      const std::string& script, std::vector<std::string> options = {}) {
    options.insert(options.begin(), "run");
    for (const std::string& word :
         std::vector<std::string>{"--", "/bin/sh", "-c", script}) {
      options.push_back(word);
    }
    return options;
  }

  // A command that prints `ready`, answers `signal` with `answer`, and ends
  // with `code` once it reads a line from `fifo`.
  static std::string Waiting(const std::string& signal,
                             const std::string& answer, const std::string& fifo,
                             int code) {
    return absl::StrCat("trap 'echo ", answer, "' ", signal,
                        "; echo ready; until read line < ", fifo,
                        "; do :; done; exit ", code);
  }

  // The one result that the server got. Pendings may come before it.
  v1::ReportResultRequest OnlyResult() {
    std::vector<v1::ReportResultRequest> results;
    for (const FakeCall& call : server_.calls()) {
      if (call.IsResult()) results.push_back(call.result());
    }
    EXPECT_THAT(results, SizeIs(1));
    return results.empty() ? v1::ReportResultRequest() : results[0];
  }

  // A command that ends when it reads a line from this FIFO.
  std::string MakeFifo(const std::string& name) {
    const std::string path = directory_.Path(name);
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  static void WriteLine(const std::string& fifo) {
    FILE* file = fopen(fifo.c_str(), "w");
    fputs("go\n", file);
    fclose(file);
  }
};

TEST_F(RunCommandTest, ReportsPendingWhileTheCommandRunsAndThenItsSuccess) {
  options_.environment["BUILD_NUMBER"] = "118";
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("read line < " + fifo)), options_);
  // The command cannot have ended yet.
  const FakeCall pending = server_.WaitForCalls(1)[0];
  ASSERT_TRUE(pending.IsPending());
  EXPECT_EQ(pending.pending().repository(), "acme/widgets");
  EXPECT_EQ(pending.pending().sha(), kSha);
  EXPECT_THAT(pending.pending().contexts(), ElementsAre("ci/build"));
  EXPECT_EQ(pending.pending().attempt(), 118);
  EXPECT_EQ(pending.pending().description(), "Running");
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(
      process.Errors(),
      "signalbox: reporting ci/build on acme/widgets@6dcb09b5, the commit "
      "from GITHUB_SHA\n");
  const v1::ReportResultRequest result = OnlyResult();
  EXPECT_EQ(result.result(), v1::RESULT_SUCCESS);
  EXPECT_EQ(result.context(), "ci/build");
  EXPECT_EQ(result.attempt(), 118);
  EXPECT_THAT(result.description(), StartsWith("Succeeded in "));
}

TEST_F(RunCommandTest, ExitsAsTheCommandDoes) {
  for (const int code : {0, 1, 2, 3, 42, 126, 127, 128, 130, 255}) {
    const size_t before = server_.calls().size();
    EXPECT_EQ(RunShell(absl::StrCat("exit ", code)).exit_code, code);
    const auto calls = server_.calls();
    ASSERT_GT(calls.size(), before);
    const v1::ReportResultRequest& result = calls.back().result();
    EXPECT_EQ(result.result(),
              code == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE);
    if (code != 0) {
      EXPECT_THAT(
          result.description(),
          StartsWith(absl::StrCat("Failed with exit code ", code, " after ")));
    }
  }
}

TEST_F(RunCommandTest, ACommandThatIsKilledIsAnError) {
  for (const auto& [number, name] :
       std::vector<std::pair<int, std::string>>{{SIGKILL, "SIGKILL"},
                                                {SIGTERM, "SIGTERM"},
                                                {SIGSEGV, "SIGSEGV"},
                                                {SIGPIPE, "SIGPIPE"},
                                                {SIGRTMIN + 1, "signal 35"}}) {
    const size_t before = server_.calls().size();
    const Ended ended = RunShell(absl::StrCat("kill -", number, " $$"));
    EXPECT_EQ(ended.exit_code, 128 + number);
    const auto calls = server_.calls();
    ASSERT_GT(calls.size(), before);
    EXPECT_EQ(calls.back().result().result(), v1::RESULT_ERROR);
    EXPECT_THAT(calls.back().result().description(),
                StartsWith(absl::StrCat("Killed by ", name, " after ")));
  }
}

TEST_F(RunCommandTest, AProgramThatIsNotThereIs127) {
  for (const std::string& program :
       {std::string("no-such-program"), directory_.Path("missing"),
        std::string("/etc/passwd/x"), std::string("")}) {
    const size_t before = server_.calls().size();
    const Ended ended = RunCli({"run", "--", program});
    EXPECT_EQ(ended.exit_code, 127);
    EXPECT_THAT(ended.errors, HasSubstr("not found"));
    const auto calls = server_.calls();
    ASSERT_EQ(calls.size(), before + 1);
    EXPECT_EQ(calls.back().result().result(), v1::RESULT_ERROR);
    EXPECT_EQ(calls.back().result().description(),
              absl::StrCat("Could not start: ", program, " not found"));
  }
}

TEST_F(RunCommandTest, AProgramThatCannotBeExecutedIs126) {
  const std::string text = directory_.Write("text", "hello");
  for (const std::string& program : {text, directory_.path()}) {
    const Ended ended = RunCli({"run", "--", program});
    EXPECT_EQ(ended.exit_code, 126);
    EXPECT_EQ(server_.calls().back().result().result(), v1::RESULT_ERROR);
    EXPECT_THAT(server_.calls().back().result().description(),
                HasSubstr("is not executable"));
  }
}

// Shells do the same.
TEST_F(RunCommandTest, AScriptWithoutAnInterpreterLineIsRun) {
  const std::string script = directory_.Write("script", "exit 7\n");
  chmod(script.c_str(), 0700);
  EXPECT_EQ(RunCli({"run", "--", script}).exit_code, 7);
}

TEST_F(RunCommandTest, StandardStreamsAreTheCommands) {
  options_.input = "from the test";
  const Ended ended = RunShell("cat; echo out; echo err >&2");
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.output, "from the testout\n");
  EXPECT_THAT(ended.errors, EndsWith("GITHUB_SHA\nerr\n"));
}

TEST_F(RunCommandTest, TheCommandGetsItsWordsAsTheyAre) {
  const Ended ended =
      RunCli({"run", "--context", "c", "--", "printf", "<%s>", "--context",
              "--", "-x", "", "a b", "[1,2]", "$HOME", "--help"});
  EXPECT_EQ(ended.output, "<--context><--><-x><><a b><[1,2]><$HOME><--help>");
  EXPECT_EQ(OnlyResult().context(), "c");
}

TEST_F(RunCommandTest, AGivenDescriptionIsUsedThroughout) {
  RunShell("exit 1",
           {"--description", "Unit tests", "--target-url", "http://x/"});
  EXPECT_EQ(OnlyResult().description(), "Unit tests");
  EXPECT_EQ(OnlyResult().target_url(), "http://x/");
  for (const FakeCall& call : server_.calls()) {
    if (call.IsPending()) {
      EXPECT_EQ(call.pending().description(), "Unit tests");
      EXPECT_EQ(call.pending().target_url(), "http://x/");
    }
  }
}

TEST_F(RunCommandTest, EachEndCanHaveADescriptionOfItsOwn) {
  const std::vector<std::string> texts = {"--description-success", "All green",
                                          "--description-failure", "See log"};
  RunShell("exit 0", texts);
  EXPECT_EQ(server_.calls().back().result().description(), "All green");
  RunShell("exit 4", texts);
  EXPECT_EQ(server_.calls().back().result().description(), "See log");
  // A kill is not the command's own failure.
  RunShell("kill -9 $$", texts);
  EXPECT_THAT(server_.calls().back().result().description(),
              HasSubstr("SIGKILL"));
}

TEST_F(RunCommandTest, TheExpiryIsTheCallersIfItSaysOne) {
  const std::string fifo = MakeFifo("go");
  Process process(
      Command(Arguments("read line < " + fifo, {"--expires-after", "90m"})),
      options_);
  // The command cannot have ended yet.
  const FakeCall call = server_.WaitForCalls(1)[0];
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  ASSERT_TRUE(call.IsPending());
  EXPECT_EQ(call.pending().expires_after().seconds(), 5400);
  for (const char* const wrong : {"59s", "721h", "soon", "-1m", ""}) {
    const Ended ended = RunShell("exit 0", {"--expires-after", wrong});
    EXPECT_EQ(ended.exit_code, 2) << wrong;
    EXPECT_THAT(ended.errors, HasSubstr("--expires-after: "));
  }
}

TEST_F(RunCommandTest, TheExitCodeIsKeptWhenNoServerIsThere) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  for (const int code : {0, 1, 42}) {
    const Ended ended =
        RunShell(absl::StrCat("exit ", code), {"--retry-for", "100ms"});
    EXPECT_EQ(ended.exit_code, code);
    EXPECT_THAT(ended.errors,
                AllOf(HasSubstr(absl::StrCat(
                          "\nsignalbox: could not report ci/build on "
                          "acme/widgets@6dcb09b5 (",
                          code == 0 ? "success" : "failure", ", exit code ",
                          code, "): no answer")),
                      HasSubstr(Nowhere())));
    EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 2);
  }
  EXPECT_EQ(
      RunCli({"run", "--retry-for", "0", "--", "no-such-program"}).exit_code,
      127);
}

TEST_F(RunCommandTest, TheExitCodeIsKeptWhenTheServerSaysNo) {
  server_.AnswerAll(
      {grpc::StatusCode::INVALID_ARGUMENT, "context: bad", "INVALID_CONTEXT"});
  for (const int code : {0, 42}) {
    const Ended ended = RunShell(absl::StrCat("exit ", code));
    EXPECT_EQ(ended.exit_code, code);
    EXPECT_THAT(ended.errors,
                AllOf(HasSubstr("could not report ci/build"),
                      HasSubstr("context: bad"), HasSubstr("INVALID_CONTEXT"),
                      HasSubstr(absl::StrCat("exit code ", code))));
  }
}

TEST_F(RunCommandTest, ARefusedPendingIsToldOnceAndTheResultStillReported) {
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED, "not yours"});
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("read line < " + fifo)), options_);
  server_.WaitForCalls(1);
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_SUCCESS);
  EXPECT_THAT(server_.calls(), SizeIs(2));
}

TEST_F(RunCommandTest, TheCommandRunsAtOnceWhileTheServerIsAway) {
  const std::string address = "unix:" + directory_.Path("late.sock");
  options_.environment["SIGNALBOX_SERVER"] = address;
  Process process(Command(Arguments("echo $$; exit 3")), options_);
  // Only now, when the command has ended, a server appears.
  const std::vector<std::string> lines = process.WaitForLines(1);
  ASSERT_THAT(lines, SizeIs(1));
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(lines[0], &pid));
  WaitForEndOf(pid);
  FakeServer late(address);
  EXPECT_EQ(process.Wait(), 3);
  EXPECT_THAT(process.Errors(), Not(HasSubstr("could not report")));
  const auto calls = late.calls();
  ASSERT_THAT(calls, Not(IsEmpty()));
  EXPECT_EQ(calls.back().result().result(), v1::RESULT_FAILURE);
}

TEST_F(RunCommandTest, AServerThatAppearsMeanwhileHearsOfThePending) {
  const std::string address = "unix:" + directory_.Path("late.sock");
  options_.environment["SIGNALBOX_SERVER"] = address;
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("echo started; read line < " + fifo)),
                  options_);
  process.WaitForLines(1);
  FakeServer late(address);
  EXPECT_TRUE(late.WaitForCalls(1)[0].IsPending());
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(late.calls().back().IsResult());
}

TEST_F(RunCommandTest, ThePendingIsRepeatedUntilItIsAcknowledged) {
  for (int i = 0; i < 3; ++i) {
    server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "starting"});
  }
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("read line < " + fifo)), options_);
  for (const FakeCall& call : server_.WaitForCalls(4)) {
    EXPECT_TRUE(call.IsPending());
  }
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_SUCCESS);
}

// Otherwise the pending of an unnumbered run would hide its result.
TEST_F(RunCommandTest, TheResultWaitsForThePendingThatIsUnderWay) {
  server_.HoldPendings();
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("echo $$; read line < " + fifo)), options_);
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(process.WaitForLines(1).at(0), &pid));
  server_.WaitForCalls(1);
  WriteLine(fifo);
  WaitForEndOf(pid);
  // A whole other call is time enough for a result that does not wait.
  EXPECT_EQ(RunCli({"status"}).exit_code, 0);
  for (const FakeCall& call : server_.calls()) EXPECT_FALSE(call.IsResult());
  server_.Release();
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_SUCCESS);
}

TEST_F(RunCommandTest, RepeatsTheResultWithTheSameAttempt) {
  options_.environment["BUILD_NUMBER"] = "118";
  server_.AnswerNext({});  // The pending.
  for (int i = 0; i < 3; ++i) {
    server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "restarting"});
  }
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("read line < " + fifo + "; exit 1")),
                  options_);
  server_.WaitForCalls(1);
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_THAT(process.Errors(), Not(HasSubstr("could not report")));
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(5));
  for (size_t i = 1; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].result().SerializeAsString(),
              calls[1].result().SerializeAsString());
    EXPECT_EQ(calls[i].result().attempt(), 118);
  }
}

TEST_F(RunCommandTest, SignalsArePassedOn) {
  Process process(Command({"run", "--", SIGNAL_PRINTER}), options_);
  process.WaitForLines(1);
  size_t lines = 1;
  for (const auto& [number, name] :
       std::vector<std::pair<int, std::string>>{{SIGHUP, "SIGHUP"},
                                                {SIGINT, "SIGINT"},
                                                {SIGQUIT, "SIGQUIT"},
                                                {SIGTERM, "SIGTERM"},
                                                {SIGUSR2, "SIGUSR2"},
                                                {SIGCONT, "SIGCONT"},
                                                {SIGUSR1, "SIGUSR1"}}) {
    process.Signal(number);
    EXPECT_EQ(process.WaitForLines(++lines).back(), name);
  }
  EXPECT_EQ(process.Wait(), 9);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_CANCELLED);
}

// A CI system sends these when a person presses its cancel button. Commands
// then end in different ways.
TEST_F(RunCommandTest, WhoIsAskedToEndReportsCancelled) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    for (const int code : {0, 1, 143}) {
      FakeServer server;
      options_.environment["SIGNALBOX_SERVER"] = server.address();
      const std::string fifo = MakeFifo(absl::StrCat(number, "-", code));
      Process process(Command(Arguments(
                          absl::StrCat("trap 'exit ", code, "' TERM INT HUP; ",
                                       "echo ready; read line < ", fifo))),
                      options_);
      process.WaitForLines(1);
      process.Signal(number);
      EXPECT_EQ(process.Wait(), code);
      const v1::ReportResultRequest result = server.calls().back().result();
      EXPECT_EQ(result.result(), v1::RESULT_CANCELLED) << number << " " << code;
      EXPECT_THAT(
          result.description(),
          StartsWith(absl::StrCat("Cancelled by SIG", sigabbrev_np(number))));
    }
  }
}

// A CI system that cancels a build may kill everything a moment later, without
// waiting for the command.
TEST_F(RunCommandTest, CancelledIsReportedBeforeTheCommandHasEnded) {
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments(Waiting("TERM", "asked", fifo, 7))),
                  options_);
  process.WaitForLines(1);
  process.Signal(SIGTERM);
  // The command still waits for the line.
  while (!server_.WaitForCalls(server_.calls().size() + 1).back().IsResult()) {
  }
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 7);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_CANCELLED);
}

TEST_F(RunCommandTest, ASecondSignalEndsThePatienceForTheReport) {
  server_.AnswerAll({grpc::StatusCode::UNAVAILABLE, "away"});
  Process process(Command({"run", "--retry-for", "24h", "--", SIGNAL_PRINTER}),
                  options_);
  process.WaitForLines(1);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForLines(2).back(), "SIGTERM");
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForLines(3).back(), "SIGTERM");
  process.Signal(SIGUSR1);  // It ends.
  EXPECT_EQ(process.Wait(), 9);
  EXPECT_THAT(process.Errors(), HasSubstr("could not report"));
}

TEST_F(RunCommandTest, ATimeoutEndsTheCommandAndAllItStarted) {
  const Ended ended =
      RunShell("sleep 1000 & echo $!; sleep 1000; echo not reached",
               {"--timeout", "300ms"});
  EXPECT_EQ(ended.exit_code, 124);
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ended.output, &pid)) << ended.output;
  WaitForEndOf(pid);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_TIMED_OUT);
  EXPECT_THAT(OnlyResult().description(), StartsWith("Timed out after 0."));
}

TEST_F(RunCommandTest, ACommandThatOutlivesItsTimeoutIsKilled) {
  const Ended ended = RunShell(
      "trap '' TERM; sleep 1000 & echo $!; until wait; do :; done; sleep 1000",
      {"--timeout", "200ms", "--kill-after", "200ms"});
  EXPECT_EQ(ended.exit_code, 124);
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ended.output, &pid)) << ended.output;
  WaitForEndOf(pid);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_TIMED_OUT);
}

// The command's own exit code says nothing once its time is over.
TEST_F(RunCommandTest, ATimeoutIsOneWhateverTheCommandAnswers) {
  const Ended ended =
      RunShell("trap 'exit 0' TERM; while :; do sleep 0.01; done",
               {"--timeout", "200ms", "--description-success", "All green"});
  EXPECT_EQ(ended.exit_code, 124);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_TIMED_OUT);
  EXPECT_THAT(OnlyResult().description(), StartsWith("Timed out after "));
}

TEST_F(RunCommandTest, ATimeoutThatIsNotReachedChangesNothing) {
  EXPECT_EQ(RunShell("exit 3", {"--timeout", "1h"}).exit_code, 3);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_FAILURE);
  options_.environment.erase("GITHUB_SHA");
  const Ended unreported = RunShell("sleep 1000", {"--timeout", "100ms"});
  EXPECT_EQ(unreported.exit_code, 124);
}

TEST_F(RunCommandTest, TheEndOfTheOutputCanBeTheDescription) {
  const std::string script =
      "echo one; printf '\033[31mtwo\033[0m\n' >&2; echo; exit ";
  const Ended ended = RunShell(script + "1", {"--tail", "1"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.output, "one\n\n");
  EXPECT_THAT(ended.errors, HasSubstr("\x1b[31mtwo\x1b[0m\n"));
  RunShell("echo one; echo two; echo three", {"--tail", "2"});
  EXPECT_EQ(server_.calls().back().result().description(), "two / three");
  // A given description wins, and without output there is ours.
  RunShell("echo 7 failed; exit 1",
           {"--tail", "1", "--description-success", "All green"});
  EXPECT_EQ(server_.calls().back().result().description(), "7 failed");
  RunShell("echo 7 passed",
           {"--tail", "1", "--description-success", "All green"});
  EXPECT_EQ(server_.calls().back().result().description(), "All green");
  RunShell("exit 5", {"--tail", "1"});
  EXPECT_THAT(server_.calls().back().result().description(),
              StartsWith("Failed with exit code 5"));
  RunShell("echo busy; kill -9 $$", {"--tail", "1"});
  EXPECT_THAT(server_.calls().back().result().description(),
              StartsWith("Killed by SIGKILL"));
  const Ended missing = RunCli({"run", "--tail", "1", "--", "no-such-program"});
  EXPECT_EQ(missing.exit_code, 127);
}

TEST_F(RunCommandTest, ALongOutputIsCopiedWhole) {
  const Ended ended = RunShell("seq 1 200000; seq 1 1000 >&2", {"--tail", "1"});
  EXPECT_EQ(std::count(ended.output.begin(), ended.output.end(), '\n'),
            200'000);
  EXPECT_THAT(ended.output, EndsWith("\n199999\n200000\n"));
  EXPECT_THAT(ended.errors, EndsWith("\n999\n1000\n"));
}

// In a shell's pipeline and in most CI systems, both outputs are one.
TEST_F(RunCommandTest, TheOrderOfTheOutputStays) {
  std::string inner = absl::StrCat("exec ", SIGNALBOX_PROGRAM);
  for (const char* const word : {" run", " --tail", " 1", " -- /bin/sh -c "}) {
    inner += word;
  }
  inner += "'for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo e$i >&2; done' 2>&1";
  Process process({"/bin/sh", "-c", inner}, options_);
  EXPECT_EQ(process.Wait(), 0);
  std::string wanted;
  for (int i = 1; i <= 9; ++i) absl::StrAppend(&wanted, i, "\ne", i, "\n");
  EXPECT_THAT(process.Output(), EndsWith(wanted));
  EXPECT_EQ(OnlyResult().description(), "e9");
}

// As without --tail, the command's own write fails.
TEST_F(RunCommandTest, WhenTheReaderOfItsOutputGoesTheCommandEnds) {
  const std::string script =
      absl::StrCat(SIGNALBOX_PROGRAM,
                   " run --tail 1 -- yes | head -n 1; exit ${PIPESTATUS[0]}");
  Process process({"/bin/bash", "-c", script}, options_);
  EXPECT_EQ(process.Wait(), 128 + SIGPIPE);
  EXPECT_EQ(process.Output(), "y\n");
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_ERROR);
}

// A process that is left behind keeps the pipe open, too.
TEST_F(RunCommandTest, WhatTheCommandLeavesBehindIsNotWaitedFor) {
  const Ended ended = RunShell("sleep 1000 & echo $!", {"--tail", "1"});
  EXPECT_EQ(ended.exit_code, 0);
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ended.output, &pid));
  kill(pid, SIGKILL);
}

TEST_F(RunCommandTest, WhatEndsACommandEarlyIsChecked) {
  for (const auto& [flag, value] :
       std::vector<std::pair<std::string, std::string>>{{"--timeout", "0"},
                                                        {"--timeout", "721h"},
                                                        {"--timeout", "soon"},
                                                        {"--tail", "0"},
                                                        {"--tail", "11"},
                                                        {"--tail", "-1"},
                                                        {"--tail", "one"},
                                                        {"--tail", ""}}) {
    const Ended ended = RunShell("echo ran", {flag, value});
    EXPECT_EQ(ended.exit_code, 2) << flag << " " << value;
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, HasSubstr(absl::StrCat(flag, ": \"", value)));
  }
  EXPECT_EQ(RunShell("echo ran", {"--kill-after", "1s"}).exit_code, 2);
  EXPECT_EQ(
      RunShell("echo ran", {"--tail", "1", "--description", "x"}).exit_code, 2);
}

// A Java program answers SIGQUIT with a dump of its threads, and goes on.
TEST_F(RunCommandTest, WhoIsAskedForADumpIsNotCancelled) {
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments(Waiting("QUIT", "dump", fifo, 0))),
                  options_);
  process.WaitForLines(1);
  process.Signal(SIGQUIT);
  WriteLine(fifo);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_SUCCESS);
}

// Without a message for a minute, a build looks hung.
TEST_F(RunCommandTest, SaysWhatItWaitsFor) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  const Ended ended = RunShell("exit 3", {"--retry-for", "1500ms"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.errors,
              HasSubstr("\nsignalbox: waiting for the server at " + Nowhere()));
  EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 3);
  const Ended result = RunCli({"result", "success", "--retry-for", "3s"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors,
              StartsWith("signalbox: waiting for the server at " + Nowhere()));
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 2);
}

TEST_F(RunCommandTest, ASignalThatKillsTheCommandIsReported) {
  const std::string fifo = MakeFifo("go");
  Process process(Command(Arguments("echo ready; read line < " + fifo)),
                  options_);
  process.WaitForLines(1);
  process.Signal(SIGUSR1);
  EXPECT_EQ(process.Wait(), 128 + SIGUSR1);
  EXPECT_EQ(OnlyResult().result(), v1::RESULT_ERROR);
  EXPECT_THAT(OnlyResult().description(), StartsWith("Killed by SIGUSR1"));
}

// A person who cancels a build does not want to wait for its report.
TEST_F(RunCommandTest, ASignalAfterTheCommandEndsThePatience) {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    FakeServer server;
    server.AnswerAll({grpc::StatusCode::UNAVAILABLE, "away"});
    options_.environment["SIGNALBOX_SERVER"] = server.address();
    Process process(Command(Arguments("exit 5", {"--retry-for", "24h"})),
                    options_);
    while (!server.WaitForCalls(server.calls().size() + 1).back().IsResult()) {
    }
    process.Signal(number);
    EXPECT_EQ(process.Wait(), 5);
    EXPECT_THAT(process.Errors(), HasSubstr("could not report"));
  }
}

// The command must find the signals as signalbox found them.
TEST_F(RunCommandTest, TheCommandInheritsTheSignalsAsTheyWere) {
  const std::vector<std::string> show = {"/bin/grep", "-E", "^Sig(Blk|Ign|Cgt)",
                                         "/proc/self/status"};
  std::vector<std::string> run = {"run", "--"};
  run.insert(run.end(), show.begin(), show.end());
  const auto without = [&](const std::vector<std::string>& command) {
    Process process(command, options_);
    process.Wait();
    return process.Output();
  };
  for (const int ignored : {0, SIGPIPE, SIGHUP, SIGINT}) {
    options_.ignore_signal = ignored;
    EXPECT_EQ(RunCli(run).output, without(show));
  }
}

TEST_F(RunCommandTest, AParentThatIgnoresItsChildrenDoesNotHideTheEnd) {
  options_.ignore_signal = SIGCHLD;
  EXPECT_EQ(RunShell("exit 42").exit_code, 42);
}

TEST_F(RunCommandTest, StopsAndGoesOnWithTheCommand) {
  Process process(Command({"run", "--", SIGNAL_PRINTER}), options_);
  process.WaitForLines(1);
  process.Signal(SIGTSTP);
  process.WaitForStop();
  EXPECT_EQ(process.WaitForLines(2).back(), "SIGTSTP");
  process.Signal(SIGCONT);
  EXPECT_EQ(process.WaitForLines(3).back(), "SIGCONT");
  process.Signal(SIGUSR1);
  EXPECT_EQ(process.Wait(), 9);
}

// One Ctrl-C at a terminal reaches the whole process group. A second SIGINT
// would make many programs give up at once.
TEST_F(RunCommandTest, ACtrlCAtATerminalReachesTheCommandOnce) {
  options_.has_terminal = true;
  Process terminal(Command({"run", "--", SIGNAL_PRINTER}), options_);
  terminal.ReadUntil("ready");
  // It sleeps meanwhile, so that a second SIGINT is not merged with the first.
  terminal.Signal(SIGSTOP);
  terminal.WaitForStop();
  terminal.Type("\x03");
  terminal.ReadUntil("SIGINT");
  // Signals are passed on in order: a second SIGINT would come first.
  terminal.Signal(SIGCONT);
  EXPECT_THAT(terminal.ReadUntil("SIGCONT"), Not(HasSubstr("SIGINT")));
  terminal.Signal(SIGUSR1);
  EXPECT_EQ(terminal.Wait(), 9);
}

TEST_F(RunCommandTest, ManyCommandsAtOnceDoNotDisturbEachOther) {
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 8; ++i) {
    processes.push_back(std::make_unique<Process>(
        Command(Arguments(absl::StrCat("exit ", i))), options_));
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(processes[i]->Wait(), i);
}

}  // namespace
}  // namespace signalbox
