#include "common/http/curl_transport.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/curl_transfer.h"
#include "common/monotonic_time.h"
#include "gtest/gtest.h"
#include "tests/common/http/loopback_server.h"

namespace signalbox {
namespace {

std::string Ok(const std::string& body, const std::string& headers = "") {
  return absl::StrCat("HTTP/1.1 200 OK\r\n", headers,
                      "Content-Length: ", body.size(), "\r\n\r\n", body);
}

class CurlTransportTest : public testing::Test {
 protected:
  CurlTransportTest() { Make({}); }

  void Make(CurlTransportOptions options) {
    auto made = MakeCurlTransport(std::move(options));
    ASSERT_TRUE(made.ok()) << made.status();
    transport_ = *std::move(made);
  }

  static HttpRequest Post(const std::string& url,
                          const std::string& body = "{}") {
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"User-Agent", "signalbox/1"},
                       {"Content-Type", "application/json"}};
    request.bearer = Secret("s3cret");
    request.body = body;
    return request;
  }

  std::future<absl::StatusOr<HttpResponse>> Begin(HttpRequest request) {
    auto promise =
        std::make_shared<std::promise<absl::StatusOr<HttpResponse>>>();
    auto future = promise->get_future();
    transport_->Send(std::move(request),
                     [promise](absl::StatusOr<HttpResponse> answer) {
                       promise->set_value(std::move(answer));
                     });
    return future;
  }

  absl::StatusOr<HttpResponse> Send(HttpRequest request) {
    return Begin(std::move(request)).get();
  }

  std::unique_ptr<HttpTransport> transport_;
};

TEST_F(CurlTransportTest, CarriesARequestAndItsAnswer) {
  std::promise<std::string> seen;
  LoopbackServer server([&](Peer& peer, int) {
    seen.set_value(peer.ReadRequest());
    peer.Write(Ok("hello", "X-GitHub-Request-Id:  AB:1 \r\nEmpty:\r\n"));
  });
  const auto answer = Send(Post(server.Url("/a/../b?c=%20"), "{\"a\":1}"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->Header("x-github-REQUEST-id"), "AB:1");
  EXPECT_EQ(answer->Header("empty"), "");
  EXPECT_EQ(answer->Header("missing"), "");
  EXPECT_GT(answer->elapsed, absl::ZeroDuration());

  const std::string request = seen.get_future().get();
  EXPECT_TRUE(absl::StartsWith(request, "POST /a/../b?c=%20 HTTP/1.1\r\n"))
      << request;
  EXPECT_TRUE(absl::StrContains(request, "User-Agent: signalbox/1\r\n"));
  EXPECT_TRUE(absl::StrContains(request, "Authorization: Bearer s3cret\r\n"));
  EXPECT_TRUE(absl::StrContains(request, "Content-Length: 7\r\n"));
  EXPECT_TRUE(absl::EndsWith(request, "\r\n\r\n{\"a\":1}"));
}

TEST_F(CurlTransportTest, AGetHasNoBody) {
  std::promise<std::string> seen;
  LoopbackServer server([&](Peer& peer, int) {
    seen.set_value(peer.ReadRequest());
    peer.Write(Ok("[]"));
  });
  HttpRequest request;
  request.method = "GET";
  request.url = server.Url();
  ASSERT_TRUE(Send(std::move(request)).ok());
  const std::string text = seen.get_future().get();
  EXPECT_TRUE(absl::StartsWith(text, "GET / HTTP/1.1\r\n"));
  EXPECT_FALSE(absl::StrContains(text, "Authorization"));
  EXPECT_FALSE(absl::StrContains(text, "Content-Length"));
}

// curl asks for "100 Continue" before bodies over 1 MB, and waits a second.
TEST_F(CurlTransportTest, DoesNotAskBeforeItSends) {
  std::promise<std::string> seen;
  LoopbackServer server([&](Peer& peer, int) {
    seen.set_value(peer.ReadRequest());
    peer.Write(Ok(""));
  });
  ASSERT_TRUE(Send(Post(server.Url(), std::string(2 << 20, 'x'))).ok());
  EXPECT_FALSE(absl::StrContains(seen.get_future().get(), "Expect"));
}

TEST_F(CurlTransportTest, RedirectsAreAnswers) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) {
      ++requests;
      peer.Write(
          "HTTP/1.1 307 Temporary Redirect\r\nLocation: /moved\r\n"
          "Content-Length: 0\r\n\r\n");
    }
  });
  const auto answer = Send(Post(server.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(answer->Header("location"), "/moved");
  EXPECT_EQ(requests, 1);
}

TEST_F(CurlTransportTest, AnInterimAnswerIsNotTheAnswer) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 103 Early Hints\r\nInterim: 1\r\n\r\n");
    peer.Write(Ok("done"));
  });
  const auto answer = Send(Post(server.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->Header("interim"), "");
}

