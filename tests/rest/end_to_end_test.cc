#include "rest/end_to_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(EndToEndTest, PassesRequestHeadersOn) {
  HttpHead head;
  head.headers = {{"host", "box"},
                  {"authorization", "token ghp_1"},
                  {"accept", "application/vnd.github+json"},
                  {"if-none-match", "W/\"1\""},
                  {"user-agent", "tool"},
                  {"connection", "keep-alive, X-Mine"},
                  {"x-mine", "1"},
                  {"keep-alive", "timeout=5"},
                  {"te", "trailers"},
                  {"upgrade", "h2c"},
                  {"http2-settings", "x"},
                  {"expect", "100-continue"},
                  {"content-length", "2"},
                  {"content-type", "application/json"},
                  {"accept-encoding", "gzip"},
                  {"proxy-authorization", "Basic x"},
                  {"via", "1.1 proxy"},
                  {"forwarded", "for=10.0.0.1"},
                  {"x-forwarded-for", "10.0.0.1"},
                  {"x-real-ip", "10.0.0.1"},
                  {"cookie", "session=of-the-proxy"},
                  {"x-github-api-version", "2022-11-28"}};
  EXPECT_THAT(
      RequestHeadersFor(head),
      ElementsAre(Pair("accept", "application/vnd.github+json"),
                  Pair("if-none-match", "W/\"1\""), Pair("user-agent", "tool"),
                  Pair("content-type", "application/json"),
                  Pair("x-github-api-version", "2022-11-28"),
                  Pair("accept-encoding", "identity")));
}

TEST(EndToEndTest, PassesAnswerHeadersOn) {
  const UrlMover mover("https://api.github.com", "http://box");
  const HttpHeaders headers = {
      {"Server", "github.com"},
      {"Content-Type", "application/json"},
      {"Content-Length", "5"},
      {"Transfer-Encoding", "chunked"},
      {"Connection", "close, x-mine"},
      {"X-Mine", "1"},
      {"ETag", "\"1\""},
      {"X-RateLimit-Remaining", "7"},
      {"link", "<https://api.github.com/a>; rel=\"next\""},
      {"LOCATION", "https://api.github.com/b"},
      {"Content-Encoding", "gzip"},
      {"Strict-Transport-Security", "max-age=1; includeSubdomains"},
      {"Alt-Svc", "h3=\":443\""},
      {"Set-Cookie", "session=1"},
      {"Access-Control-Allow-Origin", "*"}};
  EXPECT_THAT(AnswerHeadersFor(headers, mover),
              ElementsAre(Pair("Server", "github.com"), Pair("ETag", "\"1\""),
                          Pair("X-RateLimit-Remaining", "7"),
                          Pair("link", "<http://box/a>; rel=\"next\""),
                          Pair("LOCATION", "http://box/b"),
                          Pair("Content-Encoding", "gzip")));
  EXPECT_EQ(HeaderOf(headers, "content-type"), "application/json");
  EXPECT_EQ(HeaderOf(headers, "none"), "");
}

TEST(EndToEndTest, KnowsJson) {
  for (const char* const type :
       {"application/json", "application/json; charset=utf-8",
        "Application/JSON ;x", "application/vnd.github.v3+json"}) {
    EXPECT_TRUE(IsJsonType(type)) << type;
  }
  for (const char* const type : {"", "text/plain", "application/jsonp",
                                 "application/zip; a=application/json"}) {
    EXPECT_FALSE(IsJsonType(type)) << type;
  }
}

TEST(EndToEndTest, KnowsTheAddressOfGraphql) {
  for (const auto& [api, graphql] :
       {std::pair{"https://api.github.com", "https://api.github.com/graphql"},
        std::pair{"https://api.acme.ghe.com",
                  "https://api.acme.ghe.com/graphql"},
        std::pair{"https://ghe.example/api/v3",
                  "https://ghe.example/api/graphql"},
        std::pair{"http://127.0.0.1:8180", "http://127.0.0.1:8180/graphql"}}) {
    EXPECT_EQ(GraphqlUrlOf(api), graphql);
  }
}

TEST(EndToEndTest, TokensTravelEncrypted) {
  for (const char* const url :
       {"https://api.github.com", "http://127.0.0.1:8180",
        "http://localhost/api/v3", "http://[::1]:80"}) {
    EXPECT_TRUE(IsPrivateUrl(url)) << url;
  }
  for (const char* const url :
       {"http://ghe.example/api/v3", "http://10.0.0.1", "ftp://127.0.0.1", "",
        "http://127.0.0.1.evil.example", "http://localhost@evil.example"}) {
    EXPECT_FALSE(IsPrivateUrl(url)) << url;
  }
}

}  // namespace
}  // namespace signalbox
