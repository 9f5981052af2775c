#include "server/report/sha.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

void ExpectNoSha(const std::string& text, const std::string& why) {
  const absl::Status status = ParseSha(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(ReasonOf(status), "INVALID_SHA");
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(::testing::StartsWith("sha: \""),
                               ::testing::EndsWith(why)));
}

TEST(ShaTest, Has40Or64HexadecimalDigits) {
  for (const size_t size : {40U, 64U}) {
    EXPECT_EQ(ParseSha(std::string(size, 'a'))->Hex(), std::string(size, 'a'));
    EXPECT_EQ(ParseSha(std::string(size, 'F'))->Hex(), std::string(size, 'f'));
    EXPECT_EQ(ParseSha(std::string(size - 1, '0') + "1")->Hex(),
              std::string(size - 1, '0') + "1");
  }
  const std::string digits = "0123456789abcdef0123456789ABCDEF01234567";
  EXPECT_EQ(ParseSha(digits)->Hex(),
            "0123456789abcdef0123456789abcdef01234567");

  const std::string wanted = "is not a full SHA (40 or 64 hexadecimal digits)";
  for (size_t size = 0; size < 70; ++size) {
    if (size == 40 || size == 64) continue;
    ExpectNoSha(std::string(size, 'a'), wanted);
  }
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    if (absl::ascii_isxdigit(c)) continue;
    ExpectNoSha(std::string(39, 'a') + c, wanted);
    ExpectNoSha(c + std::string(39, 'a'), wanted);
  }
}

// GitHub writes it where there is no commit, as for a deleted branch.
TEST(ShaTest, TheNullIdIsNoCommit) {
  ExpectNoSha(std::string(40, '0'), "is all zeros, which names no commit");
  ExpectNoSha(std::string(64, '0'), "is all zeros, which names no commit");
}

TEST(ShaTest, IsItsBytes) {
  for (const size_t size : {20U, 32U}) {
    const std::string bytes = "\x01\xff" + std::string(size - 2, '\0');
    const Sha sha = Sha::OfBytes(bytes);
    EXPECT_FALSE(sha.empty());
    EXPECT_EQ(sha.bytes(), bytes);
    EXPECT_EQ(sha.Hex(), absl::StrCat("01ff", std::string(2 * size - 4, '0')));
    EXPECT_EQ(*ParseSha(sha.Hex()), sha);
  }
}

TEST(ShaTest, OfNoOrDamagedBytesIsEmpty) {
  EXPECT_TRUE(Sha().empty());
  EXPECT_EQ(Sha().Hex(), "");
  EXPECT_EQ(Sha().bytes(), "");
  for (const size_t size : {0U, 1U, 19U, 21U, 31U, 33U, 40U, 64U}) {
    EXPECT_EQ(Sha::OfBytes(std::string(size, 'a')), Sha()) << size;
  }
}

TEST(ShaTest, IsOrderedAsItsDigits) {
  const std::string texts[] = {
      std::string(39, '0') + "1",  std::string(63, '0') + "1",
      std::string(40, '1'),        "7f" + std::string(38, '0'),
      "80" + std::string(38, '0'), std::string(40, 'f'),
      std::string(64, 'f')};
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      EXPECT_EQ(*ParseSha(a) < *ParseSha(b), a < b) << a << " " << b;
      EXPECT_EQ(*ParseSha(a) == *ParseSha(b), a == b) << a << " " << b;
    }
  }
  // 20 bytes and zeros are not the 32 bytes.
  EXPECT_NE(Sha::OfBytes(std::string(20, '\0')),
            Sha::OfBytes(std::string(32, '\0')));
}

TEST(ShaTest, IsAKeyOfHashTables) {
  absl::flat_hash_set<Sha> shas;
  for (const char c : std::string("abc")) {
    EXPECT_TRUE(shas.insert(*ParseSha(std::string(40, c))).second);
    EXPECT_TRUE(shas.insert(*ParseSha(std::string(64, c))).second);
  }
  EXPECT_FALSE(shas.insert(*ParseSha(std::string(40, 'A'))).second);
  EXPECT_TRUE(shas.insert(Sha()).second);
}

}  // namespace
}  // namespace signalbox
