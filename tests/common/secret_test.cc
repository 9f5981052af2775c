#include "common/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/error.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

template <typename T, typename = void>
struct IsPrintable : std::false_type {};
template <typename T>
struct IsPrintable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                           << std::declval<const T&>())>>
    : std::true_type {};

static_assert(IsPrintable<std::string>::value);
static_assert(!IsPrintable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);

TEST(SecretTest, CopiesAreIndependent) {
  Secret first("a token of some length");
  Secret second(first);
  const Secret third = std::move(first);
  EXPECT_EQ(second.Reveal(), "a token of some length");
  EXPECT_EQ(third.Reveal(), "a token of some length");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  second = Secret("other");
  EXPECT_EQ(second.Reveal(), "other");
  EXPECT_EQ(third.Reveal(), "a token of some length");
  Secret& itself = second;
  second = itself;
  EXPECT_EQ(second.Reveal(), "other");
  second = std::move(itself);
  EXPECT_EQ(second.Reveal(), "other");
}

// A moved token must not stay behind in its old place on the stack.
TEST(SecretTest, NothingStaysBehind) {
  for (const size_t size : {4U, 15U, 16U, 100U}) {
    const std::string value(size, 'x');
    alignas(Secret) unsigned char place[sizeof(Secret)];
    auto* const secret = new (place) Secret(value);
    const Secret moved(std::move(*secret));
    EXPECT_EQ(moved.Reveal(), value);
    secret->~Secret();
    // The place also holds pointers, one byte of which may be an 'x'.
    EXPECT_EQ(std::search_n(std::begin(place), std::end(place), 4, 'x'),
              std::end(place))
        << size;
  }
}

TEST(SecretTest, ComparesWholeValues) {
  EXPECT_TRUE(Secret("abc").Equals(Secret("abc")));
  EXPECT_FALSE(Secret("abc").Equals(Secret("abd")));
  EXPECT_FALSE(Secret("abc").Equals(Secret("xbc")));
  EXPECT_FALSE(Secret("abc").Equals(Secret("ab")));
  EXPECT_FALSE(Secret("").Equals(Secret("a")));
  EXPECT_TRUE(Secret().Equals(Secret("")));
}

class ReadSecretFileTest : public ::testing::Test {
 protected:
  void Write(absl::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  void ExpectError(absl::StatusCode code, absl::string_view path) {
    const absl::Status status = ReadSecretFile(std::string(path)).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(path)));
  }

  const TempDir dir_;
  const std::string directory_ = dir_.path();
  const std::string path_ = dir_.Path("token");
};

TEST_F(ReadSecretFileTest, WhiteSpaceAroundDoesNotCount) {
  for (const char* const text :
       {"token", "token\n", "token\r\n", "\n \ttoken \n\n"}) {
    Write(text);
    const absl::StatusOr<Secret> secret = ReadSecretFile(path_);
    ASSERT_TRUE(secret.ok()) << secret.status();
    EXPECT_EQ(secret->Reveal(), "token");
  }
  Write("-----BEGIN KEY-----\nline\n-----END KEY-----\n");
  EXPECT_EQ(ReadSecretFile(path_)->Reveal(),
            "-----BEGIN KEY-----\nline\n-----END KEY-----");
}

TEST_F(ReadSecretFileTest, MayHold64KiB) {
  Write(std::string(64 << 10, 'x'));
  EXPECT_EQ(ReadSecretFile(path_)->Reveal().size(), 64U << 10);
  Write(std::string((64 << 10) + 1, 'x'));
  ExpectError(absl::StatusCode::kInvalidArgument, path_);
  EXPECT_EQ(ReasonOf(ReadSecretFile(path_).status()), "INVALID_SECRET_FILE");
  Write(std::string(1 << 20, ' '));
  ExpectError(absl::StatusCode::kInvalidArgument, path_);
}

TEST_F(ReadSecretFileTest, MustHoldSomething) {
  for (const char* const text : {"", "\n", " \t\r\n "}) {
    Write(text);
    ExpectError(absl::StatusCode::kInvalidArgument, path_);
    EXPECT_EQ(ReasonOf(ReadSecretFile(path_).status()), "INVALID_SECRET_FILE");
  }
}

TEST_F(ReadSecretFileTest, MustBeThere) {
  ExpectError(absl::StatusCode::kNotFound, path_);
  ExpectError(absl::StatusCode::kNotFound, "");
}

