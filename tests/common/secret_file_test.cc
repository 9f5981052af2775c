#include "common/secret_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unseen_file.h"

namespace signalbox {
namespace {

constexpr absl::Duration kNow = absl::Hours(500'000);

// Accepts any text but "bad", and puts it in brackets.
absl::StatusOr<Secret> Parse(Secret text, const std::string& path) {
  if (text.Reveal() == "bad") {
    return absl::InvalidArgumentError(absl::StrCat(path, " is bad"));
  }
  return Secret(absl::StrCat("<", text.Reveal(), ">"));
}

class SecretFileTest : public testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  // Replaces the file in one step, as an operator should.
  void Replace(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    ASSERT_EQ(rename((path_ + ".new").c_str(), path_.c_str()), 0);
  }
  // Keeps the file's modification time, but not the time of its change. Both
  // come from a clock that ticks every few milliseconds.
  void WriteAtTheSameTime(const std::string& text) {
    struct stat before = {};
    ASSERT_EQ(stat(path_.c_str(), &before), 0);
    struct stat after = before;
    while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
           after.st_ctim.tv_nsec == before.st_ctim.tv_nsec) {
      Write(text);
      const timespec times[] = {before.st_atim, before.st_mtim};
      ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
      ASSERT_EQ(stat(path_.c_str(), &after), 0);
    }
  }
  void Open() {
    absl::StatusOr<SecretFile> file = SecretFile::Open(path_, Parse);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
  }

  TempDir dir_;
  const std::string path_ = dir_.Path("secret");
  std::optional<SecretFile> file_;
};

TEST_F(SecretFileTest, HoldsWhatTheParserMakesOfTheText) {
  Write("one\n");
  Open();
  EXPECT_EQ(file_->secret().Reveal(), "<one>");
  EXPECT_EQ(file_->path(), path_);
}

TEST_F(SecretFileTest, RefusesWhatCannotBeUsed) {
  EXPECT_EQ(SecretFile::Open(path_, Parse).status().code(),
            absl::StatusCode::kNotFound);
  Write(" \n");
  EXPECT_EQ(SecretFile::Open(path_, Parse).status().code(),
            absl::StatusCode::kInvalidArgument);
  Write("bad");
  const absl::Status status = SecretFile::Open(path_, Parse).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), path_));
}

TEST_F(SecretFileTest, SeesThatTheFileWasReplacedOrWritten) {
  Write("one");
  Open();
  EXPECT_FALSE(file_->Refresh(kNow));
  Replace("two");
  EXPECT_TRUE(file_->Refresh(kNow + absl::Hours(1)));
  EXPECT_EQ(file_->secret().Reveal(), "<two>");
  EXPECT_FALSE(file_->Refresh(kNow + absl::Hours(1)));
  Write("three");
  EXPECT_TRUE(file_->Refresh(kNow + absl::Hours(2)));
  EXPECT_EQ(file_->secret().Reveal(), "<three>");
}

// An operator who writes the same text again wants it to be tried again.
TEST_F(SecretFileTest, WrittenAgainIsNew) {
  Write("one");
  Open();
  EXPECT_FALSE(file_->Refresh(kNow));
  Replace("one");
  EXPECT_TRUE(file_->Refresh(kNow + absl::Hours(1)));
}

// Two writes within one tick of the file system leave the same stamp.
TEST_F(SecretFileTest, SeesAChangeThatLeavesNoStampForAMoment) {
  UnseenFile unseen("one");
  absl::StatusOr<SecretFile> file = SecretFile::Open(unseen.path(), Parse);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->Refresh(kNow));
  unseen.Write("two");
  EXPECT_TRUE(file->Refresh(kNow + absl::Milliseconds(4)));
  EXPECT_EQ(file->secret().Reveal(), "<two>");
}

TEST_F(SecretFileTest, ReadsForCertainWhateverTheStamp) {
  UnseenFile unseen("one");
  absl::StatusOr<SecretFile> file = SecretFile::Open(unseen.path(), Parse);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->Refresh(kNow));
  unseen.Write("two");
  EXPECT_FALSE(file->Refresh(kNow + absl::Hours(1)));
  EXPECT_TRUE(file->Refresh(kNow + absl::Hours(1), /*certain=*/true));
  EXPECT_EQ(file->secret().Reveal(), "<two>");
  EXPECT_FALSE(file->Refresh(kNow + absl::Hours(1), /*certain=*/true));
}

// Tools such as `rsync --times` set the modification time.
TEST_F(SecretFileTest, SeesAFileThatKeepsItsModificationTime) {
  Write("one");
  Open();
  EXPECT_FALSE(file_->Refresh(kNow));
  WriteAtTheSameTime("two");
  EXPECT_TRUE(file_->Refresh(kNow + absl::Hours(1)));
  EXPECT_EQ(file_->secret().Reveal(), "<two>");
}

TEST_F(SecretFileTest, KeepsItsSecretWhileTheFileIsBroken) {
  Write("one");
  Open();
  for (const char* text : {"", "bad"}) {
    Write(text);
    EXPECT_FALSE(file_->Refresh(kNow)) << text;
    EXPECT_EQ(file_->secret().Reveal(), "<one>") << text;
  }
  unlink(path_.c_str());
  EXPECT_FALSE(file_->Refresh(kNow + absl::Hours(1)));
  EXPECT_EQ(file_->secret().Reveal(), "<one>");
  Write("two");
  EXPECT_TRUE(file_->Refresh(kNow + absl::Hours(1)));
  EXPECT_EQ(file_->secret().Reveal(), "<two>");
}

}  // namespace
}  // namespace signalbox
