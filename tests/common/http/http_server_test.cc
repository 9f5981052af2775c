#include "common/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "tests/common/http/raw_client.h"

// Replaces the C library's function in the whole program, so that a test can
// have the next accepts fail.
std::atomic<int> accept_failures{0};
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  const auto accepted =
      static_cast<int>(syscall(SYS_accept4, fd, address, size, flags));
  if (accepted >= 0 && accept_failures > 0) {
    --accept_failures;
    close(accepted);
    errno = ECONNABORTED;
    return -1;
  }
  return accepted;
}

namespace signalbox {
namespace {

// Answers 202 with the size of the body, or 400 with why it is missing.
HttpAnswer CountBody(const HttpServerRequest&, BodyReader read_body) {
  size_t size = 0;
  const absl::Status complete = read_body([&](absl::string_view bytes) {
    size += bytes.size();
    return true;
  });
  if (!complete.ok()) {
    return {400, absl::StrCat(absl::StatusCodeToString(complete.code()), "\n")};
  }
  return {202, absl::StrCat("size ", size, "\n")};
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpHandler handler = CountBody) {
    server_ = *HttpServer::Start(options_, std::move(handler));
  }

  RawClient Connect() { return RawClient(server_->port()); }

  std::string Exchange(absl::string_view request) {
    RawClient client = Connect();
    client.Send(request);
    return client.Read();
  }

  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

constexpr char kPost[] = "POST / HTTP/1.1\r\nHost: x\r\n";

std::string Sized(size_t size) {
  return absl::StrCat(kPost, "Content-Length: ", size, "\r\n\r\n",
                      std::string(size, 'x'));
}

TEST_F(HttpServerTest, KnowsALoopbackPeer) {
  Start([](const HttpServerRequest& request, BodyReader) -> HttpAnswer {
    return {200, request.peer_is_loopback ? "loopback\n" : "elsewhere\n"};
  });
  EXPECT_TRUE(absl::EndsWith(Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                             "loopback\n"));
}

TEST_F(HttpServerTest, AnswersAndCloses) {
  Start();
  const std::string answer = Exchange(Sized(5));
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 202 Accepted\r\n")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n"));
  EXPECT_TRUE(absl::StrContains(answer, "Content-Type: text/plain\r\n"));
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\nsize 5\n"));
}

TEST_F(HttpServerTest, SaysWhenToComeBackIfThereWasNoTime) {
  options_.body_timeout = std::chrono::milliseconds(0);
  Start();
  const std::string answer = Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "\r\nRetry-After: 5\r\n")) << answer;
}

TEST_F(HttpServerTest, BodiesOfAnySizeAndTypeComeThrough) {
  Start();
  for (const size_t size : {0, 1, 8191, 8192, 8193, 33000, 5 << 20}) {
    for (const char* type :
         {"application/json", "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=x"}) {
      const std::string answer = Exchange(absl::StrCat(
          kPost, "Content-Type: ", type, "\r\nContent-Length: ", size,
          "\r\n\r\n", std::string(size, 'x')));
      EXPECT_TRUE(absl::EndsWith(answer, absl::StrCat("size ", size, "\n")))
          << type << " " << size << answer;
    }
  }
}

TEST_F(HttpServerTest, ChunksAreJoined) {
  Start();
  EXPECT_TRUE(absl::EndsWith(
      Exchange(absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n",
                            "5\r\nabcde\r\nA;x=y\r\n0123456789\r\n0\r\n"
                            "Trailer: x\r\n\r\n")),
      "size 15\n"));
}

TEST_F(HttpServerTest, BrokenChunksAreNoBody) {
  Start();
  for (const char* body :
       {"x\r\n", "5\r\nabc", "\r\n", "5\r\nabcde\r\n", "5\r\nabcde\r\n0\r\n",
        "5\r\nabcdefg\r\n0\r\n\r\n", "5\r\nabc\r\n0\r\n\r\n", "5\r\nabcde\r"}) {
    RawClient client = Connect();
    client.Send(
        absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n", body));
    client.EndSending();
    EXPECT_EQ(RawClient::StatusOf(client.Read()), 400) << body;
  }
}

TEST_F(HttpServerTest, TruncatedBodyIsNoBody) {
  Start();
  RawClient client = Connect();
  client.Send(absl::StrCat(kPost, "Content-Length: 10\r\n\r\n12345"));
  client.EndSending();
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 400);
}

