#include "common/webhook/json_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr absl::string_view kWanted[] = {"a", "a.b", "a.b.c", "n"};

absl::StatusOr<JsonFields> Read(absl::string_view json) {
  return JsonFields::Read(json, kWanted);
}

template <typename T>
bool Is(const JsonFields& fields, absl::string_view path) {
  const JsonValue* const value = fields.Find(path);
  return value != nullptr && std::holds_alternative<T>(*value);
}

TEST(JsonFieldsTest, KeepsWantedMembersOnly) {
  const auto fields =
      Read(R"({"x":{"b":1},"a":{"b":{"c":"text"},"d":[1]},"n":-7})");
  ASSERT_TRUE(fields.ok());
  EXPECT_TRUE(Is<JsonObject>(*fields, "a"));
  EXPECT_TRUE(Is<JsonObject>(*fields, "a.b"));
  EXPECT_EQ(std::get<std::string>(*fields->Find("a.b.c")), "text");
  EXPECT_EQ(std::get<int64_t>(*fields->Find("n")), -7);
  EXPECT_EQ(fields->Find("x"), nullptr);
  EXPECT_EQ(fields->Find("a.d"), nullptr);
}

TEST(JsonFieldsTest, TellsTypesApart) {
  const struct {
    const char* json;
    size_t index;
  } cases[] = {
      {"null", 0},
      {"{}", 1},
      {"[]", 2},
      {"1.0", 2},
      {"1e3", 2},
      {"9223372036854775808", 2},
      {"18446744073709551616", 2},
      {"true", 3},
      {"false", 3},
      {"9223372036854775807", 4},
      {"-9223372036854775808", 4},
      {"\"1\"", 5},
  };
  for (const auto& c : cases) {
    const auto fields = Read(absl::StrCat("{\"n\":", c.json, "}"));
    ASSERT_TRUE(fields.ok()) << c.json;
    EXPECT_EQ(fields->Find("n")->index(), c.index) << c.json;
  }
}

// Only the member at that path counts, not one that looks like it.
TEST(JsonFieldsTest, NothingPassesForAWantedMember) {
  for (const char* json : {
           R"({"a.b":1})",
           R"({"a":{"b.c":1}})",
           R"({"a":[{"b":1}]})",
           R"([{"a":1}])",
           R"({"x":{"a":{"b":1}}})",
           R"({"":{"a":{"b":{"c":1}}}})",
           R"({"a":{"":{"b":1}}})",
           R"({"a":{"b":[{"c":1}]}})",
           R"({"A":{"B":1}})",
       }) {
    const auto fields = Read(json);
    if (!fields.ok()) continue;
    EXPECT_EQ(fields->Find("a.b.c"), nullptr) << json;
    if (absl::string_view(json) != R"({"a":{"b":[{"c":1}]}})") {
      EXPECT_EQ(fields->Find("a.b"), nullptr) << json;
    }
  }
}

TEST(JsonFieldsTest, EscapedNamesAreTheSameNames) {
  const auto fields = Read(R"({"\u0061":{"\u0062":1}})");
  ASSERT_TRUE(fields.ok());
  EXPECT_TRUE(Is<int64_t>(*fields, "a.b"));
}

TEST(JsonFieldsTest, OnlyOneWholeObjectIsTaken) {
  const std::vector<std::string> bad = {
      "",
      " ",
      "null",
      "1",
      "\"a\"",
      "[]",
      "[{}]",
      "{",
      "}",
      "{}{}",
      "{} x",
      "{},",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{a:1}",
      "{'a':1}",
      "{\"a\":01}",
      "{\"a\":+1}",
      "{\"a\":.5}",
      "{\"a\":NaN}",
      "{\"a\":Infinity}",
      "{\"a\":-Infinity}",
      "{\"a\":1e999}",
      "{\"a\":\"\n\"}",
      "{\"a\":\"\\x\"}",
      "{\"a\":\"\\ud800\"}",
      "{\"a\":\"\\u12\"}",
      "{\"a\":\"\xff\"}",
      "{\"a\":\"\xc0\xaf\"}",
      "{\"a\":\"\xed\xa0\x80\"}",
      "{\"\xff\":1}",
      "{\"a\":1} //",
      "/**/{}",
      std::string("{}\0", 3),
      std::string("{}\0{\"a\":1}", 10),
      std::string("\0{}", 3),
      std::string("{\"a\":\"\0\"}", 9),
      "payload=%7B%7D",
  };
  for (const std::string& json : bad) EXPECT_FALSE(Read(json).ok()) << json;
  EXPECT_TRUE(Read(" {} \r\n").ok());
}

