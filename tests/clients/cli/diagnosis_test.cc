#include "clients/cli/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExaminationTest : public testing::Test {
 protected:
  ExaminationTest() {
    examination_.repository = "acme/widgets";
    examination_.server = "127.0.0.1:50051";
  }

  v1::DiagnoseRepositoryResponse& answer() { return examination_.answer; }
  std::string Text(bool colours = false) const {
    return ExaminationText(examination_, now_, zone_, colours);
  }

  const absl::TimeZone zone_ = absl::FixedTimeZone(2 * 60 * 60);
  const absl::Time now_ = absl::FromCivil(
      absl::CivilSecond(2026, 6, 1, 14, 0, 0), absl::FixedTimeZone(7200));
  Examination examination_;
};

TEST_F(ExaminationTest, ShowsWhatIsInForce) {
  answer().add_expected_contexts("ci/build");
  answer().add_expected_contexts("ci/lint");
  answer().set_expected_contexts_reason("Because of `acme/*`.");
  answer().set_credential("github.com/acme");
  answer().add_permissions("metadata=read");
  answer().add_permissions("statuses=write");
  answer().set_rate_limit(15000);
  answer().set_rate_limit_remaining(999);
  answer().mutable_rate_limit_reset_time()->set_seconds(
      absl::ToUnixSeconds(now_ + absl::Minutes(12)));
  answer().add_hook_settings("First hook.");
  answer().add_hook_settings("Second hook.");
  EXPECT_EQ(Text(),
            "acme/widgets\n"
            "\n"
            "server       127.0.0.1:50051, serving\n"
            "version      unknown (the server is older than this program)\n"
            "you          unknown (the server is older than this program)\n"
            "contexts     ci/build, ci/lint\n"
            "             Because of `acme/*`.\n"
            "credential   github.com/acme\n"
            "permissions  metadata=read, statuses=write\n"
            "budget       999 of 15,000 requests left, full again at 14:12 "
            "(in 12 min)\n"
            "hooks        First hook.\n"
            "             Second hook.\n"
            "\n"
            "everything looks right\n");
}

TEST_F(ExaminationTest, SaysWhatIsNotThere) {
  EXPECT_EQ(Text(),
            "acme/widgets\n"
            "\n"
            "server       127.0.0.1:50051, serving\n"
            "version      unknown (the server is older than this program)\n"
            "you          unknown (the server is older than this program)\n"
            "contexts     none\n"
            "credential   none\n"
            "permissions  unknown (GitHub does not tell for this kind of "
            "token)\n"
            "budget       unknown (GitHub has not told it yet)\n"
            "hooks        unknown (this credential may not read them)\n"
            "\n"
            "everything looks right\n");
}

TEST_F(ExaminationTest, MarksProblemsAndCountsThem) {
  answer().add_problems()->set_message("One.");
  EXPECT_THAT(Text(), EndsWith("\n\nproblem: One.\n\n1 problem\n"));
  answer().add_problems()->set_message("Two.");
  EXPECT_THAT(Text(),
              EndsWith("\n\nproblem: One.\nproblem: Two.\n\n2 problems\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("looks right")));
  EXPECT_THAT(ProblemsOf(examination_), ElementsAre("One.", "Two."));
}

TEST_F(ExaminationTest, AServerThatDoesNotServeIsAProblem) {
  examination_.is_serving = false;
  answer().add_problems()->set_message("One.");
  EXPECT_THAT(Text(), AllOf(HasSubstr("127.0.0.1:50051, not serving\n"),
                            HasSubstr("problem: The server is about to stop"),
                            EndsWith("\n2 problems\n")));
  examination_.is_serving = true;
  answer().clear_problems();
  EXPECT_THAT(ProblemsOf(examination_), IsEmpty());
}

TEST_F(ExaminationTest, ColoursOnlyWhatSumsUp) {
  EXPECT_THAT(Text(/*colours=*/true),
              EndsWith("\x1b[32meverything looks right\x1b[0m\n"));
  answer().add_problems()->set_message("One.");
  EXPECT_THAT(Text(/*colours=*/true),
              EndsWith("\x1b[31mproblem:\x1b[0m One.\n\n\x1b[31m1 "
                       "problem\x1b[0m\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("\x1b")));
}

TEST_F(ExaminationTest, BudgetsOfEveryKind) {
  const auto budget = [&](int64_t limit, int64_t remaining) {
    answer().set_rate_limit(limit);
    answer().set_rate_limit_remaining(remaining);
    const std::string text = Text();
    const size_t begin = text.find("budget       ") + 13;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(budget(5000, 0), "0 of 5,000 requests left");
  EXPECT_EQ(budget(1234567, -5), "0 of 1,234,567 requests left");
  EXPECT_EQ(budget(-1, 7), "unknown (GitHub has not told it yet)");
  answer().mutable_rate_limit_reset_time()->set_seconds(
      absl::ToUnixSeconds(now_) - 1);
  EXPECT_EQ(budget(60, 59), "59 of 60 requests left, full again now");
  answer().mutable_rate_limit_reset_time()->set_seconds(
      absl::ToUnixSeconds(now_) + 30);
  EXPECT_EQ(budget(60, 59),
            "59 of 60 requests left, full again at 14:00 (in 30 s)");
}

// The texts come from GitHub and from other people.
TEST_F(ExaminationTest, NothingGetsAtTheTerminal) {
  const std::string evil = "a\x1b[31m\nz\xe2\x80\xae\xff";
  examination_.repository = evil;
  answer().add_expected_contexts(evil);
  answer().set_expected_contexts_reason(evil);
  answer().set_credential(evil);
  answer().add_permissions(evil);
  answer().add_problems()->set_message(evil);
  answer().add_hook_settings(evil);
  const std::string text = Text();
  EXPECT_THAT(text,
              AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xff")),
                    Not(HasSubstr("\nz")), Not(HasSubstr("\xe2\x80\xae"))));
  const std::string escaped = "a\\x1b[31m\\x0az\\u202e\\xff";
  size_t count = 0;
  for (size_t at = text.find(escaped); at != std::string::npos;
       at = text.find(escaped, at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 7u);
}

}  // namespace
}  // namespace signalbox