TEST_F(CurlTransportTest, KeepsItsConnections) {
  LoopbackServer server([](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) peer.Write(Ok("ok"));
  });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Send(Post(server.Url())).ok());
  EXPECT_EQ(server.connections(), 1);
}

// GitHub closes idle connections without notice. That must not look like a lost
// request.
TEST_F(CurlTransportTest, RepeatsWhatAReusedConnectionLost) {
  for (const bool reset : {false, true}) {
    Make({});
    std::atomic<int> requests = 0;
    LoopbackServer server([&](Peer& peer, int connection) {
      if (reset) peer.ResetOnClose();
      while (!peer.ReadRequest().empty()) {
        ++requests;
        if (connection == 0 && requests == 2) return;
        peer.Write(Ok("ok"));
      }
    });
    ASSERT_TRUE(Send(Post(server.Url())).ok());
    const auto second = Send(Post(server.Url()));
    EXPECT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(requests, 3);
    EXPECT_EQ(server.connections(), 2);
  }
}

// By then GitHub may be working on the request. A repeat could take effect when
// the try no longer counts as ambiguous.
TEST_F(CurlTransportTest, DoesNotRepeatWhatIsLostLate) {
  CurlTransportOptions options;
  options.last_repeat = absl::Seconds(1);
  Make(options);
  std::atomic<int> requests = 0;
  LoopbackServer server([&](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) {
      if (++requests == 2) {
        peer.IsQuiet(1200);
        return;
      }
      peer.Write(Ok("ok"));
    }
  });
  ASSERT_TRUE(Send(Post(server.Url(), "{}")).ok());
  EXPECT_EQ(Send(Post(server.Url(), "{}")).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(requests, 2);
}

TEST_F(CurlTransportTest, RepeatsOnlyOnce) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) {
      if (++requests > 1) return;
      peer.Write(Ok("ok"));
    }
  });
  ASSERT_TRUE(Send(Post(server.Url())).ok());
  EXPECT_EQ(Send(Post(server.Url())).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(requests, 3);
}

// GitHub may have acted on the request.
TEST_F(CurlTransportTest, DoesNotRepeatOnANewConnection) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](Peer& peer, int) {
    peer.ResetOnClose();
    peer.ReadRequest();
    ++requests;
  });
  EXPECT_EQ(Send(Post(server.Url())).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(requests, 1);
}

TEST_F(CurlTransportTest, DoesNotRepeatOnceAnAnswerHasBegun) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&](Peer& peer, int connection) {
    while (!peer.ReadRequest().empty()) {
      ++requests;
      if (connection == 0 && requests == 2) {
        peer.Write("HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{");
        return;
      }
      peer.Write(Ok("ok"));
    }
  });
  ASSERT_TRUE(Send(Post(server.Url())).ok());
  EXPECT_EQ(Send(Post(server.Url())).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(requests, 2);
}

