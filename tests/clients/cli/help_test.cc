// --help and the manual pages say the same, and fit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/utf8.h"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class HelpTest : public CliFixture {
 protected:
  HelpTest() {
    for (const auto& line : std::vector<std::string>(absl::StrSplit(
             RunCli({"complete", "--", ""}).output, '\n', absl::SkipEmpty()))) {
      commands_.push_back(line.substr(0, line.find('\t')));
    }
  }

  std::vector<std::string> commands_;
};

TEST_F(HelpTest, IsTheSameByEitherName) {
  ASSERT_GE(commands_.size(), 11u);
  EXPECT_EQ(RunCli({"help"}).output, RunCli({"--help"}).output);
  for (const std::string& command : commands_) {
    const Ended help = RunCli({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.output,
                HasSubstr(absl::StrCat("\nUsage: signalbox ", command)));
    EXPECT_EQ(RunCli({"help", command}).output, help.output);
    EXPECT_THAT(RunCli({"help"}).output,
                HasSubstr(absl::StrCat("\n  ", command, "  ")));
  }
  const Ended unknown = RunCli({"help", "wtach"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors,
              StartsWith("signalbox: unknown command \"wtach\"; the commands "
                         "are pending, "));
}

TEST_F(HelpTest, FitsATerminal) {
  commands_.push_back("");
  for (const std::string& command : commands_) {
    std::vector<std::string> words = {"help"};
    if (!command.empty()) words.push_back(command);
    for (const auto& line :
         std::vector<std::string>(absl::StrSplit(RunCli(words).output, '\n'))) {
      EXPECT_LE(CharacterCount(line), 80u) << line;
    }
  }
}

TEST_F(HelpTest, TheManualPageSaysTheSame) {
  if (std::getenv("CI") == nullptr && access("/usr/bin/groff", X_OK) != 0) {
    GTEST_SKIP() << "groff is not installed";
  }
  commands_.push_back("");
  for (const std::string& command : commands_) {
    std::vector<std::string> words = {"help", "--man"};
    if (!command.empty()) words.push_back(command);
    const Ended page = RunCli(words);
    EXPECT_EQ(page.exit_code, 0);
    // The build writes it as a file, too.
    std::ifstream file(absl::StrCat(SHARE_DIRECTORY, "/man/man1/signalbox",
                                    command.empty() ? "" : "-", command, ".1"));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
              page.output);
    options_.input = page.output;
    Process groff({"/usr/bin/groff", "-man", "-ww", "-Tascii", "-rLL=300n",
                   "-P-c", "-P-b", "-P-u"},
                  options_);
    EXPECT_EQ(groff.Wait(), 0);
    EXPECT_EQ(groff.Errors(), "") << command;
    // The words alone, since roff fills lines in its own way.
    const auto words_of = [](const std::string& text) {
      return absl::StrJoin(
          std::vector<std::string>(
              absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())),
          " ");
    };
    const std::string shown = words_of(groff.Output());
    options_.input = "";
    words.erase(words.begin() + 1);
    const std::string help = RunCli(words).output;
    std::vector<std::string> paragraphs = absl::StrSplit(help, "\n\n");
    int compared = 0;
    for (const std::string& text : paragraphs) {
      std::string paragraph = words_of(text);
      // The text before it has another layout.
      if (absl::StrContains(paragraph, "Usage: ")) continue;
      paragraph = absl::StrReplaceAll(paragraph, {{"-h,--help", "-h, --help"}});
      for (const std::string start :
           {"Positionals: ", "Options: ", "Examples: ", "Exit codes: ",
            "Subcommands: "}) {
        if (absl::StartsWith(paragraph, start)) {
          paragraph.erase(0, start.size());
          break;
        }
      }
      ++compared;
      EXPECT_THAT(shown, HasSubstr(paragraph)) << command;
    }
    EXPECT_GE(compared, 2) << command;
    for (const std::string section :
         {"NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "SEE ALSO"}) {
      EXPECT_THAT(groff.Output(), HasSubstr(section)) << command;
    }
  }
}

}  // namespace
}  // namespace signalbox
