#include "common/log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

// What one call writes to stderr.
std::string Logged(LogFormat format, absl::string_view event,
                   std::initializer_list<LogField> fields) {
  StartLogging(format);
  ::testing::internal::CaptureStderr();
  LogInfo(event, fields);
  return ::testing::internal::GetCapturedStderr();
}

// One line, which is one JSON object.
nlohmann::json LoggedJson(absl::string_view event,
                          std::initializer_list<LogField> fields) {
  std::string line = Logged(LogFormat::kJson, event, fields);
  EXPECT_FALSE(line.empty());
  if (!line.empty()) {
    EXPECT_EQ(line.back(), '\n');
    line.pop_back();
  }
  for (const char c : line) {
    EXPECT_GE(c, ' ') << line;
    EXPECT_LE(c, '~') << line;
  }
  nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  EXPECT_TRUE(json.is_object()) << line;
  return json;
}

TEST(LogTest, ALineIsAJsonObject) {
  const nlohmann::json line =
      LoggedJson("status posted", {{"repository", "acme/widgets"},
                                   {"attempt", int64_t{7}},
                                   {"retry", false}});
  EXPECT_EQ(line["event"], "status posted");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["repository"], "acme/widgets");
  EXPECT_EQ(line["attempt"], 7);
  EXPECT_EQ(line["retry"], false);
  const std::string time = line["time"];
  ASSERT_EQ(time.size(), 24U);
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time[23], 'Z');
}

TEST(LogTest, SaysTheLevel) {
  StartLogging(LogFormat::kJson);
  ::testing::internal::CaptureStderr();
  LogWarning("w");
  LogError("e");
  const std::vector<std::string> lines =
      absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n');
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["level"], "warning");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["level"], "error");
}

// No input may forge a line or move a terminal's cursor.
TEST(LogTest, EveryByteIsEscapedOrPrintable) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const nlohmann::json line = LoggedJson("e", {{"text", text}});
    if (byte < 0x80) {
      EXPECT_EQ(line["text"], text);
    }
  }
  EXPECT_EQ(LoggedJson("e", {{"text", "\"},\"level\":\"error"}})["text"],
            "\"},\"level\":\"error");
  LoggedJson("e\n\"", {{"a\"b", "\xff\xfe\u202e"}});
}

TEST(LogTest, TextReadsAsItWas) {
  const std::string text =
      "\u0421\u0431\u043e\u0440\u043a\u0430 \u202e \U0001f680";
  EXPECT_EQ(LoggedJson("e", {{"text", text}})["text"], text);
}

TEST(LogTest, TextIsCutAt256Characters) {
  EXPECT_EQ(LoggedJson("e", {{"text", std::string(256, 'x')}})["text"],
            std::string(256, 'x'));
  EXPECT_EQ(LoggedJson("e", {{"text", std::string(257, 'x')}})["text"],
            std::string(256, 'x'));
  std::string wide;
  while (wide.size() < 3 * 256) wide += "\u20ac";
  EXPECT_EQ(LoggedJson("e", {{"text", wide + "x"}})["text"], wide);
}

TEST(LogTest, NumbersOfEveryKindAreValid) {
  const nlohmann::json line =
      LoggedJson("e", {{"big", std::numeric_limits<uint64_t>::max()},
                       {"small", std::numeric_limits<int64_t>::min()},
                       {"half", 0.5},
                       {"infinite", std::numeric_limits<double>::infinity()},
                       {"none", std::nan("")}});
  EXPECT_EQ(line["big"], std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(line["small"], std::numeric_limits<int64_t>::min());
  EXPECT_EQ(line["half"], 0.5);
  EXPECT_EQ(line["infinite"], "inf");
  EXPECT_EQ(line["none"], "nan");
}

// A `%` or `{}` from outside must not be taken for a format.
TEST(LogTest, TextIsNoFormat) {
  const nlohmann::json line = LoggedJson("100 %v {}", {{"t", "%s %n {0} %"}});
  EXPECT_EQ(line["event"], "100 %v {}");
  EXPECT_EQ(line["t"], "%s %n {0} %");
}

TEST(LogTest, TheTextFormatIsOneLineToo) {
  const std::string line = Logged(
      LogFormat::kText, "report accepted",
      {{"context", "ci/build"}, {"text", "a\nb\x1b[2J\u202e"}, {"number", 3}});
  EXPECT_NE(line.find("report accepted  context=ci/build  text=a\\nb\\x1b[2J"
                      "\\u202e  number=3\n"),
            std::string::npos)
      << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(LogTest, LinesOfThreadsDoNotMix) {
  StartLogging(LogFormat::kJson);
  ::testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 200; ++n) LogInfo("e", {{"n", n}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string logged = ::testing::internal::GetCapturedStderr();
  const std::vector<std::string> lines =
      absl::StrSplit(logged, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 800U);
  for (const std::string& line : lines) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

}  // namespace
}  // namespace signalbox