TEST_F(CurlTransportTest, ARefusedConnectionWasCertainlyNotSent) {
  int port = 0;
  {
    LoopbackServer server([](Peer&, int) {});
    port = server.port();
  }
  const auto answer = Send(Post(absl::StrCat("http://127.0.0.1:", port, "/x")));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CurlTransportTest, WhatCannotBeSentWasNotSent) {
  LoopbackServer server([](Peer&, int) { ADD_FAILURE() << "was sent"; });
  std::vector<HttpRequest> requests = {
      Post("ftp://127.0.0.1/x"),
      Post("file:///etc/passwd"),
      Post("no url"),
      Post(""),
      Post(absl::StrCat("http://user:pw@127.0.0.1:", server.port(), "/")),
      Post("http://does-not-exist.invalid/"),
      Post(server.Url("/\r\nX-Evil:1")),
  };
  requests.push_back(Post(server.Url()));
  requests.back().headers.emplace_back("X", "1\r\nX-Evil: 1");
  requests.push_back(Post(server.Url()));
  requests.back().bearer = Secret("s3cret\nX-Evil: 1");
  requests.push_back(Post(server.Url()));
  requests.back().timeout = absl::ZeroDuration();
  for (HttpRequest& request : requests) {
    request.timeout = std::min(request.timeout, absl::Seconds(5));
    const std::string url = request.url;
    const absl::Status status = Send(std::move(request)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << url;
    EXPECT_FALSE(absl::StrContains(status.message(), "s3cret"));
    EXPECT_FALSE(absl::StrContains(status.message(), "pw"));
  }
}

// An operator must know where to look, for example in the file of a token.
TEST(HttpRequestTest, NamesThePartWithAControlCharacter) {
  HttpRequest request;
  request.method = "GET";
  request.url = "http://127.0.0.1/";
  request.headers.emplace_back("Accept", "*/*");
  EXPECT_EQ(request.MalformedPart(), "");
  request.headers.emplace_back("X", "1\r\nX-Evil: 1");
  EXPECT_EQ(request.MalformedPart(), "header X");
  request.headers.back().first = "X\n";
  EXPECT_EQ(request.MalformedPart(), "name of a header");
  request.bearer = Secret("s3cret\n");
  EXPECT_EQ(request.MalformedPart(), "token");
  request.url += "\n";
  EXPECT_EQ(request.MalformedPart(), "URL");
  request.method = "GET\n";
  EXPECT_EQ(request.MalformedPart(), "method");
}

// A half-open connection: the server reads and never answers.
TEST_F(CurlTransportTest, NoAnswerEndsAtTheDeadline) {
  LoopbackServer server([](Peer& peer, int) { peer.WaitForClose(); });
  HttpRequest request = Post(server.Url());
  request.timeout = absl::Milliseconds(200);
  const absl::Duration begin = MonotonicTime();
  EXPECT_EQ(Send(std::move(request)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  const absl::Duration took = MonotonicTime() - begin;
  EXPECT_GE(took, absl::Milliseconds(190));
  EXPECT_LT(took, absl::Seconds(3));
}

// The deadline is the request's, not each read's.
TEST_F(CurlTransportTest, ADripDoesNotOutlastTheDeadline) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (peer.Write("x") && peer.IsQuiet(20)) {
    }
  });
  HttpRequest request = Post(server.Url());
  request.timeout = absl::Milliseconds(300);
  EXPECT_EQ(Send(std::move(request)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CurlTransportTest, AHugeBodyIsCut) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk =
        absl::StrCat("1000\r\n", std::string(0x1000, 'x'), "\r\n");
    while (peer.Write(chunk)) {
    }
  });
  const auto answer = Send(Post(server.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body.size(), 64u << 10);
}

TEST_F(CurlTransportTest, ABodyOfExactlyTheLimitIsWhole) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(Ok(std::string(64 << 10, 'x')));
  });
  const auto answer = Send(Post(server.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body.size(), 64u << 10);
}

TEST_F(CurlTransportTest, ManyHeadersAreCut) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    std::string headers;
    for (int i = 0; i < 500; ++i) absl::StrAppend(&headers, "X-", i, ": y\r\n");
    peer.Write(Ok("ok", headers));
  });
  const auto answer = Send(Post(server.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->headers.size(), 100u);
  EXPECT_EQ(answer->Header("x-99"), "y");
  EXPECT_EQ(answer->body, "ok");
}

TEST_F(CurlTransportTest, EndlessHeadersEndTheRequest) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n");
    const std::string header =
        absl::StrCat("X: ", std::string(900, 'y'), "\r\n");
    while (peer.Write(header)) {
    }
  });
  EXPECT_EQ(Send(Post(server.Url())).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(CurlTransportTest, WhatIsNotHttpIsNoAnswer) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  EXPECT_EQ(Send(Post(server.Url())).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(CurlTransportTest, TheEnvironmentsProxyIsNotUsed) {
  LoopbackServer proxy([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(Ok("proxy"));
  });
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(Ok("server"));
  });
  for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.Url().c_str(), 1);
  }
  const auto direct = Send(Post(server.Url()));
  for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  ASSERT_TRUE(direct.ok()) << direct.status();
  EXPECT_EQ(direct->body, "server");
}

