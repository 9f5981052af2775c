#include "server/report/reasons.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

// Words that nobody gets as a reason: outcomes of a request, methods and SQL;
// and the reasons of errors, which have a text, except those of a credential.
bool IsOther(const std::string& word, bool is_of_error) {
  static const auto* const others =
      new std::set<std::string>{"POSTED", "READ", "NOT_MODIFIED",  "MOVED",
                                "GET",    "POST", "COMMIT",        "ROLLBACK",
                                "END",    "NULL", "STORE_DAMAGED", "TERM_OVER"};
  if (others->contains(word)) return true;
  return is_of_error && word != "CREDENTIAL_NOT_READY" &&
         word != "NO_CREDENTIAL";
}

// The reasons in a source file: its texts of one upper-case word.
std::set<std::string> ReasonsIn(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string source = text.str();
  static const auto* const pattern =
      new std::regex(R"re((StatusCode::k\w+,\s*)?"([A-Z][A-Z_]+)")re");
  std::set<std::string> reasons;
  for (std::sregex_iterator it(source.begin(), source.end(), *pattern), end;
       it != end; ++it) {
    const std::string word = (*it)[2].str();
    if (!IsOther(word, (*it)[1].matched)) reasons.insert(word);
  }
  return reasons;
}

// Each reason that people can meet needs a text for them.
TEST(ReasonsTest, EveryReasonHasARow) {
  const std::filesystem::path server =
      std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "server";
  EXPECT_GT(ReasonsIn(server / "github/classify.cc").size(), 30u);
  int files = 0;
  for (const char* room : {"github", "outbox", "poster"}) {
    for (const auto& file :
         std::filesystem::directory_iterator(server / room)) {
      ++files;
      for (const std::string& reason : ReasonsIn(file.path())) {
        EXPECT_NE(ReasonInWords(reason), reason) << file.path();
      }
    }
  }
  EXPECT_GT(files, 50);
}

TEST(ReasonsTest, AnUnknownReasonStandsForItself) {
  EXPECT_EQ(ReasonInWords("SOMETHING_NEW"), "SOMETHING_NEW");
  EXPECT_EQ(ReasonOfQuestion("SOMETHING_NEW", "acme/widgets"), "");
}

TEST(ReasonsTest, AStatusAndAQuestionHaveTheSameHelp) {
  EXPECT_EQ(ReasonInWords("APP_NOT_INSTALLED"),
            "the GitHub App is not installed in the account that owns the "
            "repository; an owner of that account must install it");
  EXPECT_EQ(ReasonOfQuestion("APP_NOT_INSTALLED", "acme/widgets"),
            "The GitHub App is not installed in the account that owns "
            "acme/widgets: an owner of that account must install it.");
}

TEST(ReasonsTest, AQuestionCanHaveItsOwnMeaning) {
  EXPECT_THAT(ReasonInWords("TIMEOUT"), testing::HasSubstr("the status"));
  EXPECT_EQ(ReasonOfQuestion("TIMEOUT", "acme/widgets"),
            "GitHub did not answer in time.");
  EXPECT_EQ(ReasonOfQuestion("REPOSITORY_GONE", "acme/widgets"),
            "GitHub says that acme/widgets is gone.");
  // Only GitHub's text says more.
  EXPECT_EQ(ReasonOfQuestion("UNEXPECTED_ANSWER", "acme/widgets"), "");
}

// A loop of redirects never leaves GitHub's host.
TEST(ReasonsTest, ARefusedRedirectCanBeALoop) {
  EXPECT_THAT(ReasonInWords("REDIRECT_REFUSED"),
              testing::HasSubstr("or too many times in a row"));
}

// An App's tokens stand in no file.
TEST(ReasonsTest, ARefusedTokenCanBeAnApps) {
  for (const char* const reason : {"BAD_CREDENTIALS", "CREDENTIAL_REFUSED"}) {
    EXPECT_THAT(ReasonInWords(reason),
                testing::AllOf(testing::HasSubstr("its file"),
                               testing::HasSubstr("GitHub App")));
  }
}

}  // namespace
}  // namespace signalbox
