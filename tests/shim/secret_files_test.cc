#include "shim/secret_files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/shim/signed_request.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class SecretFilesTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) {
    return directory_.path() + "/" + name;
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << text;
    return Path(name);
  }

  // Whether a delivery may be signed with it.
  bool Counts(const std::string& secret) {
    BodySignature signature(*files_->Get(now_));
    signature.Update("body");
    return signature.Matches(*ParseSignature(Sign("body", secret)));
  }

  void Open(const std::vector<std::string>& paths) {
    auto files = SecretFiles::Open("--webhook-secret-file", paths);
    ASSERT_TRUE(files.ok()) << files.status();
    files_ = *std::move(files);
  }

  TempDir directory_;
  SecretFiles::Time now_{std::chrono::hours(1)};
  std::unique_ptr<SecretFiles> files_;
};

TEST_F(SecretFilesTest, AChangedFileIsReadAgain) {
  Open({Write("a", "one\n")});
  EXPECT_TRUE(Counts("one"));
  Write("a", "another one");
  EXPECT_TRUE(Counts("another one"));
  EXPECT_FALSE(Counts("one"));
}

// Editors and secret managers put a new file in its place.
TEST_F(SecretFilesTest, AReplacedFileIsReadAgain) {
  Open({Write("a", "one")});
  now_ += std::chrono::hours(1);
  EXPECT_TRUE(Counts("one"));
  std::filesystem::rename(Write("b", "two"), Path("a"));
  EXPECT_TRUE(Counts("two"));
  std::filesystem::create_symlink(Write("c", "six"), Path("link"));
  Open({Path("link")});
  EXPECT_TRUE(Counts("six"));
  std::filesystem::create_symlink(Write("d", "ten"), Path("link2"));
  std::filesystem::rename(Path("link2"), Path("link"));
  EXPECT_TRUE(Counts("ten"));
}

// Within one tick of the file system's clock the file's stamp stays the same.
TEST_F(SecretFilesTest, AFileThatWasWrittenTwiceAtOnceIsReadAgain) {
  Open({Write("a", "one")});
  EXPECT_TRUE(Counts("one"));
  const auto written = std::filesystem::last_write_time(Path("a"));
  Write("a", "two");
  std::filesystem::last_write_time(Path("a"), written);
  EXPECT_TRUE(Counts("two"));
}

TEST_F(SecretFilesTest, TwoSecretsAreActive) {
  Open({Write("old", "one"), Write("new", "two")});
  EXPECT_TRUE(Counts("one"));
  EXPECT_TRUE(Counts("two"));
  Write("old", "three");
  EXPECT_TRUE(Counts("two"));
  EXPECT_TRUE(Counts("three"));
  EXPECT_FALSE(Counts("one"));
}

// The file may be half written, or the wrong one. Deliveries go on.
TEST_F(SecretFilesTest, AFileThatCannotBeUsedChangesNothing) {
  Open({Write("a", "one")});
  for (const char* text : {"", "two\nlines", "\xef\xbb\xbfone", " \n"}) {
    Write("a", text);
    EXPECT_TRUE(Counts("one")) << text;
  }
  std::filesystem::remove(Path("a"));
  now_ += std::chrono::hours(1);
  EXPECT_TRUE(Counts("one"));
  Write("a", "two");
  EXPECT_TRUE(Counts("two"));
}

TEST_F(SecretFilesTest, WhatCannotBeUsedIsRefusedAtFirst) {
  for (const char* text : {"", "two\nlines", "\xef\xbb\xbfone"}) {
    const auto files =
        SecretFiles::Open("--webhook-secret-file", {Write("a", text)});
    ASSERT_FALSE(files.ok()) << text;
    EXPECT_TRUE(absl::StrContains(files.status().message(), Path("a")));
  }
}

}  // namespace
}  // namespace signalbox