TEST_F(HttpServerTest, Http10IsAnswered) {
  Start();
  const std::string answer =
      Exchange("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_TRUE(absl::EndsWith(answer, "size 2\n")) << answer;
  // Without a length there is no body to wait for.
  EXPECT_TRUE(absl::EndsWith(Exchange("POST / HTTP/1.0\r\n\r\n"), "size 0\n"));
}

TEST_F(HttpServerTest, WhatIsNoHttpIs400) {
  Start();
  const std::vector<std::string> requests = {
      "\x16\x03\x01\x02",
      "\r\n\r\n",
      "hello\r\n\r\n",
      "POST / HTTP/1.1\n\n",
      "POST / HTTP/1.1\r\nA: x\n\r\n",
      "POST / HTTP/1.1\r\nA : x\r\n\r\n",
      absl::StrCat(kPost,
                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                   "0\r\n\r\n"),
      absl::StrCat(kPost, "Content-Encoding: gzip\r\n\r\n"),
      absl::StrCat("POST /", std::string(20000, 'x'), " HTTP/1.1\r\n\r\n"),
      absl::StrCat(kPost, "A: ", std::string(20000, 'x'), "\r\n\r\n"),
      std::string(20000, 'A'),
  };
  for (const std::string& request : requests) {
    const std::string answer = Exchange(request);
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 400 ")) << request << answer;
    EXPECT_FALSE(absl::StrContains(answer, "RESET"));
  }
}

// The library would match these with regular expressions, or believe them.
TEST_F(HttpServerTest, HeadersFromOutsideDoNotReachTheLibrary) {
  Start();
  for (const char* header :
       {"Range: bytes=5-2", "Range: bytes=0-0", "Range: x",
        "Expect: 417-something", "Connection: keep-alive",
        "REMOTE_ADDR: 1.2.3.4", "Content-Type: multipart/form-data"}) {
    const std::string answer = Exchange(
        absl::StrCat(kPost, header, "\r\nContent-Length: 2\r\n\r\nab"));
    EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\nsize 2\n")) << header << answer;
  }
  const std::string ranges(15000, ',');
  EXPECT_TRUE(absl::EndsWith(
      Exchange(absl::StrCat(kPost, "Range: bytes=0-0", ranges, "\r\n\r\n")),
      "size 0\n"));
}

TEST_F(HttpServerTest, ExpectingClientsAreToldToContinueOnceTheBodyIsWanted) {
  Start(
      [](const HttpServerRequest& request, BodyReader read_body) -> HttpAnswer {
        if (request.head.path == "/refused") return {401, "no\n"};
        return CountBody(request, read_body);
      });
  RawClient client = Connect();
  client.Send(
      "POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.Read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ab");
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 202);

  RawClient refused = Connect();
  EXPECT_EQ(refused.Ask("POST /refused HTTP/1.1\r\nExpect: 100-continue\r\n"
                        "Content-Length: 2\r\n\r\n"),
            401);
}

TEST_F(HttpServerTest, HeadersAreHandedOverUndecoded) {
  Mutex mu;
  std::vector<std::string> values;
  Start([&](const HttpServerRequest& request, BodyReader) -> HttpAnswer {
    MutexLock lock(&mu);
    for (const auto value : request.head.Values("a")) {
      values.emplace_back(value);
    }
    return {200, "ok\n"};
  });
  Exchange(absl::StrCat(kPost, "A: %0d%0aB: x\r\na: 100%\r\n\r\n"));
  MutexLock lock(&mu);
  EXPECT_EQ(values, (std::vector<std::string>{"%0d%0aB: x", "100%"}));
}

