#include "tests/support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"

namespace signalbox {
namespace {

std::vector<std::string> Shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

// Options of a process whose failures are appended to `failures`.
Process::Options Noting(std::string* failures) {
  Process::Options options;
  options.fail = [failures](const std::string& why) { *failures += why; };
  return options;
}

TEST(ProcessTest, AnExitCodeIsNotASignal) {
  EXPECT_EQ(Process(Shell("exit 143"), {}).Wait(), 143);
  EXPECT_EQ(Process(Shell("kill -TERM $$"), {}).Wait(), -SIGTERM);
}

TEST(ProcessTest, GetsItsOptions) {
  Process::Options options;
  options.environment["NAME"] = "value";
  options.directory = "/proc";
  options.input = "typed";
  Process process(Shell("echo $NAME; pwd; cat; echo wrong >&2"), options);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(process.Output(), "value\n/proc\ntyped");
  EXPECT_EQ(process.Errors(), "wrong\n");
}

TEST(ProcessTest, ReadsLineAfterLine) {
  Process process(Shell("echo a; echo at 127.0.0.1:80; echo b; echo c"), {});
  EXPECT_EQ(process.WaitForLine("at "), "127.0.0.1:80");
  EXPECT_EQ(process.Port(), 80);
  EXPECT_EQ(process.ReadUntil("b"), "b");
  EXPECT_EQ(process.ReadUntil(""), "\nc\n");
  EXPECT_EQ(process.WaitForLines(4).back(), "c");
  EXPECT_EQ(process.Wait(), 0);
}

TEST(ProcessTest, ALineThatDoesNotComeIsAFailure) {
  std::string failures;
  Process process(Shell("echo a; echo why >&2"), Noting(&failures));
  EXPECT_EQ(process.WaitForLine("b"), "");
  EXPECT_NE(failures.find("why"), std::string::npos) << failures;
}

TEST(ProcessTest, AProgramThatIsMissingIsAFailure) {
  std::string failures;
  Process process({"/nowhere/program"}, Noting(&failures));
  EXPECT_NE(failures.find("/nowhere/program"), std::string::npos) << failures;
  EXPECT_EQ(process.Wait(), 127);
}

TEST(ProcessTest, IsKilledAtTheLimit) {
  std::string failures;
  Process process(Shell("echo begun; sleep 1000"), Noting(&failures));
  process.WaitForLine("begun");
  EXPECT_TRUE(process.IsRunning());
  EXPECT_EQ(process.Wait(absl::ZeroDuration()), -SIGKILL);
  EXPECT_FALSE(process.IsRunning());
  EXPECT_NE(failures.find("still runs"), std::string::npos) << failures;
}

TEST(ProcessTest, TheDestructorKillsWhatTheProgramHasStarted) {
  int pid = 0;
  {
    Process process(Shell("sleep 1000 & echo $!"), {});
    ASSERT_TRUE(absl::SimpleAtoi(process.WaitForLine(""), &pid));
  }
  WaitForEndOf(pid);
}

TEST(ProcessTest, StopsAndGoesOn) {
  Process process(Shell("echo $$; exec sleep 1000"), {});
  process.WaitForLine("");
  process.Signal(SIGSTOP);
  process.WaitForStop();
  process.Signal(SIGCONT);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), -SIGTERM);
}

TEST(ProcessTest, MayHaveATerminal) {
  Process::Options options;
  options.has_terminal = true;
  Process process(Shell("test -t 0 && test -t 2 && echo asks; read a; exit $a"),
                  options);
  process.ReadUntil("asks");
  process.Type("7\n");
  EXPECT_EQ(process.Wait(), 7);
}

}  // namespace
}  // namespace signalbox
