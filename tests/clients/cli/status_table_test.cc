#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "clients/cli/status_text.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

google::protobuf::Timestamp At(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  return timestamp;
}

v1::CommitStatus* AddStatus(v1::GetCommitStatusResponse* commit,
                            const char* context, v1::CommitState state) {
  v1::CommitStatus* status = commit->add_statuses();
  status->set_context(context);
  status->set_state(state);
  return status;
}

class StatusTableTest : public testing::Test {
 protected:
  StatusTableTest() {
    commit_.set_repository("acme/widgets");
    commit_.set_sha("6dcb09b5b57875f334f61aebed695e2e4193db5e");
    commit_.set_state(v1::COMMIT_STATE_FAILURE);
  }

  std::string PostingOf(const v1::Posting& posting) {
    commit_.clear_statuses();
    *AddStatus(&commit_, "c", v1::COMMIT_STATE_SUCCESS)->mutable_posting() =
        posting;
    const std::string table = StatusTable(commit_, kNow, false);
    const std::vector<std::string> lines = absl::StrSplit(table, '\n');
    return lines.at(3).substr(lines.at(2).find("POSTING"));
  }

  v1::GetCommitStatusResponse commit_;
};

TEST_F(StatusTableTest, ShowsOneAlignedLinePerContext) {
  v1::CommitStatus* build =
      AddStatus(&commit_, "ci/build", v1::COMMIT_STATE_SUCCESS);
  build->set_description("Succeeded in 2m 13s");
  build->mutable_posting()->set_state(v1::POSTING_STATE_POSTED);
  *build->mutable_posting()->mutable_post_time() = At(kNow - absl::Seconds(3));
  v1::CommitStatus* lint =
      AddStatus(&commit_, "ci/lint", v1::COMMIT_STATE_ERROR);
  lint->set_result(v1::RESULT_TIMED_OUT);
  lint->mutable_posting()->set_state(v1::POSTING_STATE_WAITING);
  lint->mutable_posting()->set_reason("RATE_LIMIT");
  *lint->mutable_posting()->mutable_next_try_time() =
      At(kNow + absl::Seconds(40));
  EXPECT_EQ(
      StatusTable(commit_, kNow, false),
      "acme/widgets@6dcb09b5b57875f334f61aebed695e2e4193db5e  failure\n"
      "\n"
      "CONTEXT   STATE              DESCRIPTION          POSTING\n"
      "ci/build  success            Succeeded in 2m 13s  shown at GitHub 3 s "
      "ago\n"
      "ci/lint   error (timed out)                       waiting: rate limit, "
      "next try in 40 s\n");
}

TEST_F(StatusTableTest, SaysHowFarGitHubHasGot) {
  v1::Posting posting;
  EXPECT_EQ(PostingOf(posting), "unknown");
  posting.set_state(v1::POSTING_STATE_DUE);
  EXPECT_EQ(PostingOf(posting), "about to be posted");
  posting.set_state(v1::POSTING_STATE_POSTED);
  EXPECT_EQ(PostingOf(posting), "shown at GitHub");
  posting.set_state(v1::POSTING_STATE_WAITING);
  EXPECT_EQ(PostingOf(posting), "waiting");
  posting.set_reason("NO_CREDENTIAL");
  EXPECT_EQ(PostingOf(posting),
            "will not be posted: the server has no credential for the account");
  posting.set_state(v1::POSTING_STATE_ABANDONED);
  EXPECT_EQ(PostingOf(posting), "not posted: no credential");
  posting.set_state(v1::POSTING_STATE_OBSERVED);
  EXPECT_EQ(PostingOf(posting), "seen at GitHub");
  posting.set_state(static_cast<v1::PostingState>(77));
  EXPECT_EQ(PostingOf(posting), "unknown");
}