TEST_F(HttpServerTest, AnswerToHeadHasNoBody) {
  Start([](const HttpServerRequest&, BodyReader) -> HttpAnswer {
    return {405, "use POST\n", "text/html", {{"Allow", "POST"}}};
  });
  const std::string answer = Exchange("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(answer, "Allow: POST\r\n"));
  EXPECT_TRUE(absl::StrContains(answer, "Content-Type: text/html\r\n"));
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, ExceptionsDoNotLeak) {
  Start([](const HttpServerRequest&, BodyReader) -> HttpAnswer {
    throw std::runtime_error("the inside");
  });
  const std::string answer = Exchange(Sized(0));
  EXPECT_EQ(RawClient::StatusOf(answer), 500);
  EXPECT_FALSE(absl::StrContains(answer, "inside"));
  EXPECT_EQ(RawClient::StatusOf(Exchange(Sized(0))), 500);
}

// A client that sends all before it reads must still get the answer.
TEST_F(HttpServerTest, RefusedBodiesDoNotResetTheConnection) {
  Start([](const HttpServerRequest&, BodyReader read_body) -> HttpAnswer {
    EXPECT_TRUE(
        absl::IsCancelled(read_body([](absl::string_view) { return false; })));
    return {413, "too large\n"};
  });
  RawClient client = Connect();
  EXPECT_TRUE(client.Send(Sized(20 << 20)));
  const std::string answer = client.Read();
  EXPECT_EQ(RawClient::StatusOf(answer), 413);
  EXPECT_FALSE(absl::StrContains(answer, "RESET"));
}

// The client has its answer. Waiting for its end would take the whole timeout.
TEST_F(HttpServerTest, RefusedClientsThatStayAreClosed) {
  Start([](const HttpServerRequest&, BodyReader) -> HttpAnswer {
    return {401, "no\n"};
  });
  RawClient client = Connect();
  client.Send(absl::StrCat(kPost, "Content-Length: 1000\r\n\r\n"));
  EXPECT_EQ(RawClient::StatusOf(client.Read()), 401);
  const auto begin = std::chrono::steady_clock::now();
  while (client.SendSome("x") >= 0) {
    poll(nullptr, 0, 20);
  }
  const auto stayed = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(stayed, std::chrono::seconds(1));
  EXPECT_LT(stayed, std::chrono::seconds(6));
}

TEST_F(HttpServerTest, SilentConnectionsAreClosed) {
  options_.head_timeout = std::chrono::milliseconds(50);
  Start();
  EXPECT_EQ(Connect().Read(), "");
  RawClient dripping = Connect();
  dripping.Send("POST / HTTP/1.1\r\nA: ");
  EXPECT_EQ(dripping.Read(), "");
}

TEST_F(HttpServerTest, SlowBodyIsGivenUp) {
  options_.body_timeout = std::chrono::milliseconds(50);
  options_.total_timeout = std::chrono::milliseconds(100);
  Start();
  RawClient client = Connect();
  client.Send(absl::StrCat(kPost, "Content-Length: 10\r\n\r\n12345"));
  EXPECT_TRUE(absl::EndsWith(client.Read(), "\r\n\r\nDEADLINE_EXCEEDED\n"));
}

// Framing costs bytes too: without this a chunk's extension may have any size.
TEST_F(HttpServerTest, WireBytesAreBounded) {
  options_.max_wire_bytes = 1000;
  Start();
  const std::string answer =
      Exchange(absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n5;",
                            std::string(50000, 'x'), "\r\nabcde\r\n0\r\n\r\n"));
  EXPECT_EQ(RawClient::StatusOf(answer), 400);
}

TEST_F(HttpServerTest, IdleConnectionsDelayNobody) {
  Start();
  std::vector<RawClient> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(Connect());
    ASSERT_TRUE(idle.back().connected());
    if (i % 2 == 0) idle.back().Send("POST / HTTP/1.1\r\nA: ");
  }
  // They would hold a thread until the timeout of 5 s.
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(RawClient::StatusOf(Exchange(Sized(3))), 202);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(HttpServerTest, ManyRequestsAtOnceAreAnswered) {
  Start();
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        if (RawClient::StatusOf(Exchange(Sized(1000))) == 202) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 320);
}