TEST_F(ReadSecretFileTest, MustBeAFile) {
  const absl::Status status = ReadSecretFile(directory_).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory_));
  EXPECT_THAT(std::string(status.message()), HasSubstr("directory"));
}

TEST_F(ReadSecretFileTest, MustBeReadable) {
  Write("token");
  chmod(path_.c_str(), 0);
  if (access(path_.c_str(), R_OK) == 0) {
    // Root may read everything.
    EXPECT_TRUE(ReadSecretFile(path_).ok());
    return;
  }
  ExpectError(absl::StatusCode::kPermissionDenied, path_);
}

TEST_F(ReadSecretFileTest, NoErrorShowsTheSecret) {
  Write(std::string(100'000, 'x'));
  EXPECT_THAT(std::string(ReadSecretFile(path_).status().message()),
              Not(HasSubstr("xxx")));
}

TEST(ParseSecretLineTest, SaysWhatIsWrong) {
  const struct {
    std::string text;
    const char* problem;
  } cases[] = {
      {"\xef\xbb\xbfsecret", "byte order mark"},
      {std::string("\xff\xfes\0e\0c\0", 8), "UTF-16"},
      {std::string("\xfe\xff\0s\0e\0c", 8), "UTF-16"},
      {std::string("s\0e\0c\0", 6), "UTF-16"},
      {"canary\r\nb", "more than one line"},
      {"can\x1b"
       "ary",
       "control character"},
  };
  for (const auto& c : cases) {
    const absl::Status status =
        ParseSecretLine(Secret(c.text), "/secret").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), "INVALID_SECRET_FILE");
    EXPECT_THAT(std::string(status.message()), StartsWith("/secret "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.problem));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("canary")));
  }
  EXPECT_EQ(ParseSecretLine(Secret("caf\xc3\xa9 au lait"), "f")->Reveal(),
            "caf\xc3\xa9 au lait");
}

TEST(ParseTokenTest, ATokenIsOneWordOfVisibleAscii) {
  for (const std::string& text :
       {std::string("ghs_1~"), std::string(4096, 'x')}) {
    EXPECT_TRUE(IsBearerToken(text));
    EXPECT_EQ(ParseToken(Secret(text), "f")->Reveal(), text);
  }
  for (const std::string& text :
       {std::string("a canary"), std::string("caf\xc3\xa9"),
        std::string("a\nb"), std::string("\x7f"), std::string(4097, 'x')}) {
    EXPECT_FALSE(IsBearerToken(text));
    const absl::Status status = ParseToken(Secret(text), "/token").status();
    EXPECT_EQ(ReasonOf(status), "INVALID_SECRET_FILE") << status;
    EXPECT_THAT(std::string(status.message()), StartsWith("/token "));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("canary")));
  }
  EXPECT_FALSE(IsBearerToken(""));
}

TEST_F(ReadSecretFileTest, OfAnOptionNamesTheOption) {
  Write("token\n");
  EXPECT_EQ(ReadTokenFile("--token-file", path_)->Reveal(), "token");
  Write("two words");
  for (const std::string& path : {path_, dir_.Path("absent")}) {
    const absl::Status status = ReadTokenFile("--token-file", path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith("--token-file: "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
}

TEST(SecretEnvironmentTest, IsTakenOut) {
  setenv("SIGNALBOX_TEST_SECRET", " token\n", 1);
  // The memory that the kernel shows as the process's environment.
  const char* const place = getenv("SIGNALBOX_TEST_SECRET");
  const Secret secret = TakeSecretFromEnvironment("SIGNALBOX_TEST_SECRET");
  EXPECT_EQ(secret.Reveal(), "token");
  EXPECT_EQ(getenv("SIGNALBOX_TEST_SECRET"), nullptr);
  EXPECT_EQ(std::string(place), "");
}

TEST(SecretEnvironmentTest, MayBeMissing) {
  unsetenv("SIGNALBOX_TEST_SECRET");
  EXPECT_TRUE(TakeSecretFromEnvironment("SIGNALBOX_TEST_SECRET").empty());
  setenv("SIGNALBOX_TEST_SECRET", "", 1);
  EXPECT_TRUE(TakeSecretFromEnvironment("SIGNALBOX_TEST_SECRET").empty());
}

}  // namespace
}  // namespace signalbox
