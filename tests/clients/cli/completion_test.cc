// Shell completion: the answer of `signalbox complete`, and the scripts in the
// shells themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

class CompletionTest : public CliFixture {
 protected:
  // Without the descriptions.
  std::vector<std::string> Complete(std::vector<std::string> words) {
    words.insert(words.begin(), {"complete", "--"});
    const Ended ended = RunCli(std::move(words));
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_EQ(ended.errors, "");
    std::vector<std::string> found;
    for (const std::string& line : Lines(ended.output)) {
      found.push_back(line.substr(0, line.find('\t')));
    }
    return found;
  }

  // CI has all shells.
  static bool IsMissing(const std::string& shell) {
    return std::getenv("CI") == nullptr &&
           std::system(
               absl::StrCat("command -v ", shell, " >/dev/null").c_str()) != 0;
  }

  std::vector<std::string> InShell(const std::string& shell,
                                   const std::string& script) {
    options_.environment["SIGNALBOX"] = SIGNALBOX_PROGRAM;
    options_.environment["HOME"] = directory_.path();
    Process process({"/usr/bin/env", shell, "-c", script}, options_);
    EXPECT_EQ(process.Wait(), 0) << process.Errors();
    EXPECT_EQ(process.Errors(), "");
    return Lines(process.Output());
  }
};

TEST_F(CompletionTest, Commands) {
  EXPECT_THAT(Complete({""}),
              AllOf(IsSupersetOf({"pending", "result", "run", "status",
                                  "explain", "retry", "list", "watch", "doctor",
                                  "help", "completion"}),
                    Not(Contains("complete"))));
  EXPECT_THAT(Complete({"re"}), UnorderedElementsAre("result", "retry"));
  EXPECT_THAT(Complete({"--server", "re"}), IsEmpty());
  EXPECT_THAT(Complete({"--json", "--server", "a:1", "wat"}),
              ElementsAre("watch"));
  EXPECT_THAT(Complete({"no-such", ""}), IsEmpty());
  EXPECT_THAT(Complete({}), Contains("run"));
}

TEST_F(CompletionTest, Options) {
  EXPECT_THAT(Complete({"--v"}), ElementsAre("--version"));
  EXPECT_THAT(Complete({"watch", "--st"}), ElementsAre("--state"));
  EXPECT_THAT(Complete({"run", "--"}),
              AllOf(Contains("--timeout"), Contains("--")));
  // Each option once, unless it can be repeated.
  EXPECT_THAT(Complete({"run", "--sha", "HEAD", "--sh"}), IsEmpty());
  EXPECT_THAT(Complete({"watch", "--state", "error", "--st"}),
              ElementsAre("--state"));
}

TEST_F(CompletionTest, Values) {
  EXPECT_THAT(Complete({"watch", "--state", ""}),
              UnorderedElementsAre("pending", "success", "failure", "error"));
  EXPECT_THAT(Complete({"watch", "--state", "f"}), ElementsAre("failure"));
  EXPECT_THAT(Complete({"watch", "--state=f"}), ElementsAre("--state=failure"));
  EXPECT_THAT(Complete({"watch", "--state", "=", "f"}), ElementsAre("failure"));
  EXPECT_THAT(Complete({"watch", "--state", "="}), Contains("failure"));
  EXPECT_THAT(Complete({"list", "--posting", "a"}), ElementsAre("abandoned"));
  EXPECT_THAT(Complete({"result", "t"}), ElementsAre("timed_out"));
  EXPECT_THAT(Complete({"result", "--result", "t"}), ElementsAre("timed_out"));
  EXPECT_THAT(Complete({"result", "success", ""}), IsEmpty());
  EXPECT_THAT(Complete({"help", "exp"}), ElementsAre("explain"));
  EXPECT_THAT(Complete({"completion", "f"}), ElementsAre("fish"));
  EXPECT_THAT(Complete({"status", "--context", ""}), IsEmpty());
}

TEST_F(CompletionTest, FilesAndCommandsAreTheShells) {
  EXPECT_THAT(Complete({"run", "--token-file", ""}), ElementsAre(":file"));
  EXPECT_THAT(Complete({"run", "--", ""}), ElementsAre(":command"));
  EXPECT_THAT(Complete({"run", "--sha", "x", "--", "make", "-"}),
              ElementsAre(":command"));
  EXPECT_THAT(Complete({"status", "--", ""}), IsEmpty());
}

TEST_F(CompletionTest, Bash) {
  const std::string script = R"(
    source <("$SIGNALBOX" completion bash)
    try() {
      COMP_WORDS=("$SIGNALBOX" "$@"); COMP_CWORD=$#; _signalbox
      printf '%s\n' "${COMPREPLY[@]}"
    }
    )";
  EXPECT_THAT(InShell("bash", script + "try watch --state f"),
              ElementsAre("failure"));
  directory_.Write("my token", "x");
  EXPECT_THAT(InShell("bash", script + "try run --token-file my"),
              ElementsAre("my token"));
  EXPECT_THAT(InShell("bash", script + "try run --sha HEAD -- ech"),
              Contains("echo"));
}

TEST_F(CompletionTest, Zsh) {
  if (IsMissing("zsh")) GTEST_SKIP() << "zsh is not installed";
  // zsh's completion system needs a terminal. These replace it.
  const std::string script = R"(
    compdef() { print compdef "$@"; }
    _describe() { print -l -- "${(@P)2}"; }
    _files() { print files; }
    _normal() { print normal $CURRENT "${words[@]}"; }
    source <("$SIGNALBOX" completion zsh)
    try() { words=("$SIGNALBOX" "$@"); CURRENT=$#words; _signalbox; }
    )";
  EXPECT_THAT(InShell("zsh", script + "try watch --state f"),
              ElementsAre("compdef _signalbox signalbox", "failure:"));
  EXPECT_THAT(InShell("zsh", script + "try wat"),
              Contains("watch:Print every change as it comes"));
  EXPECT_THAT(InShell("zsh", script + "try run --token-file x"),
              Contains("files"));
  EXPECT_THAT(InShell("zsh", script + "try run --sha HEAD -- make -"),
              Contains("normal 2 make -"));
}

TEST_F(CompletionTest, Fish) {
  if (IsMissing("fish")) GTEST_SKIP() << "fish is not installed";
  const std::string program = SIGNALBOX_PROGRAM;
  const std::string script =
      absl::StrCat("set -x PATH ", program.substr(0, program.rfind('/')),
                   " $PATH; signalbox completion fish | source; complete -C ");
  EXPECT_THAT(InShell("fish", script + "'signalbox watch --state f'"),
              ElementsAre("failure"));
  EXPECT_THAT(InShell("fish", script + "'signalbox wat'"),
              ElementsAre("watch\tPrint every change as it comes"));
  directory_.Write("token", "x");
  EXPECT_THAT(InShell("fish", script + "'signalbox run --token-file tok'"),
              ElementsAre(HasSubstr("token")));
}

TEST_F(CompletionTest, AnUnknownShellIsAnError) {
  const Ended ended = RunCli({"completion", "tcsh"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("wanted bash, zsh or fish"));
}

}  // namespace
}  // namespace signalbox