TEST_F(HttpServerTest, NoMoreThanMaxThreadsAreServedAtOnce) {
  options_.max_threads = 2;
  Mutex mu;
  int running = 0;
  int most = 0;
  Start([&](const HttpServerRequest& request, BodyReader read_body) {
    {
      MutexLock lock(&mu);
      most = std::max(most, ++running);
    }
    poll(nullptr, 0, 5);
    HttpAnswer answer = CountBody(request, read_body);
    MutexLock lock(&mu);
    --running;
    return answer;
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(RawClient::StatusOf(Exchange(Sized(3))), 202); });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(&mu);
  EXPECT_LE(most, 2);
}

// cpp-httplib's own loop ends at such errors.
TEST_F(HttpServerTest, AcceptsAgainAfterAFailedAccept) {
  Start();
  for (int round = 0; round < 3; ++round) {
    accept_failures = 1;
    EXPECT_EQ(RawClient::StatusOf(Exchange(Sized(0))), 0);
    EXPECT_EQ(RawClient::StatusOf(Exchange(Sized(0))), 202);
  }
}

TEST_F(HttpServerTest, StopFinishesWhatIsUnderWay) {
  std::promise<void> began;
  std::promise<void> may_end;
  Start([&](const HttpServerRequest& request, BodyReader read_body) {
    began.set_value();
    may_end.get_future().wait();
    return CountBody(request, read_body);
  });
  RawClient busy = Connect();
  busy.Send(absl::StrCat(kPost, "Content-Length: 2\r\n\r\na"));
  began.get_future().wait();
  RawClient idle = Connect();
  std::thread stopping([&] { server_->Stop(); });
  EXPECT_NE(idle.Read(), "TIMEOUT");
  busy.Send("b");
  may_end.set_value();
  EXPECT_EQ(RawClient::StatusOf(busy.Read()), 202);
  stopping.join();
  EXPECT_FALSE(RawClient(server_->port()).connected());
}

TEST_F(HttpServerTest, StopAtOnceIsFine) {
  for (int round = 0; round < 50; ++round) {
    Start();
    server_->Stop();
    server_->Stop();
  }
}

class KeptConnectionTest : public HttpServerTest {
 protected:
  KeptConnectionTest() {
    options_.kept_clients = {*ParseAddressRange("client", "127.0.0.0/8")};
  }

  static constexpr char kNext[] = "GET / HTTP/1.1\r\n\r\n";

  // Reads the answer of CountBody to a body of so many bytes, and no more.
  static std::string Answer(RawClient& client, size_t size) {
    return client.Read(absl::StrCat("\r\n\r\nsize ", size, "\n"));
  }
  // Whether the connection stays open after the answer to this request.
  bool IsKept(absl::string_view request) {
    RawClient client = Connect();
    client.Send(request);
    const std::string first = Answer(client, 0);
    client.Send(kNext);
    // If the connection is closed, it reads nothing more.
    const std::string rest = client.Read("size 0\n");
    const bool says_close = absl::StrContains(first, "Connection: close\r\n");
    const bool has_answer = absl::StrContains(rest, "HTTP/1.1 202");
    EXPECT_NE(says_close, has_answer) << request << "\n" << first << rest;
    return has_answer;
  }
};

// The server runs in this process. Its ends of connections have its port.
TEST_F(KeptConnectionTest, NoAnswerWaitsForAnAcknowledgement) {
  Start();
  RawClient client = Connect();
  client.Send(Sized(5));
  Answer(client, 5);
  int ends = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in address = {};
    socklen_t length = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (getsockname(fd, generic, &length) != 0 ||
        address.sin_family != AF_INET ||
        ntohs(address.sin_port) != server_->port() ||
        getpeername(fd, generic, &length) != 0) {
      continue;
    }
    ++ends;
    int set = 0;
    length = sizeof(set);
    EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &set, &length), 0);
    EXPECT_NE(set, 0);
  }
  EXPECT_EQ(ends, 1);
}

