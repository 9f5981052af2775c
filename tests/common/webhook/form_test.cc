#include "common/webhook/form.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {
namespace {

absl::StatusOr<std::string> Decode(absl::string_view body, size_t piece = 7,
                                   size_t limit = 1000) {
  FormDecoder form(limit);
  for (size_t at = 0; at < body.size(); at += piece) {
    const absl::Status status = form.Update(body.substr(at, piece));
    if (!status.ok()) return status;
  }
  return form.Finish();
}

TEST(FormTest, DecodesThePayloadHoweverItIsCut) {
  const struct {
    std::string body;
    std::string payload;
  } cases[] = {
      {"payload=%7B%22zen%22%3A%22Hello%2C+World%21%22%7D",
       R"({"zen":"Hello, World!"})"},
      {"payload=%7b%22a%22%3a1%7d", R"({"a":1})"},
      {"payload={}", "{}"},
      {"payload=a=b==c", "a=b==c"},
      {"payload=%2B+%2b", "+ +"},
      {"payload=%26%3D%25", "&=%"},
      {"payload=caf%C3%A9", "caf\xc3\xa9"},
      {"payload=%00x", std::string("\0x", 2)},
      {"payload=", ""},
      {"payload", ""},
      {"pay%6Coad=x", "x"},
      {"a=b&payload=x&c=d", "x"},
      {"&&payload=x&&", "x"},
      {"payloads=no&payloa=no&payload=x&payload2=no", "x"},
      {"=payload&payload=x", "x"},
      {"a=payload=no&payload=x", "x"},
  };
  for (const auto& c : cases) {
    for (size_t piece = 1; piece <= c.body.size(); ++piece) {
      const absl::StatusOr<std::string> payload = Decode(c.body, piece);
      ASSERT_TRUE(payload.ok()) << c.body << payload.status();
      EXPECT_EQ(*payload, c.payload) << c.body << " in pieces of " << piece;
    }
  }
}

TEST(FormTest, EveryByteComesThrough) {
  std::string body = "payload=";
  std::string payload;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte % 2 == 0) {
      absl::StrAppendFormat(&body, "%%%02X", byte);
    } else {
      absl::StrAppendFormat(&body, "%%%02x", byte);
    }
    payload += static_cast<char>(byte);
  }
  EXPECT_EQ(*Decode(body), payload);
}

TEST(FormTest, MalformedBodiesAreRefusedHoweverTheyAreCut) {
  const std::vector<std::string> bodies = {
      "",
      "a=b",
      "payload=%",
      "payload=%4",
      "payload=%G1",
      "payload=%1G",
      "payload=%%41",
      "payload=%4&a=b",
      "a=%zz&payload=x",
      "%=b&payload=x",
      "payload=x&payload=x",
      "payload=x&payload",
      "payload=&payload=",
      "payload=x&pay%6coad=y",
      "payload=%+1",
      "payload=%-1",
      "payload=% 1",
      "Payload=x",
      "payload%00=x",
      "payload+=x",
  };
  for (const std::string& body : bodies) {
    for (size_t piece = 1; piece <= body.size() + 1; ++piece) {
      EXPECT_EQ(Decode(body, piece).status().code(),
                absl::StatusCode::kInvalidArgument)
          << body;
    }
  }
}

TEST(FormTest, PayloadMayBeAsLongAsTheLimit) {
  for (const char* byte : {"a", "%61", "+"}) {
    std::string body = "payload=";
    for (int i = 0; i < 10; ++i) absl::StrAppend(&body, byte);
    for (const size_t piece : {1, 5, 100}) {
      EXPECT_TRUE(Decode(body, piece, 10).ok());
      EXPECT_TRUE(
          absl::IsResourceExhausted(Decode(body + byte, piece, 10).status()));
    }
  }
}

// Only the text that is kept has a limit.
TEST(FormTest, OtherFieldsDoNotCount) {
  const std::string other(1000, 'x');
  EXPECT_EQ(*Decode(absl::StrCat(other, "=", other, "&payload=x"), 3, 1), "x");
}

TEST(FormTest, FailureStays) {
  FormDecoder form(10);
  EXPECT_FALSE(form.Update("payload=%zz").ok());
  EXPECT_FALSE(form.Update("&payload=x").ok());
  EXPECT_FALSE(form.Finish().ok());
}

// The first problem is reported, however the body is cut.
TEST(FormTest, ASecondPayloadIsNotTakenForATooLongOne) {
  for (const size_t piece : {1, 18, 100}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        Decode("payload=a&payload=bb", piece, 1).status()))
        << piece;
  }
}

}  // namespace
}  // namespace signalbox