TEST_F(StatusTableTest, TimesAreInTheLargestUnit) {
  v1::Posting posting;
  posting.set_state(v1::POSTING_STATE_POSTED);
  const auto after = [&](absl::Duration duration) {
    *posting.mutable_post_time() = At(kNow - duration);
    return PostingOf(posting);
  };
  EXPECT_EQ(after(absl::Seconds(59)), "shown at GitHub 59 s ago");
  EXPECT_EQ(after(absl::Seconds(60)), "shown at GitHub 1 min ago");
  EXPECT_EQ(after(absl::Hours(5)), "shown at GitHub 5 h ago");
  EXPECT_EQ(after(absl::Hours(50)), "shown at GitHub 2 d ago");
  // The server's clock may be ahead.
  EXPECT_EQ(after(absl::Seconds(-5)), "shown at GitHub 0 s ago");
}

TEST_F(StatusTableTest, ColoursStatesOnlyIfAsked) {
  AddStatus(&commit_, "a", v1::COMMIT_STATE_SUCCESS);
  AddStatus(&commit_, "b", v1::COMMIT_STATE_PENDING);
  EXPECT_THAT(StatusTable(commit_, kNow, true),
              testing::AllOf(HasSubstr("\x1b[32msuccess\x1b[0m"),
                             HasSubstr("\x1b[33mpending\x1b[0m"),
                             HasSubstr("\x1b[31mfailure\x1b[0m")));
  EXPECT_THAT(StatusTable(commit_, kNow, false), Not(HasSubstr("\x1b")));
}

TEST_F(StatusTableTest, TextOfTheServerCannotSteerTheTerminal) {
  commit_.set_repository("acme/\x1b[2Jwidgets");
  v1::CommitStatus* status =
      AddStatus(&commit_, "ci/\u202ebuild", v1::COMMIT_STATE_SUCCESS);
  status->set_description("two\nlines\r\x1b]0;title\x07");
  status->mutable_posting()->set_state(v1::POSTING_STATE_ABANDONED);
  status->mutable_posting()->set_reason("A\x1b[1mB");
  const std::string table = StatusTable(commit_, kNow, false);
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(table, Not(HasSubstr("\r")));
  EXPECT_THAT(table, Not(HasSubstr("\u202e")));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
}

TEST_F(StatusTableTest, LongTextIsShortened) {
  AddStatus(&commit_, "c", v1::COMMIT_STATE_SUCCESS)
      ->set_description(std::string(4096, 'x'));
  EXPECT_LT(StatusTable(commit_, kNow, false).size(), 400u);
}

// A commit without posts is not pending.
TEST_F(StatusTableTest, SaysWhatHasOvertakenACommit) {
  const std::string newer(40, 'b');
  v1::CommitStatus* status =
      AddStatus(&commit_, "ci/build", v1::COMMIT_STATE_PENDING);
  status->mutable_posting()->set_state(v1::POSTING_STATE_ABANDONED);
  status->mutable_posting()->set_reason("OVERTAKEN");
  status->mutable_posting()->set_overtaken_by(newer);
  commit_.set_state(v1::COMMIT_STATE_PENDING);
  const std::string words = "overtaken by " + newer + "; nothing was posted";
  const std::string table = StatusTable(commit_, kNow, false);
  const std::vector<std::string> lines = absl::StrSplit(table, '\n');
  EXPECT_THAT(lines[0], HasSubstr(words));
  EXPECT_THAT(lines[0], Not(HasSubstr("pending")));
  EXPECT_THAT(lines[3], HasSubstr(words));
  status->mutable_posting()->clear_overtaken_by();
  EXPECT_THAT(StatusTable(commit_, kNow, false),
              HasSubstr("overtaken by a newer head; nothing was posted"));

  // A farm's report still counts.
  AddStatus(&commit_, "ci/lint", v1::COMMIT_STATE_SUCCESS);
  commit_.set_state(v1::COMMIT_STATE_SUCCESS);
  EXPECT_THAT(StatusTable(commit_, kNow, false), HasSubstr("  success\n"));
}

}  // namespace
}  // namespace signalbox
