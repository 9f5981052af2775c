#include "common/http/streaming_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "tests/common/http/loopback_server.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The last request that a server has read.
class Sent {
 public:
  // Reads the next. False: the connection is closed.
  bool Read(Peer& peer) {
    std::string request = peer.ReadRequest();
    MutexLock lock(&mu_);
    if (request.empty()) return false;
    request_ = std::move(request);
    return true;
  }
  std::string request() {
    MutexLock lock(&mu_);
    return request_;
  }

 private:
  Mutex mu_;
  std::string request_ ABSL_GUARDED_BY(mu_);
};

StreamRequest To(const LoopbackServer& server,
                 const std::string& method = "GET") {
  StreamRequest request;
  request.method = method;
  request.url = server.Url("/path?query");
  return request;
}

// Reads the whole body. The status goes to `status`.
std::string BodyOf(StreamResponse& response, absl::Status* status = nullptr) {
  std::string body;
  const absl::Status read = response.Read([&body](absl::string_view bytes) {
    EXPECT_LE(bytes.size(), 16u << 10);
    absl::StrAppend(&body, bytes);
    return true;
  });
  if (status == nullptr) {
    EXPECT_TRUE(read.ok()) << read;
  } else {
    *status = read;
  }
  return body;
}

// A line that begins with space goes on with the header before.
TEST(StreamingClientTest, AFoldedLineIsNoHeader) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(
        "HTTP/1.1 200 OK\r\nA: 1\r\n \tSet-Cookie: a=b\r\n \r\n"
        "B: 2\r\nContent-Length: 0\r\n\r\n");
  });
  StreamingClient client({});
  const auto response = client.Send(To(server));
  ASSERT_TRUE(response.ok()) << response.status();
  const auto& headers = (*response)->headers();
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_TRUE(absl::StartsWith(headers[0].second, "1 Set-Cookie: a=b"));
  EXPECT_EQ(headers[1].first, "B");
}

TEST(StreamingClientTest, SendsWhatItIsGivenAndNothingElse) {
  Sent last;
  LoopbackServer server([&last](Peer& peer, int) {
    last.Read(peer);
    peer.Write("HTTP/1.1 201 Created\r\nA: 1\r\nContent-Length: 2\r\n\r\nok");
  });
  StreamingClient client({});
  StreamRequest request = To(server, "PATCH");
  request.headers = {{"user-agent", "tool"}, {"x-empty", ""}};
  request.authorization = Secret("token ghp_1");
  request.body = "{}";
  const auto response = client.Send(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ((*response)->status(), 201);
  EXPECT_EQ((*response)->size(), 2u);
  EXPECT_EQ((*response)->headers()[0].second, "1");
  EXPECT_EQ(BodyOf(**response), "ok");
  const std::string sent = last.request();
  EXPECT_TRUE(absl::StartsWith(sent, "PATCH /path?query HTTP/1.1\r\nHost: 127"))
      << sent;
  EXPECT_THAT(sent, HasSubstr("\r\nuser-agent: tool\r\n"));
  EXPECT_THAT(sent, HasSubstr("\r\nx-empty:"));
  EXPECT_THAT(sent, HasSubstr("\r\nAuthorization: token ghp_1\r\n"));
  EXPECT_THAT(sent, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_TRUE(absl::EndsWith(sent, "\r\n\r\n{}")) << sent;
  for (const char* const name : {"Accept", "Content-Type", "Expect"}) {
    EXPECT_THAT(sent, Not(HasSubstr(absl::StrCat(name, ":"))));
  }
}

TEST(StreamingClientTest, KnowsTheMethods) {
  for (const auto& [method, has_length] :
       {std::pair{"GET", false}, std::pair{"HEAD", false},
        std::pair{"DELETE", false}, std::pair{"POST", true},
        std::pair{"PUT", true}}) {
    Sent last;
    LoopbackServer server([&last](Peer& peer, int) {
      last.Read(peer);
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    StreamingClient client({});
    const auto response = client.Send(To(server, method));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(BodyOf(**response), "");
    const std::string sent = last.request();
    EXPECT_TRUE(absl::StartsWith(sent, absl::StrCat(method, " /"))) << sent;
    EXPECT_EQ(absl::StrContains(sent, "Content-Length: 0\r\n"), has_length)
        << sent;
  }
}

TEST(StreamingClientTest, StreamsChunks) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(
        "HTTP/1.1 103 Early Hints\r\nEarly: 1\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 100; ++i) {
      peer.Write(absl::StrCat("186a0\r\n", piece, "\r\n"));
    }
    peer.Write("0\r\nTrailer: 1\r\n\r\n");
    peer.WaitForClose();
  });
  StreamingClient client({});
  const auto response = client.Send(To(server));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ((*response)->size(), std::nullopt);
  EXPECT_EQ(BodyOf(**response).size(), 10'000'000u);
  EXPECT_EQ((*response)->headers().size(), 1u);
}

TEST(StreamingClientTest, StreamsUpToTheEndOfTheConnection) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n\r\n");
    peer.Write(std::string(1'000'000, 'x'));
  });
  StreamingClient client({});
  const auto response = client.Send(To(server));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(BodyOf(**response).size(), 1'000'000u);
}

