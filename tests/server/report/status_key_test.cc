#include "server/report/status_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

template <typename T>
void ExpectRefused(const absl::StatusOr<T>& parsed, const std::string& field,
                   const std::string& reason) {
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(parsed.status()), reason);
  EXPECT_THAT(std::string(parsed.status().message()),
              StartsWith(field + ": \""));
}

std::string EveryByteBut(const std::string& but) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    if (but.find(c) == std::string::npos) bytes += c;
  }
  return bytes;
}

const std::string& LettersAndDigits() {
  static const auto* const letters = new std::string(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  return *letters;
}

TEST(RepositoryTest, WithoutAHostIsOfGitHubCom) {
  const absl::StatusOr<Repository> repository = ParseRepository("Acme/Widgets");
  ASSERT_TRUE(repository.ok());
  EXPECT_EQ(repository->host, "github.com");
  EXPECT_EQ(repository->owner, "Acme");
  EXPECT_EQ(repository->name, "Widgets");
  EXPECT_EQ(repository->FullName(), "Acme/Widgets");
  EXPECT_EQ(repository->Display(), "Acme/Widgets");
  EXPECT_EQ(repository->Canonical().text(), "github.com/acme/widgets");
}

TEST(RepositoryTest, OfAnotherHostIsShownWithIt) {
  const absl::StatusOr<Repository> repository =
      ParseRepository("GHES.Example.COM:8443/Acme/Widgets");
  ASSERT_TRUE(repository.ok());
  EXPECT_EQ(repository->host, "ghes.example.com:8443");
  EXPECT_EQ(repository->FullName(), "Acme/Widgets");
  EXPECT_EQ(repository->Display(), "ghes.example.com:8443/Acme/Widgets");
  EXPECT_EQ(repository->Canonical().text(),
            "ghes.example.com:8443/acme/widgets");
}

TEST(RepositoryTest, IsTheSameInAnyCaseAndWithItsDefaultHost) {
  const CanonicalName canonical = ParseRepository("acme/widgets")->Canonical();
  for (const char* const text :
       {"ACME/widgets", "acme/WIDGETS", "github.com/acme/widgets",
        "GitHub.COM/Acme/Widgets"}) {
    EXPECT_EQ(ParseRepository(text)->Canonical(), canonical) << text;
    EXPECT_EQ(ParseRepository(ParseRepository(text)->Display())->Canonical(),
              canonical);
  }
}

TEST(RepositoryTest, OwnersHaveUpTo39Characters) {
  EXPECT_TRUE(ParseRepository("a/b").ok());
  EXPECT_TRUE(ParseRepository("a-b_c/b").ok());
  EXPECT_TRUE(ParseRepository(std::string(39, 'a') + "/b").ok());
  ExpectRefused(ParseRepository(std::string(40, 'a') + "/b"), "repository",
                "INVALID_REPOSITORY");
  ExpectRefused(ParseRepository("/b"), "repository", "INVALID_REPOSITORY");
  // A slash would turn the owner into a host and an owner.
  for (const char c : EveryByteBut(LettersAndDigits() + "-_/")) {
    ExpectRefused(ParseRepository(absl::StrCat("a", std::string(1, c), "b/c")),
                  "repository", "INVALID_REPOSITORY");
    ExpectRefused(ParseRepository(absl::StrCat(std::string(1, c), "/c")),
                  "repository", "INVALID_REPOSITORY");
  }
}

TEST(RepositoryTest, NamesHaveUpTo100Characters) {
  EXPECT_TRUE(ParseRepository("a/.github").ok());
  EXPECT_TRUE(ParseRepository("a/...").ok());
  EXPECT_TRUE(ParseRepository("a/-._").ok());
  EXPECT_TRUE(ParseRepository("a/" + std::string(100, 'b')).ok());
  for (const std::string& name : {std::string(101, 'b'), std::string("."),
                                  std::string(".."), std::string()}) {
    ExpectRefused(ParseRepository("a/" + name), "repository",
                  "INVALID_REPOSITORY");
  }
  for (const char c : EveryByteBut(LettersAndDigits() + "-_./")) {
    ExpectRefused(ParseRepository(absl::StrCat("a/b", std::string(1, c))),
                  "repository", "INVALID_REPOSITORY");
  }
}

TEST(RepositoryTest, HostsAreNamesOrAddressesWithOrWithoutAPort) {
  for (const std::string& host :
       {std::string("github.com"), std::string("localhost"),
        std::string("127.0.0.1"), std::string("a"), std::string("1.2"),
        std::string("a-b.c"), std::string("xn--bcher-kva.example"),
        std::string("a:1"), std::string("a:65535"), std::string(63, 'a') + ".b",
        absl::StrCat(std::string(63, 'a'), ".", std::string(63, 'b'), ".",
                     std::string(63, 'c'), ".", std::string(61, 'd'))}) {
    EXPECT_TRUE(ParseRepository(host + "/a/b").ok()) << host;
  }
  for (const std::string& host :
       {std::string(),
        std::string("."),
        std::string("a."),
        std::string(".a"),
        std::string("a..b"),
        std::string("-a"),
        std::string("a-"),
        std::string("a_b"),
        std::string(64, 'a'),
        std::string("a:"),
        std::string(":1"),
        std::string("a:0"),
        std::string("a:65536"),
        std::string("a:123456"),
        std::string("a:-1"),
        std::string("a:+1"),
        std::string("a: 1"),
        std::string("a:1:2"),
        std::string("[::1]"),
        std::string("a@b"),
        std::string("a%20b"),
        std::string("\u00e4"),
        absl::StrCat(std::string(63, 'a'), ".", std::string(63, 'b'), ".",
                     std::string(63, 'c'), ".", std::string(62, 'd'))}) {
    ExpectRefused(ParseRepository(host + "/a/b"), "repository",
                  "INVALID_REPOSITORY");
  }
  for (const char c : EveryByteBut(LettersAndDigits() + "-./")) {
    ExpectRefused(
        ParseRepository(absl::StrCat("a", std::string(1, c), "b/a/b")),
        "repository", "INVALID_REPOSITORY");
  }
}

TEST(RepositoryTest, IsTwoOrThreeParts) {
  for (const char* const text :
       {"", "a", "/", "//", "///", "a/b/c/d", "a/b/", "/a/b", "a//b",
        "https://github.com/a/b", "a/b ", " a/b", "a/b\n", "a/b.git/x/y"}) {
    ExpectRefused(ParseRepository(text), "repository", "INVALID_REPOSITORY");
  }
  ExpectRefused(ParseRepository(absl::string_view("a/b\0", 4)), "repository",
                "INVALID_REPOSITORY");
}

// GitHub has no repository with such a name, so a report for it could never be
// posted.
TEST(RepositoryTest, TheEndOfACloneUrlIsOfNoName) {
  for (const char* const text : {"a/b.git", "A/B.GIT", "a/.git", "a/b.git.Git",
                                 "ghes.example.com/a/b.git"}) {
    ExpectRefused(ParseRepository(text), "repository", "INVALID_REPOSITORY");
    EXPECT_THAT(std::string(ParseRepository(text).status().message()),
                HasSubstr(".git"));
  }
  for (const char* const text : {"a/git", "a/b.git2", "a/b-git", "a/b.gitx",
                                 "a.git/b", "a/.github", "a/b.git.io"}) {
    EXPECT_EQ(ParseRepository(text).ok(), absl::string_view(text) != "a.git/b")
        << text;
  }
}

TEST(CanonicalNameTest, IsComparedByItsText) {
  EXPECT_TRUE(CanonicalName().empty());
  const CanonicalName widgets = ParseRepository("Acme/Widgets")->Canonical();
  EXPECT_FALSE(widgets.empty());
  EXPECT_EQ(CanonicalName::OfStored(widgets.text()), widgets);
  const CanonicalName gadgets = ParseRepository("acme/gadgets")->Canonical();
  EXPECT_NE(gadgets, widgets);
  EXPECT_LT(gadgets, widgets);
  EXPECT_LT(CanonicalName(), gadgets);
  const absl::flat_hash_set<CanonicalName> names = {widgets, gadgets};
  EXPECT_TRUE(names.contains(ParseRepository("ACME/WIDGETS")->Canonical()));
  EXPECT_FALSE(names.contains(ParseRepository("acme/sprockets")->Canonical()));
}

TEST(ContextTest, IsTextAsSpelled) {
  for (const char* const text :
       {"a", "ci/Build", "build (linux, gcc 12)", "\"quoted\" \\ %00 *", "~!",
        "Tests \u00bb Linux", "\u0421\u0431\u043e\u0440\u043a\u0430",
        "\uffff"}) {
    EXPECT_EQ(*ParseContext(text), text);
    EXPECT_EQ(*ParseObservedContext(text), text);
  }
  std::string printable;
  for (char c = ' '; c <= '~'; ++c) printable += c;
  for (const char c : EveryByteBut(printable)) {
    ExpectRefused(ParseContext(absl::StrCat("a", std::string(1, c), "b")),
                  "context", "INVALID_CONTEXT");
  }
}

TEST(ContextTest, TheErrorTellsTheCharacter) {
  const auto message = [](const std::string& text) {
    return std::string(ParseContext(text).status().message());
  };
  EXPECT_THAT(message("ci/\u00fc\u0085ild"),
              HasSubstr("no context may have: U+0085 at position 5; wanted "));
  EXPECT_THAT(message("\u00fc\U0001F680"),
              HasSubstr(": U+1F680 at position 2"));
  EXPECT_THAT(message("ci/build\n"), HasSubstr(": U+000A at position 9"));
  EXPECT_THAT(message("a\xff"), HasSubstr(": the byte 0xff at position 2"));
}

TEST(ContextTest, HasUpTo255Characters) {
  EXPECT_TRUE(ParseContext(std::string(255, 'x')).ok());
  std::string wide;
  while (wide.size() < 3 * 255) wide += "\u20ac";
  EXPECT_TRUE(ParseContext(wide).ok());
  ExpectRefused(ParseContext(wide + "x"), "context", "INVALID_CONTEXT");
  const absl::StatusOr<std::string> long_one =
      ParseContext(std::string(256, 'x'));
  ExpectRefused(long_one, "context", "INVALID_CONTEXT");
  // The error must not repeat it all.
  EXPECT_LT(long_one.status().message().size(), 400U);
  EXPECT_THAT(std::string(long_one.status().message()), HasSubstr("256"));
  ExpectRefused(ParseContext(""), "context", "INVALID_CONTEXT");
}

// GitHub shows what other programs chose.
TEST(ContextTest, AnObservedOneMayBeMore) {
  for (const char* const text : {" a ", "\U0001F680", "\u0085"}) {
    EXPECT_EQ(*ParseObservedContext(text), text);
    ExpectRefused(ParseContext(text), "context", "INVALID_CONTEXT");
  }
  for (const char* const text : {"", "\xff", "a\nb", "\x7f"}) {
    ExpectRefused(ParseObservedContext(text), "context", "INVALID_CONTEXT");
  }
}

TEST(ContextTest, HasNoSpaceAtEitherEnd) {
  for (const char* const text : {" a", "a ", " ", "  ", " a "}) {
    ExpectRefused(ParseContext(text), "context", "INVALID_CONTEXT");
  }
}

TEST(StatusKeyTest, IsTheSameInAnyCase) {
  const Repository repository = *ParseRepository("acme/widgets");
  const Sha sha = *ParseSha(std::string(40, 'a'));
  const StatusKey key = StatusKey::Of(repository, sha, "ci/build");
  EXPECT_EQ(key, StatusKey::Of(*ParseRepository("GitHub.com/Acme/WIDGETS"), sha,
                               "CI/Build"));
  EXPECT_EQ(key.repository.text(), "github.com/acme/widgets");
  EXPECT_EQ(key.sha, sha);
  EXPECT_EQ(key.context, "ci/build");
  EXPECT_NE(key, StatusKey::Of(repository, sha, "ci/lint"));
  const StatusKey green = StatusKey::Of(repository, sha, "CI/GR\u00dcN");
  EXPECT_EQ(green.context, "ci/gr\u00dcn");
  EXPECT_NE(green, StatusKey::Of(repository, sha, "ci/gr\u00fcn"));
  EXPECT_NE(key, StatusKey::Of(repository, *ParseSha(std::string(40, 'b')),
                               "ci/build"));
  EXPECT_NE(key,
            StatusKey::Of(*ParseRepository("g/acme/widgets"), sha, "ci/build"));
}

}  // namespace
}  // namespace signalbox