std::string Nested(int depth, const char* open, const char* close) {
  std::string json = "{\"x\":";
  for (int i = 1; i < depth; ++i) json += open;
  json += "1";
  for (int i = 1; i < depth; ++i) json += close;
  return json + "}";
}

TEST(JsonFieldsTest, DepthIsBounded) {
  for (const auto& [open, close] :
       {std::pair("{\"y\":", "}"), std::pair("[", "]")}) {
    EXPECT_TRUE(Read(Nested(32, open, close)).ok());
    EXPECT_FALSE(Read(Nested(33, open, close)).ok());
    EXPECT_FALSE(Read(Nested(1000000, open, close)).ok());
  }
}

// Two readers could understand such a text differently.
TEST(JsonFieldsTest, MembersNamedTwiceAreRefusedEverywhere) {
  for (const char* json : {
           R"({"a":1,"a":1})",
           R"({"a":1,"b":2,"\u0061":3})",
           R"({"x":{"y":{"z":1,"z":1}}})",
           R"({"x":[1,{"z":1,"z":1}]})",
           R"({"":1,"":1})",
           R"({"x.y":1,"x.y":1})",
       }) {
    EXPECT_FALSE(Read(json).ok()) << json;
  }
  EXPECT_TRUE(Read(R"({"x":{"z":1},"z":{"z":1},"y":[{"z":1},{"z":1}]})").ok());
}

// Looking for duplicates takes memory.
TEST(JsonFieldsTest, MembersOfOneObjectAreBounded) {
  for (const auto& [count, fits] :
       {std::pair(10000, true), std::pair(10001, false)}) {
    std::string json = "{";
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&json, i > 0 ? "," : "", "\"", i, "\":0");
    }
    EXPECT_EQ(Read(json + "}").ok(), fits);
  }
}

// As in the settings of a hook, which name its events.
TEST(JsonFieldsTest, TextsOfAnArrayCanBeWanted) {
  constexpr absl::string_view kEvents[] = {"a.b[]", "a.c"};
  const auto texts = [&](const std::string& json) {
    const absl::StatusOr<JsonFields> fields = JsonFields::Read(json, kEvents);
    EXPECT_TRUE(fields.ok()) << json;
    const JsonValue* const value =
        fields.ok() ? fields->Find("a.b[]") : nullptr;
    return value == nullptr ? JsonTexts{"none"} : std::get<JsonTexts>(*value);
  };
  EXPECT_EQ(texts(R"({"a":{"b":["x","y"],"c":1}})"), (JsonTexts{"x", "y"}));
  EXPECT_EQ(texts(R"({"a":{"b":[]}})"), JsonTexts{});
  EXPECT_EQ(texts(R"({"a":{"b":["x",1,null,["z"],{"a":{"b":["q"]}},"y"]}})"),
            (JsonTexts{"x", "y"}));
  EXPECT_EQ(texts(R"({"a":{"b":"x"}})"), JsonTexts{"none"});
  EXPECT_EQ(texts(R"({"a":[{"b":["x"]}]})"), JsonTexts{"none"});
  EXPECT_EQ(texts(R"({"b":["x"]})"), JsonTexts{"none"});
  // A name cannot pass for an array.
  EXPECT_EQ(texts(R"({"a":{"b[]":"x"}})"), JsonTexts{"none"});
  EXPECT_EQ(texts(R"({"a.b":["x"]})"), JsonTexts{"none"});
  std::string many = R"({"a":{"b":["0")";
  for (int i = 1; i < 1000; ++i) many += ",\"x\"";
  EXPECT_EQ(texts(many + "]}}").size(), 100u);
}

}  // namespace
}  // namespace signalbox
