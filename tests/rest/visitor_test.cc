#include "rest/visitor.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signalbox {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpServerRequest Request(Headers headers, bool peer_is_loopback = true) {
  HttpServerRequest request;
  request.head.headers = std::move(headers);
  request.peer_is_loopback = peer_is_loopback;
  return request;
}

Visitor Of(Headers headers) {
  return VisitorOf(Request(std::move(headers)), /*listener_is_loopback=*/true);
}

TEST(VisitorTest, LocalNeedsLoopbackEverywhere) {
  for (const char* const host : {"localhost", "LocalHost:8090", "127.0.0.1",
                                 "127.9.0.1:80", "[::1]", "[::1]:8090"}) {
    EXPECT_EQ(Of({{"host", host}}), Visitor::kLocal) << host;
    EXPECT_EQ(VisitorOf(Request({{"host", host}}, false), true),
              Visitor::kRemote);
    EXPECT_EQ(VisitorOf(Request({{"host", host}}), false), Visitor::kRemote);
  }
  // A page can have its own name point to this machine.
  for (const char* const host :
       {"evil.example", "evil.example:8090", "localhost.evil.example",
        "10.0.0.1", "[fd00::1]:80"}) {
    EXPECT_EQ(Of({{"host", host}}), Visitor::kRemote) << host;
  }
}

TEST(VisitorTest, ForwardedIsRemote) {
  for (const char* const name :
       {"forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-anything"}) {
    EXPECT_EQ(Of({{"host", "localhost"}, {name, ""}}), Visitor::kRemote)
        << name;
  }
}

TEST(VisitorTest, WebPagesAreKnownByTheirHeaders) {
  for (const char* const name : {"origin", "sec-fetch-site"}) {
    EXPECT_EQ(Of({{"host", "localhost"}, {name, "null"}}), Visitor::kWebPage)
        << name;
    EXPECT_EQ(VisitorOf(Request({{name, ""}}, false), false),
              Visitor::kWebPage);
  }
}

TEST(VisitorTest, HostMustFitIntoALink) {
  for (const Headers& headers :
       {Headers{}, Headers{{"host", ""}}, Headers{{"host", "a"}, {"host", "a"}},
        Headers{{"host", "a/b"}}, Headers{{"host", "a@b"}},
        Headers{{"host", "a:x"}}, Headers{{"host", "a\">"}},
        Headers{{"host", "[::1"}}, Headers{{"host", "[x]"}},
        Headers{{"host", "[::1]x"}}}) {
    EXPECT_EQ(Of(headers), Visitor::kNameless);
  }
}

TEST(VisitorTest, LinksBeginAsTheClientCameOrAsConfigured) {
  const HttpHead head = Request({{"host", "127.0.0.1:8090"}}).head;
  EXPECT_EQ(BaseOf(head, "", "http"), "http://127.0.0.1:8090");
  EXPECT_EQ(BaseOf(head, "", "https"), "https://127.0.0.1:8090");
  EXPECT_EQ(BaseOf(head, "https://box.example", "http"), "https://box.example");
}

TEST(VisitorTest, AuthorizationIsPassedOnlyIfItIsOnePrintableText) {
  const auto of = [](Headers headers) {
    return AuthorizationOf(Request(std::move(headers)).head);
  };
  EXPECT_EQ(of({{"authorization", "token abc"}}), "token abc");
  EXPECT_EQ(of({}), "");
  EXPECT_EQ(of({{"authorization", "token a"}, {"authorization", "token a"}}),
            "");
  EXPECT_EQ(of({{"authorization", "token \xc3\xbc"}}), "");
  EXPECT_EQ(of({{"authorization", "token\ta"}}), "");
  EXPECT_EQ(of({{"authorization", std::string(7000, 'x')}}), "");
}

}  // namespace
}  // namespace signalbox
