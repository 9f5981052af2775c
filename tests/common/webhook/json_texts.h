#ifndef SIGNALBOX_TESTS_COMMON_WEBHOOK_JSON_TEXTS_H_
#define SIGNALBOX_TESTS_COMMON_WEBHOOK_JSON_TEXTS_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Texts for the tests of both readers of JSON.

namespace signalbox {

// Texts that are not exactly one JSON object.
inline std::vector<std::string> NotOneObject() {
  return {"",
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
          R"({"a"})",
          R"({"a":})",
          R"({"a":1,})",
          "{a:1}",
          "{'a':1}",
          R"({"a":01})",
          R"({"a":+1})",
          R"({"a":.5})",
          R"({"a":1.})",
          R"({"a":1e})",
          R"({"a":-})",
          R"({"a":--1})",
          R"({"a":0x1})",
          R"({"a":NaN})",
          R"({"a":Infinity})",
          R"({"a":-Infinity})",
          R"({"a":truex})",
          R"({"a":tru})",
          R"({"a":nullnull})",
          R"({"a":1 2})",
          R"({"a":1 "b":2})",
          R"({"a":[1,]})",
          R"({"a":[1}})",
          R"({"a":"\x"})",
          R"({"a":"\u12"})",
          R"({"a":"\ud800"})",
          R"({"a":"\ude00"})",
          R"({"a":"\ud800\ud800"})",
          R"({"a":"\ud800x"})",
          R"({"a":"\ud800\u0041"})",
          R"({"a":"\ud800\u12"})",
          R"({"\udfff":1})",
          "{\"a\":\"\n\"}",
          "{\"a\":\"\xff\"}",
          "{\"a\":\"\xc0\xaf\"}",
          "{\"a\":\"\xed\xa0\x80\"}",
          "{\"a\":\"\xf4\x90\x80\x80\"}",
          "{\"a\":\"\xe2\x82\"}",
          "{\"\xff\":1}",
          "{\xc2\xa0}",
          "{\f}",
          "{\"a\":1\f\"b\":2}",
          "{\"a\"\x1a 1}",
          "{\v}",
          "{} //",
          "{\"a\":1} //",
          "/**/{}",
          "\xEF\xBB\xBF\xEF\xBB\xBF{}",
          "\xEF\xBB{}",
          "\xFE\xFF{}",
          "payload=%7B%7D",
          std::string("{}\0", 3),
          std::string("\0{}", 3),
          std::string("{\0}", 3),
          std::string("{\"a\":\"\0\"}", 9),
          std::string("{\"a\":1\0}", 8),
          std::string("{}\0{\"a\":1}", 10)};
}

// Objects in which, at some depth, two members have one name.
constexpr const char* kNamedTwice[] = {R"({"a":1,"a":1})",
                                       R"({"a":1,"b":2,"\u0061":3})",
                                       R"({"x":{"y":{"z":1,"z":1}}})",
                                       R"({"x":[1,{"z":1,"z":1}]})",
                                       R"({"x":[[[{"b":1,"c":2,"b":3}]]]})",
                                       R"({"":1,"":1})",
                                       R"({"x.y":1,"x.y":1})"};

// An object that is nested `depth` levels deep. `open` and `close` stand around
// what each level but the first contains.
inline std::string Nested(int depth, absl::string_view open,
                          absl::string_view close) {
  std::string json = "{\"x\":";
  for (int i = 1; i < depth; ++i) absl::StrAppend(&json, open);
  json += "1";
  for (int i = 1; i < depth; ++i) absl::StrAppend(&json, close);
  return json + "}";
}

// An object with so many members.
inline std::string WithMembers(int count) {
  std::string json = "{";
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&json, i > 0 ? "," : "", "\"", i, "\":0");
  }
  return json + "}";
}

// An object whose array `a.b` has so many texts.
inline std::string WithTexts(int count) {
  std::string json = R"({"a":{"b":["0")";
  for (int i = 1; i < count; ++i) json += ",\"x\"";
  return json + "]}}";
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_WEBHOOK_JSON_TEXTS_H_
