#include "common/http/body_framing.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

HttpHead ChunkedHead() {
  HttpHead head;
  head.chunked = true;
  return head;
}

HttpHead SizedHead(uint64_t size) {
  HttpHead head;
  head.content_length = size;
  return head;
}

// The outcome of bytes that arrive in pieces of some size.
struct Outcome {
  std::string body;
  bool is_at_end;
  bool is_broken;
  size_t taken = 0;
};
Outcome Unframe(const HttpHead& head, absl::string_view bytes, size_t piece) {
  BodyFraming framing(head);
  Outcome outcome;
  while (!bytes.empty() && framing.status().ok() && !framing.is_at_end()) {
    absl::string_view next = bytes.substr(0, piece);
    const size_t before = next.size();
    outcome.body += std::string(framing.Next(next));
    bytes.remove_prefix(before - next.size());
    outcome.taken += before - next.size();
  }
  outcome.is_at_end = framing.is_at_end();
  outcome.is_broken = !framing.status().ok();
  if (outcome.is_broken) {
    EXPECT_EQ(framing.status().code(), absl::StatusCode::kInvalidArgument);
  }
  return outcome;
}

TEST(BodyFramingTest, LengthsAreKept) {
  for (size_t piece = 1; piece < 8; ++piece) {
    const Outcome all = Unframe(SizedHead(5), "abcdefg", piece);
    EXPECT_EQ(all.body, "abcde");
    EXPECT_TRUE(all.is_at_end);
    EXPECT_EQ(all.taken, 5u);
    const Outcome part = Unframe(SizedHead(5), "abcd", piece);
    EXPECT_EQ(part.body, "abcd");
    EXPECT_FALSE(part.is_at_end);
  }
  EXPECT_TRUE(BodyFraming(SizedHead(0)).is_at_end());
}

TEST(BodyFramingTest, ChunksAreJoinedHoweverTheyArrive) {
  for (const std::string& bytes : {
           std::string("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
           std::string("5\r\nhello\r\n06\r\n world\r\n000\r\n\r\n"),
           std::string("b\r\nhello world\r\n0\r\n\r\n"),
           std::string("B;name=value\r\nhello world\r\n0;last\r\n\r\n"),
           std::string("b ; x\t\r\nhello world\r\n0\t\r\n\r\n"),
           std::string("b\r\nhello world\r\n0\r\nA: b\r\nC:\r\n\r\n"),
           absl::StrCat("b;", std::string(4000, 'x'),
                        "\r\nhello world\r\n0\r\n", std::string(4000, 'x'),
                        "\r\n\r\n"),
       }) {
    for (size_t piece = 1; piece <= bytes.size(); piece += 1 + piece / 8) {
      const Outcome all =
          Unframe(ChunkedHead(), absl::StrCat(bytes, "more"), piece);
      EXPECT_EQ(all.body, "hello world") << bytes << piece;
      EXPECT_TRUE(all.is_at_end) << bytes << piece;
      EXPECT_EQ(all.taken, bytes.size());
    }
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Outcome cut = Unframe(ChunkedHead(), bytes.substr(0, size), 1000);
      EXPECT_FALSE(cut.is_at_end) << bytes.substr(0, size);
      EXPECT_FALSE(cut.is_broken) << bytes.substr(0, size);
    }
  }
}

TEST(BodyFramingTest, ChunkBytesMayBeAnything) {
  const std::string bytes("\0\r\n0\r\n\r\n\xff", 10);
  EXPECT_EQ(
      Unframe(ChunkedHead(), absl::StrCat("a\r\n", bytes, "\r\n0\r\n\r\n"), 3)
          .body,
      bytes);
}

TEST(BodyFramingTest, BrokenChunksAreFound) {
  for (const char* bytes : {"\r\n",
                            "\n",
                            " 1\r\n",
                            "x\r\n",
                            "-1\r\n",
                            "+1\r\n",
                            "0x1\r\n",
                            ";\r\n",
                            "1\nx",
                            "1\rx",
                            "1 \nx",
                            "1;a\nx",
                            "1;a\rx",
                            "1x\r\n",
                            "1\r\nxy",
                            "1\r\nx\n",
                            "1\r\nx\rx",
                            "2\r\nx\r\n0\r\n\r\n",
                            "0\r\n\n",
                            "0\r\n\rx",
                            "0\r\nA\n",
                            "0\r\nA: b\rx",
                            "0\r\nA: b\r\n\n",
                            "0000000000000001\r\n",
                            "ffffffffffffffff\r\n",
                            "10000000000000001\r\n"}) {
    EXPECT_TRUE(Unframe(ChunkedHead(), bytes, 1).is_broken) << bytes;
    EXPECT_TRUE(Unframe(ChunkedHead(), bytes, 100).is_broken) << bytes;
  }
}

TEST(BodyFramingTest, LinesAreBounded) {
  const std::string endless(5000, 'x');
  for (const char* begin : {"1;", "0\r\n", "0\r\nA: b\r\n", "1\r\nx\r\n1 "}) {
    const Outcome outcome =
        Unframe(ChunkedHead(), absl::StrCat(begin, endless), 100);
    EXPECT_TRUE(outcome.is_broken) << begin;
  }
  // All trailers together have a bound.
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "A: b\r\n";
  EXPECT_TRUE(Unframe(ChunkedHead(), trailers, 100).is_broken);
  // Chunk headers have a bound each.
  std::string chunks;
  for (int i = 0; i < 5000; ++i) chunks += "1;a\r\nx\r\n";
  EXPECT_EQ(Unframe(ChunkedHead(), chunks, 100).body, endless);
}

}  // namespace
}  // namespace signalbox