TEST(StreamingClientTest, ReusesConnections) {
  LoopbackServer server([](Peer& peer, int) {
    while (!peer.ReadRequest().empty()) {
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  StreamingClient client({});
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Send(To(server));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(BodyOf(**response), "ok");
  }
  EXPECT_EQ(server.connections(), 1);
}

// The server can have acted on it before it closed the connection.
TEST(StreamingClientTest, AChangeWithoutABodyIsSentOnce) {
  std::atomic<int> changes = 0;
  LoopbackServer server([&changes](Peer& peer, int) {
    std::string request = peer.ReadRequest();
    while (absl::StartsWith(request, "GET ")) {
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      request = peer.ReadRequest();
    }
    if (!request.empty()) ++changes;
  });
  StreamingClient client({});
  int sent = 0;
  for (const char* const method : {"POST", "PUT", "PATCH", "DELETE"}) {
    // Leaves a connection open that could be used.
    BodyOf(**client.Send(To(server)));
    EXPECT_EQ(client.Send(To(server, method)).status().code(),
              absl::StatusCode::kUnavailable)
        << method;
    EXPECT_EQ(changes, ++sent) << method;
  }
}

// Nothing of one request may show in the next.
TEST(StreamingClientTest, ForgetsThePreviousRequest) {
  Sent last;
  LoopbackServer server([&last](Peer& peer, int) {
    while (last.Read(peer)) {
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  StreamingClient client({});
  StreamRequest first = To(server, "POST");
  first.authorization = Secret("token ghp_1");
  first.body = "{}";
  BodyOf(**client.Send(first));
  BodyOf(**client.Send(To(server)));
  const std::string sent = last.request();
  EXPECT_TRUE(absl::StartsWith(sent, "GET ")) << sent;
  EXPECT_THAT(sent, Not(HasSubstr("Authorization")));
  EXPECT_THAT(sent, Not(HasSubstr("Content-Length")));
}

TEST(StreamingClientTest, ReturnsRedirects) {
  LoopbackServer server([](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
        "Content-Length: 0\r\n\r\n");
  });
  StreamingClient client({});
  const auto response = client.Send(To(server));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ((*response)->status(), 302);
  EXPECT_EQ((*response)->headers()[0].second, "http://127.0.0.1:1/");
}

TEST(StreamingClientTest, SaysWhatWentWrong) {
  StreamingClient::Options options;
  options.head_timeout = absl::Milliseconds(50);
  StreamingClient impatient(options);
  LoopbackServer silent([](Peer& peer, int) { peer.WaitForClose(); });
  EXPECT_EQ(impatient.Send(To(silent)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  StreamingClient client({});
  LoopbackServer closing([](Peer& peer, int) { peer.ReadRequest(); });
  EXPECT_EQ(client.Send(To(closing)).status().code(),
            absl::StatusCode::kUnavailable);
  StreamRequest nowhere = To(closing);
  nowhere.url = "http://127.0.0.1:1/";
  EXPECT_EQ(client.Send(nowhere).status().code(),
            absl::StatusCode::kFailedPrecondition);
  nowhere.url = "file:///etc/passwd";
  EXPECT_EQ(client.Send(nowhere).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(StreamingClientTest, SaysHowABodyEnded) {
  StreamingClient::Options options;
  options.least_bytes = 100;
  options.least_bytes_time = absl::Milliseconds(50);
  StreamingClient impatient(options);
  StreamingClient client({});
  constexpr char kHead[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
  LoopbackServer slow([&](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(kHead);
    peer.WaitForClose();
  });
  absl::Status status;
  EXPECT_EQ(BodyOf(**impatient.Send(To(slow)), &status), "half");
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);

  LoopbackServer closing([&](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write(kHead);
  });
  EXPECT_EQ(BodyOf(**client.Send(To(closing)), &status), "half");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);

  const auto response = client.Send(To(slow));
  EXPECT_EQ((*response)->Read([](absl::string_view) { return false; }).code(),
            absl::StatusCode::kCancelled);
}

// Else a client that reads slowly would fill the memory.
TEST(StreamingClientTest, TheOtherSideWaitsForTheReader) {
  std::atomic<int> written = 0;
  LoopbackServer server([&written](Peer& peer, int) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n\r\n");
    const std::string mebibyte(1 << 20, 'x');
    while (peer.Write(mebibyte)) ++written;
  });
  StreamingClient client({});
  const auto response = client.Send(To(server));
  ASSERT_TRUE(response.ok()) << response.status();
  int read = 0;
  EXPECT_FALSE((*response)
                   ->Read([&](absl::string_view bytes) {
                     read += static_cast<int>(bytes.size());
                     // What the sockets hold.
                     EXPECT_LE(written - (read >> 20), 16);
                     return read < 64 << 20;
                   })
                   .ok());
}

}  // namespace
}  // namespace signalbox
