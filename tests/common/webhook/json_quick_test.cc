#include "common/webhook/json_quick.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/common/webhook/compare_readers.h"
#include "tests/common/webhook/json_texts.h"
#include "tests/common/webhook/payloads.h"

namespace signalbox {
namespace {

constexpr absl::string_view kQuickWanted[] = {"a",
                                              "a.b",
                                              "a.b.c",
                                              "a.b[]",
                                              "n",
                                              "action",
                                              "zen",
                                              "hook.events[]",
                                              "pull_request.head.sha",
                                              "ref",
                                              "repository.id",
                                              "pull_request.head.repo",
                                              "installation"};

// Whether QuickRead takes it, and that it does so rightly.
bool Takes(absl::string_view json, absl::string_view name = "action") {
  EXPECT_EQ(Contradiction(json, kQuickWanted, name), "") << json.substr(0, 200);
  return QuickRead(json, kQuickWanted).has_value();
}

// If it left them to the strict reader, nobody would notice but the CPU.
TEST(JsonQuickTest, TakesPayloads) {
  for (const nlohmann::ordered_json& payload :
       {PullRequestPayload(), PushPayload(), RetargetPayload(),
        MergeGroupPayload(), CheckRunPayload(), CheckSuitePayload(),
        CommentPayload(), StatusPayload(), RenamedPayload(),
        TransferredPayload(), InstallationPayload(),
        InstallationRepositoriesPayload(), InstallationTargetPayload(),
        PingPayload()}) {
    EXPECT_TRUE(Takes(payload.dump())) << payload;
    EXPECT_TRUE(Takes(payload.dump(2))) << payload;
    EXPECT_TRUE(QuickReadText(payload.dump(), "action").has_value()) << payload;
  }
}

// A parser is used again. What is left of the text before must not complete
// this one.
TEST(JsonQuickTest, TheTextBeforeDoesNotCount) {
  ASSERT_TRUE(Takes(R"({"a":{"b":1}})"));
  EXPECT_FALSE(Takes(R"({"a":{"b":1})"));
  ASSERT_TRUE(Takes(R"({"a":"bc"})"));
  EXPECT_FALSE(Takes(R"({"a":"b)"));
}

// GitHub's own examples. scripts/test installs them, so CI has them.
TEST(JsonQuickTest, TakesGitHubsExamples) {
  std::ifstream file(SIGNALBOX_SOURCE_DIR
                     "/tests/conformance/node_modules/@octokit/"
                     "webhooks-examples/api.github.com/index.json");
  if (!file && std::getenv("CI") == nullptr) {
    GTEST_SKIP() << "they are not installed";
  }
  ASSERT_TRUE(file) << "run scripts/install-npm-packages";
  int count = 0;
  for (const auto& event : nlohmann::ordered_json::parse(file)) {
    for (const auto& example : event.at("examples")) {
      EXPECT_TRUE(Takes(example.dump())) << event.at("name");
      ++count;
    }
  }
  EXPECT_GT(count, 100);
}

TEST(JsonQuickTest, ReadsWhatIsWanted) {
  const auto members = QuickRead(
      R"({"x":{"b":1},"a":{"b":{"c":"text"},"d":[1]},"n":-7})", kQuickWanted);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(Described(*members), "a=1:; a.b=1:; a.b.c=5:text; n=4:-7");
  EXPECT_EQ(QuickReadText(R"({"x":{"n":"no"},"n":"yes"})", "n"), "yes");
  EXPECT_EQ(QuickReadText(R"({"n":1})", "n"), "");
}

TEST(JsonQuickTest, ValuesOfAllKindsAreTheSame) {
  for (const char* value : {"null",
                            "{}",
                            "[]",
                            "true",
                            "false",
                            "0",
                            "-0",
                            "-0.0",
                            "0e0",
                            "1.0",
                            "1e3",
                            "1E+3",
                            "-1e-3",
                            "9223372036854775807",
                            "9223372036854775808",
                            "-9223372036854775808",
                            "18446744073709551615",
                            "\"\"",
                            "\"text\"",
                            R"("\u0000")",
                            R"("\ud83d\ude00 \u00e9\\\/\"\b\f\n\r\t")",
                            "\"\xf0\x9f\x98\x80\xef\xbf\xbf\x7f\"",
                            "5e-324",
                            "1e-999",
                            "1.7976931348623157e308",
                            R"(["x",1,null,["y"],{"b":["z"]},"w"])"}) {
    EXPECT_TRUE(Takes(absl::StrCat("{\"a\":", value, "}"), "a")) << value;
    EXPECT_TRUE(Takes(absl::StrCat("{\"a\":{\"b\":", value, "}}"), "a"))
        << value;
  }
  // These may take the other way.
  for (const char* value :
       {"18446744073709551616", "-9223372036854775809",
        "123456789012345678901234567890", "-1e400", "1.7976931348623159e308",
        "1e999", "0e999", "1.797693134862315807937e308",
        "1.797693134862315708145e308"}) {
    Takes(absl::StrCat("{\"a\":", value, "}"), "a");
  }
}

TEST(JsonQuickTest, TakesNothingThatIsWrong) {
  for (const std::string& json : NotOneObject()) {
    EXPECT_FALSE(Takes(json)) << json;
    EXPECT_FALSE(QuickReadText(json, "action").has_value()) << json;
  }
  Takes("\xEF\xBB\xBF{\"a\":1}");  // Versions of the parser differ.
}

TEST(JsonQuickTest, KeepsTheRulesBeyondJson) {
  for (const char* json : kNamedTwice) {
    EXPECT_FALSE(Takes(json)) << json;
  }
  // The text of an unused event may repeat names.
  EXPECT_EQ(QuickReadText(R"({"a":1,"a":"","a":"x","a":"y"})", "a"), "x");
  Takes(R"({"action":1,"action":"","action":"x","action":"y"})");
  for (const char* json :
       {R"({"a.b":1})", R"({"a":{"b.c":1}})", R"({"a":[{"b":1}]})",
        R"({"":{"a":{"b":1}}})", R"({"a":{"":{"b":1}}})", R"({"A":{"B":1}})",
        R"({"a":{"b[]":"x"}})", R"({"a.b":["x"]})", R"({"a":{"b":"x"}})",
        R"({"a":{"b":{"c":{"d":1}}},"b":{"c":2}})", R"({"":1,"a\u0000":2})"}) {
    EXPECT_TRUE(Takes(json)) << json;
  }
}

TEST(JsonQuickTest, HasTheSameLimits) {
  for (const auto& [open, close] :
       {std::pair("{\"y\":", "}"), std::pair("[", "]")}) {
    EXPECT_TRUE(Takes(Nested(32, open, close)));
    EXPECT_FALSE(Takes(Nested(33, open, close)));
    EXPECT_FALSE(Takes(Nested(2000, open, close)));
  }
  EXPECT_TRUE(Takes(WithMembers(10000)));
  EXPECT_FALSE(Takes(WithMembers(10001)));
  EXPECT_TRUE(Takes(WithTexts(1000)));
}

// Its memory is bounded.
TEST(JsonQuickTest, LeavesLongTextsToTheOther) {
  constexpr size_t kMost = 128 << 10;
  EXPECT_TRUE(Takes("{}" + std::string(kMost - 2, ' ')));
  EXPECT_FALSE(Takes("{}" + std::string(kMost - 1, ' ')));
  EXPECT_TRUE(
      JsonFields::Read("{}" + std::string(kMost, ' '), kQuickWanted).ok());
}

// A parser is used again for another text, and never by two threads.
TEST(JsonQuickTest, ManyThreadsCanRead) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([thread] {
      for (int i = 0; i < 200; ++i) {
        const std::string text(static_cast<size_t>(i * 7 % 300), 'x');
        const auto members =
            QuickRead(absl::StrCat("{\"n\":", thread, ",\"a\":\"", text, "\"}"),
                      kQuickWanted);
        ASSERT_TRUE(members.has_value());
        EXPECT_EQ(Described(*members),
                  absl::StrCat("a=5:", text, "; n=4:", thread));
        EXPECT_FALSE(QuickRead("{\"a\":", kQuickWanted).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace signalbox