TEST_F(CurlTransportTest, TheConnectionsToAHostAreBounded) {
  CurlTransportOptions options;
  options.max_connections_per_host = 2;
  Make(options);
  std::promise<void> second_came;
  const std::shared_future<void> second = second_came.get_future().share();
  LoopbackServer server([&](Peer& peer, int connection) {
    if (connection == 1) second_came.set_value();
    while (!peer.ReadRequest().empty()) {
      second.wait();
      peer.Write(Ok("ok"));
    }
  });
  std::vector<std::future<absl::StatusOr<HttpResponse>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(Begin(Post(server.Url())));
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
  EXPECT_EQ(server.connections(), 2);
}

// Waiting for one of its host's connections uses the request's time, and ends
// at `last_repeat`. A timeout of that kind says nothing about the host.
TEST_F(CurlTransportTest, WaitingForAConnectionCounts) {
  LoopbackServer server([](Peer& peer, int) { peer.WaitForClose(); });
  for (const bool at_last_repeat : {false, true}) {
    CurlTransportOptions options;
    options.max_connections_per_host = 1;
    HttpRequest request = Post(server.Url());
    (at_last_repeat ? options.last_repeat : request.timeout) =
        absl::Milliseconds(200);
    Make(options);
    auto first = Begin(Post(server.Url()));
    const absl::Duration begin = MonotonicTime();
    EXPECT_EQ(Send(std::move(request)).status().code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_LT(MonotonicTime() - begin, absl::Seconds(5));
    transport_.reset();
    EXPECT_FALSE(first.get().ok());
  }
}

// As if the process had been stopped. GitHub could act on the request when its
// caller no longer expects it.
TEST_F(CurlTransportTest, ARequestThatWasHeldUpIsNotSent) {
  CurlTransportOptions options;
  options.last_repeat = absl::Seconds(1);
  Make(options);
  LoopbackServer server([](Peer& peer, int connection) {
    EXPECT_EQ(connection, 0);
    while (!peer.ReadRequest().empty()) peer.Write(Ok("ok"));
  });
  std::promise<void> ended;
  std::promise<void> go_on;
  transport_->Send(Post(server.Url()), [&](absl::StatusOr<HttpResponse>) {
    ended.set_value();
    go_on.get_future().wait();
  });
  ended.get_future().wait();
  auto held_up = Begin(Post(server.Url()));
  // Not even its own time is left, which says nothing about the host either.
  HttpRequest short_request = Post(server.Url());
  short_request.timeout = absl::Milliseconds(500);
  auto too_late = Begin(std::move(short_request));
  EXPECT_EQ(held_up.wait_for(std::chrono::milliseconds(1100)),
            std::future_status::timeout);
  go_on.set_value();
  EXPECT_EQ(held_up.get().status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(too_late.get().status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(CurlTransportTest, ItsEndIsTheEndOfAllRequests) {
  LoopbackServer server([](Peer& peer, int) { peer.WaitForClose(); });
  // With few connections, most requests still wait for one.
  for (const int connections : {256, 2}) {
    CurlTransportOptions options;
    options.max_connections_per_host = connections;
    Make(options);
    std::vector<std::future<absl::StatusOr<HttpResponse>>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(Begin(Post(server.Url())));
    transport_.reset();
    for (auto& answer : answers) {
      EXPECT_EQ(answer.get().status().code(), absl::StatusCode::kUnavailable);
    }
  }
}

// The transport looks up certificates by host, so the spelling of a host must
// not matter.
TEST(CurlTransferTest, KnowsTheHostOfAUrl) {
  const std::pair<std::string, std::string> hosts[] = {
      {"https://Api.Example.com:8443/api/v3", "api.example.com"},
      {"https://127.0.0.1", "127.0.0.1"},
      {"https://[::1]:8443/api/v3", "[::1]"},
      {"https://[0:0:0:0:0:0:0:1]", "[::1]"},
      {"https://[::1", ""},
      {"", ""}};
  for (const auto& [url, host] : hosts) {
    EXPECT_EQ(CurlTransfer::HostOf(url), host) << url;
  }
}

TEST_F(CurlTransportTest, RefusesAMissingCertificateFile) {
  CurlTransportOptions options;
  options.ca_files["https://ghes.example.com"] = "/does/not/exist.pem";
  EXPECT_EQ(MakeCurlTransport(options).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace signalbox