TEST_F(KeptConnectionTest, CarriesRequestsOneAfterTheOther) {
  Start();
  RawClient client = Connect();
  for (const size_t size : {5, 0, 100000, 1}) {
    client.Send(Sized(size));
    const std::string answer = Answer(client, size);
    EXPECT_EQ(RawClient::StatusOf(answer), 202) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "Connection:")) << answer;
    client.Send(absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n",
                             "5\r\nabcde\r\n0\r\n\r\n"));
    EXPECT_EQ(RawClient::StatusOf(Answer(client, 5)), 202);
  }
}

TEST_F(KeptConnectionTest, IsForTheNamedClientsAlone) {
  options_.kept_clients = {*ParseAddressRange("client", "127.0.0.2"),
                           *ParseAddressRange("client", "10.0.0.0/8")};
  Start();
  EXPECT_TRUE(absl::StrContains(Exchange(Sized(5)), "Connection: close\r\n"));
}

TEST_F(KeptConnectionTest, IsClosedIfTheClientWantsThat) {
  Start();
  EXPECT_TRUE(IsKept(kNext));
  EXPECT_TRUE(IsKept("GET / HTTP/1.1\r\nConnection: Keep-Alive\r\n\r\n"));
  for (const char* request :
       {"GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: keep-alive, close\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n"
        "\r\n",
        "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"}) {
    EXPECT_FALSE(IsKept(request)) << request;
  }
}

