#include "common/http/http_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<HttpHead> ParseWith(absl::string_view headers,
                                   absl::string_view line = "POST / HTTP/1.1") {
  return ParseHttpHead(absl::StrCat(line, "\r\n", headers, "\r\n"));
}

TEST(HttpHeadTest, ReadsWhatWasSent) {
  const auto head = ParseWith(
      "Host: x\r\nX-GitHub-Event:  push\t\r\nx-github-EVENT: %0d%0a\r\n"
      "Empty:\r\nContent-Length: 12\r\n",
      "POST /a%2Fb?c=d HTTP/1.1");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->path, "/a%2Fb");
  EXPECT_EQ(head->query, "c=d");
  // Nothing is decoded.
  EXPECT_THAT(head->Values("x-github-event"), ElementsAre("push", "%0d%0a"));
  EXPECT_THAT(head->Values("empty"), ElementsAre(""));
  EXPECT_THAT(head->Values("absent"), IsEmpty());
  EXPECT_EQ(head->OnlyValue("empty"), "");
  EXPECT_EQ(head->OnlyValue("host"), "x");
  EXPECT_EQ(head->OnlyValue("absent"), std::nullopt);
  EXPECT_EQ(head->OnlyValue("x-github-event"), std::nullopt);
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_FALSE(head->chunked);
  EXPECT_FALSE(head->expects_continue);
}

TEST(HttpHeadTest, TheFirstQuestionMarkEndsThePath) {
  EXPECT_EQ(ParseWith("", "GET /a??b=?c HTTP/1.1")->path, "/a");
  EXPECT_EQ(ParseWith("", "GET /a??b=?c HTTP/1.1")->query, "?b=?c");
  EXPECT_EQ(ParseWith("", "GET /a? HTTP/1.1")->query, "");
  EXPECT_EQ(ParseWith("", "GET /a HTTP/1.1")->query, "");
}

TEST(HttpHeadTest, BodyHasOneFraming) {
  EXPECT_EQ(ParseWith("")->content_length, 0u);
  EXPECT_TRUE(ParseWith("Transfer-Encoding: Chunked\r\n")->chunked);
  EXPECT_EQ(
      ParseWith("Content-Length: 0\r\n", "POST / HTTP/1.0")->content_length,
      0u);
  for (const char* headers : {
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 5\r\nTransfer-Encoding: identity\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: %63hunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding:\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: -5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length: 5.0\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length: 18446744073709551616\r\n",
           "Content-Encoding: gzip\r\n",
           "Content-Encoding: identity\r\n",
           "Content-Encoding:\r\n",
       }) {
    EXPECT_FALSE(ParseWith(headers).ok()) << headers;
  }
  EXPECT_FALSE(
      ParseWith("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0").ok());
}

TEST(HttpHeadTest, ExpectationNeedsHttp11) {
  EXPECT_TRUE(ParseWith("Expect: 100-Continue\r\n")->expects_continue);
  EXPECT_FALSE(ParseWith("Expect: 100-continue\r\n", "POST / HTTP/1.0")
                   ->expects_continue);
  EXPECT_FALSE(ParseWith("Expect: other\r\n")->expects_continue);
}

TEST(HttpHeadTest, LinesAreStrict) {
  for (const char* line :
       {"", "POST", "POST /", "POST  / HTTP/1.1", "POST / x HTTP/1.1",
        "POST / HTTP/2.0", "POST / HTTP/1.2", "POST / http/1.1",
        "POST / HTTP/1.1 ", " POST / HTTP/1.1", "PO(ST / HTTP/1.1",
        "POST /\x01 HTTP/1.1", "POST /\xff HTTP/1.1", "POST\t/\tHTTP/1.1",
        "POST /\n HTTP/1.1"}) {
    EXPECT_FALSE(ParseWith("", line).ok()) << line;
  }
  for (const char* headers :
       {"NoColon\r\n", ": x\r\n", "A : x\r\n", " A: x\r\n", "A: x\r\n y\r\n",
        "A: x\r\n\ty\r\n", "A: x\n", "A: x\nB: y\r\n", "A: x\ry\r\n",
        "A: \x01\r\n", "A: \x7f\r\n", "A\xff: x\r\n", "A(: x\r\n",
        // At the ends of a value, too.
        "A:\nB: y\r\n", "A:\n\r\n", "A:\rx\r\n", "A: x\r\r\n",
        "Transfer-Encoding: \vchunked\r\n", "Content-Length: 1\f\r\n"}) {
    EXPECT_FALSE(ParseWith(headers).ok()) << headers;
  }
  EXPECT_FALSE(ParseWith(absl::string_view("A: \0x\r\n", 8)).ok());
  EXPECT_FALSE(ParseHttpHead("").ok());
  EXPECT_FALSE(ParseHttpHead("\r\n\r\n").ok());
  EXPECT_FALSE(ParseHttpHead("POST / HTTP/1.1\n\n").ok());
  EXPECT_FALSE(ParseHttpHead("POST / HTTP/1.1\r\n").ok());
}

TEST(HttpHeadTest, SizeIsBounded) {
  std::string headers;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&headers, "A: x\r\n");
  EXPECT_TRUE(ParseWith(headers).ok());
  EXPECT_FALSE(ParseWith(headers + "A: x\r\n").ok());

  const std::string rest = "POST / HTTP/1.1\r\nA: \r\n\r\n";
  const std::string value(kMaxHttpHead - rest.size(), 'x');
  EXPECT_TRUE(ParseWith(absl::StrCat("A: ", value, "\r\n")).ok());
  EXPECT_FALSE(ParseWith(absl::StrCat("A: ", value, "x\r\n")).ok());
}

TEST(HttpHeadTest, SizeIsKnownOnceTheHeadIsThere) {
  const std::string head = "POST / HTTP/1.1\r\nA: x\r\n\r\n";
  for (size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(HttpHeadSize(head.substr(0, size)), 0u) << size;
  }
  EXPECT_EQ(HttpHeadSize(head), head.size());
  EXPECT_EQ(HttpHeadSize(head + "\r\n\r\nbody"), head.size());
  EXPECT_EQ(HttpHeadSize("GET / HTTP/1.1\n\nx"), 16u);
  // Bytes that cannot begin a head are refused without waiting for more.
  EXPECT_EQ(HttpHeadSize("\x16\x03\x01"), 3u);
  EXPECT_EQ(HttpHeadSize("\r\n"), 2u);
  EXPECT_EQ(HttpHeadSize(std::string(kMaxHttpHead, 'A')), 0u);
  EXPECT_EQ(HttpHeadSize(std::string(kMaxHttpHead + 1, 'A')), kMaxHttpHead + 1);
}

TEST(HttpHeadTest, WhatWasLookedAtIsNotLookedAtAgain) {
  EXPECT_EQ(HttpHeadSize("A\n\nBCDEF", 5), 0u);
}

TEST(HttpHeadTest, SizeIsKnownWhateverWasLookedAtBefore) {
  for (const char* end : {"\r\n\r\n", "\n\n", "\n\r\n"}) {
    const std::string head = absl::StrCat("POST / HTTP/1.1\r\nA: x", end);
    for (size_t known = 0; known < head.size(); ++known) {
      EXPECT_EQ(HttpHeadSize(head, known), head.size()) << end << known;
      EXPECT_EQ(HttpHeadSize(head + "x", known), head.size()) << end << known;
    }
  }
}

}  // namespace
}  // namespace signalbox
