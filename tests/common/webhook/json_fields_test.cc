#include "common/webhook/json_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/common/webhook/json_texts.h"

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
  for (const std::string& json : NotOneObject()) {
    EXPECT_FALSE(Read(json).ok()) << json;
  }
  EXPECT_FALSE(Read("{\"a\":1e999}").ok());
  EXPECT_TRUE(Read(" {} \r\n").ok());
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
  for (const char* json : kNamedTwice) {
    EXPECT_FALSE(Read(json).ok()) << json;
  }
  EXPECT_TRUE(Read(R"({"x":{"z":1},"z":{"z":1},"y":[{"z":1},{"z":1}]})").ok());
}

// Looking for duplicates takes memory.
TEST(JsonFieldsTest, MembersOfOneObjectAreBounded) {
  EXPECT_TRUE(Read(WithMembers(10000)).ok());
  EXPECT_FALSE(Read(WithMembers(10001)).ok());
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
  EXPECT_EQ(texts(WithTexts(1000)).size(), 100u);
}

}  // namespace
}  // namespace signalbox