// After these, the two ends may disagree where the request ends.
TEST_F(KeptConnectionTest, IsClosedAfterARequestThatIsWrong) {
  Start();
  for (const std::string& request :
       {std::string("GET / HTTP/1.1\nHost: x\r\n\r\n"),
        absl::StrCat(kPost, "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        absl::StrCat(kPost, "Content-Length: +0\r\n\r\n"),
        absl::StrCat(kPost, "Content-Length: 5\r\n",
                     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        absl::StrCat(kPost, "Transfer-Encoding: chunked, identity\r\n\r\n"),
        absl::StrCat(kPost, "Transfer-Encoding : chunked\r\n\r\n"),
        absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n0\n\n"),
        absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\nx\r\n")}) {
    RawClient client = Connect();
    client.Send(request);
    client.Send(kNext);
    client.EndSending();
    const std::string answer = client.Read();
    EXPECT_EQ(RawClient::StatusOf(answer), 400) << request << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "size")) << request << answer;
  }
}

// Bytes behind a request are never a request: not if they come with it, nor
// while it is answered.
TEST_F(KeptConnectionTest, IsClosedIfTheNextRequestDoesNotWait) {
  std::promise<void> has_begun;
  std::promise<void> may_answer;
  Start([&](const HttpServerRequest& request, BodyReader read_body) {
    HttpAnswer answer = CountBody(request, read_body);
    if (request.head.path == "/slow") {
      has_begun.set_value();
      may_answer.get_future().wait();
    }
    return answer;
  });
  for (const std::string& first :
       {Sized(5), Sized(0), std::string(kNext), Sized(100000),
        absl::StrCat(kPost, "Transfer-Encoding: chunked\r\n\r\n",
                     "5\r\nabcde\r\n0\r\n\r\n")}) {
    for (const char* more : {kNext, "x", "\r\n"}) {
      const std::string answer = Exchange(first + more);
      EXPECT_EQ(RawClient::StatusOf(answer), 202) << answer;
      EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n"));
      EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
    }
  }
  RawClient client = Connect();
  client.Send("GET /slow HTTP/1.1\r\n\r\n");
  has_begun.get_future().wait();
  client.Send(kNext);
  may_answer.set_value();
  const std::string answer = client.Read();
  EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
}

TEST_F(KeptConnectionTest, IsClosedAfterAnErrorAndAfterABodyThatNobodyRead) {
  Start([](const HttpServerRequest& request, BodyReader read_body) {
    if (request.head.path == "/unread") return HttpAnswer{202, "no\n"};
    if (request.head.path == "/throw") throw std::runtime_error("inside");
    HttpAnswer answer = CountBody(request, read_body);
    if (request.head.path == "/wrong") answer.status = 401;
    if (request.head.path == "/later") answer.status = 503;
    return answer;
  });
  for (const char* path : {"/unread", "/throw", "/wrong", "/later"}) {
    const std::string answer = Exchange(absl::StrCat(
        "POST ", path, " HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde"));
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
  }
}

TEST_F(KeptConnectionTest, ExpectingClientsGetTheirAnswerAndStay) {
  Start();
  RawClient client = Connect();
  client.Send(
      absl::StrCat(kPost, "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(absl::StartsWith(client.Read("\r\n\r\n"), "HTTP/1.1 100"));
  client.Send("abcde");
  EXPECT_EQ(RawClient::StatusOf(Answer(client, 5)), 202);
  client.Send(Sized(3));
  EXPECT_EQ(RawClient::StatusOf(Answer(client, 3)), 202);
}

TEST_F(KeptConnectionTest, TakesNoThreadWhileItIsIdle) {
  options_.max_threads = 2;
  Start();
  std::vector<RawClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(Connect());
    idle.back().Send(Sized(1));
    EXPECT_EQ(RawClient::StatusOf(Answer(idle.back(), 1)), 202);
  }
  for (RawClient& client : idle) {
    client.Send(Sized(2));
    EXPECT_EQ(RawClient::StatusOf(Answer(client, 2)), 202);
  }
}

TEST_F(KeptConnectionTest, IsClosedWhenItIsIdleForTooLong) {
  options_.idle_timeout = std::chrono::milliseconds(20);
  Start();
  RawClient client = Connect();
  client.Send(Sized(1));
  const std::string all = client.Read();
  EXPECT_TRUE(absl::EndsWith(all, "size 1\n")) << all;
}

// Slow and silent clients have no more time than on a new connection.
TEST_F(KeptConnectionTest, HasTheLimitsOfANewOne) {
  options_.head_timeout = std::chrono::milliseconds(500);
  options_.body_timeout = std::chrono::milliseconds(500);
  Start();
  RawClient slow_head = Connect();
  RawClient slow_body = Connect();
  for (RawClient* const client : {&slow_head, &slow_body}) {
    client->Send(Sized(1));
    EXPECT_EQ(RawClient::StatusOf(Answer(*client, 1)), 202);
  }
  slow_head.Send("POST /");
  slow_body.Send(absl::StrCat(kPost, "Content-Length: 5\r\n\r\nabc"));
  EXPECT_EQ(slow_head.Read(), "");
  EXPECT_TRUE(absl::EndsWith(slow_body.Read(), "DEADLINE_EXCEEDED\n"));
}

TEST_F(KeptConnectionTest, StopEndsIt) {
  Start();
  RawClient client = Connect();
  client.Send(Sized(1));
  EXPECT_EQ(RawClient::StatusOf(Answer(client, 1)), 202);
  server_->Stop();
  EXPECT_EQ(client.Read(), "");
}

TEST_F(HttpServerTest, PortInUseIsAnError) {
  Start();
  HttpServerOptions same = options_;
  same.listen.port = server_->port();
  EXPECT_EQ(HttpServer::Start(same, CountBody).status().code(),
            absl::StatusCode::kFailedPrecondition);
  HttpServerOptions nowhere = options_;
  nowhere.listen.host = "no such host";
  EXPECT_EQ(HttpServer::Start(nowhere, CountBody).status().code(),
            absl::StatusCode::kInvalidArgument);
  HttpServerOptions elsewhere = options_;
  elsewhere.listen.host = "192.0.2.1";
  EXPECT_FALSE(HttpServer::Start(elsewhere, CountBody).ok());
}

}  // namespace
}  // namespace signalbox
