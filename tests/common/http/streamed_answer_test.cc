#include "common/http/streamed_answer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/common/http/raw_client.h"

namespace signalbox {
namespace {

HttpHead RequestOf(const std::string& method = "GET") {
  HttpHead head;
  head.method = method;
  return head;
}

HttpAnswer Streaming(std::function<bool(AnswerSink)> stream) {
  HttpAnswer answer;
  answer.status = 200;
  answer.stream = std::move(stream);
  return answer;
}

bool TwoPieces(AnswerSink sink) {
  return sink("0123456789") && sink("") && sink("abcdef");
}

bool HalfABody(AnswerSink sink) {
  sink("half");
  return false;
}

// What the client gets, and, after a space, whether it got all.
std::string Written(const HttpAnswer& answer, const HttpHead& request,
                    bool is_kept = true) {
  std::string all;
  const bool is_complete = WriteStreamedAnswer(answer, request, is_kept,
                                               [&](absl::string_view bytes) {
                                                 absl::StrAppend(&all, bytes);
                                                 return true;
                                               });
  return absl::StrCat(all, is_complete ? " complete" : " broken");
}

TEST(StreamedAnswerTest, SendsChunksIfTheSizeIsUnknown) {
  HttpAnswer answer = Streaming(TwoPieces);
  answer.headers = {{"ETag", "\"x\""}};
  EXPECT_EQ(Written(answer, RequestOf()),
            "HTTP/1.1 200 \r\nETag: \"x\"\r\nContent-Type: text/plain\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
            "a\r\n0123456789\r\n6\r\nabcdef\r\n0\r\n\r\n complete");
}

TEST(StreamedAnswerTest, SendsTheSizeIfItIsKnown) {
  HttpAnswer answer = Streaming(TwoPieces);
  answer.content_type.clear();
  answer.stream_size = 16;
  EXPECT_EQ(Written(answer, RequestOf(), false),
            "HTTP/1.1 200 \r\nContent-Length: 16\r\nConnection: close\r\n\r\n"
            "0123456789abcdef complete");
}

// Else the client would take the rest for its next answer, or wait for it.
TEST(StreamedAnswerTest, ABodyOfAnotherSizeIsIncomplete) {
  HttpAnswer answer = Streaming(TwoPieces);
  answer.stream_size = 15;
  EXPECT_TRUE(absl::EndsWith(Written(answer, RequestOf()), "9 broken"));
  answer.stream_size = 17;
  EXPECT_TRUE(absl::EndsWith(Written(answer, RequestOf()), "f broken"));
}

TEST(StreamedAnswerTest, SendsNoChunksToHttp10) {
  HttpHead request = RequestOf();
  request.is_http_1_0 = true;
  const std::string written = Written(Streaming(TwoPieces), request);
  EXPECT_FALSE(absl::StrContains(written, "chunked")) << written;
  EXPECT_TRUE(absl::StrContains(written, "Connection: close\r\n")) << written;
  EXPECT_TRUE(absl::EndsWith(written, "\r\n\r\n0123456789abcdef complete"));
}

TEST(StreamedAnswerTest, SomeAnswersHaveNoBody) {
  HttpAnswer answer = Streaming([](AnswerSink) {
    ADD_FAILURE() << "there is no body";
    return false;
  });
  answer.content_type.clear();
  answer.stream_size = 5;
  EXPECT_EQ(Written(answer, RequestOf("HEAD")),
            "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n complete");
  for (const int status : {204, 304}) {
    answer.status = status;
    EXPECT_EQ(Written(answer, RequestOf()),
              absl::StrCat("HTTP/1.1 ", status, " \r\n\r\n complete"));
  }
}

// The client must not take half a body for a whole one.
TEST(StreamedAnswerTest, AnIncompleteBodyHasNoEnd) {
  EXPECT_TRUE(absl::EndsWith(Written(Streaming(HalfABody), RequestOf()),
                             "4\r\nhalf\r\n broken"));
  const auto fails = [](AnswerSink) -> bool { throw std::runtime_error("x"); };
  EXPECT_TRUE(absl::EndsWith(Written(Streaming(fails), RequestOf()),
                             "\r\n\r\n broken"));
}

TEST(StreamedAnswerTest, NoHeaderCanForgeAnother) {
  HttpAnswer answer = Streaming(TwoPieces);
  answer.headers = {{"A", "1\r\nB: 2"}, {"C\r\nD", "3"}, {"", "4"}};
  const std::string written = Written(answer, RequestOf());
  EXPECT_TRUE(absl::StartsWith(written, "HTTP/1.1 200 \r\nContent-Type"))
      << written;
}

// The same over a connection.
class StreamingServerTest : public ::testing::Test {
 protected:
  void Start(const std::function<bool(AnswerSink)>& stream) {
    server_ = *HttpServer::Start(
        options_, [stream](const HttpServerRequest&, BodyReader) {
          return Streaming(stream);
        });
  }
  RawClient Ask() {
    RawClient client(server_->port());
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return client;
  }

  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(StreamingServerTest, TheConnectionCarriesTheNextRequest) {
  options_.kept_clients = {*ParseAddressRange("", "127.0.0.0/8")};
  Start(TwoPieces);
  RawClient client = Ask();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(
        absl::StartsWith(client.Read("\r\n0\r\n\r\n"), "HTTP/1.1 200 \r\n"));
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
}

TEST_F(StreamingServerTest, AnIncompleteBodyEndsTheConnection) {
  options_.kept_clients = {*ParseAddressRange("", "127.0.0.0/8")};
  Start(HalfABody);
  EXPECT_TRUE(absl::EndsWith(Ask().Read(), "4\r\nhalf\r\n"));
}

// Such an answer may begin, and go on, when other answers must have ended.
TEST_F(StreamingServerTest, MayTakeLongerThanOtherAnswers) {
  options_.total_timeout = std::chrono::milliseconds(0);
  Start(TwoPieces);
  EXPECT_TRUE(absl::EndsWith(Ask().Read(), "\r\n0\r\n\r\n"));
}

TEST_F(StreamingServerTest, AClientThatDoesNotReadIsDropped) {
  options_.piece_timeout = std::chrono::milliseconds(50);
  std::atomic<bool> is_over = false;
  Start([&is_over](AnswerSink sink) {
    const std::string piece(16 << 10, 'x');
    while (sink(piece)) {
    }
    is_over = true;
    return false;
  });
  const RawClient client = Ask();
  while (!is_over) std::this_thread::yield();
}

TEST_F(StreamingServerTest, StoppingEndsTheStreams) {
  options_.total_timeout = std::chrono::milliseconds(50);
  options_.piece_timeout = std::chrono::milliseconds(50);
  std::atomic<bool> has_begun = false;
  Start([&has_begun](AnswerSink sink) {
    while (sink("x")) has_begun = true;
    return false;
  });
  const RawClient client = Ask();
  while (!has_begun) std::this_thread::yield();
  server_->Stop();
}

// A stream that waits for its bytes asks so whether it is still wanted.
TEST_F(StreamingServerTest, StoppingEndsAStreamThatSendsNothing) {
  options_.total_timeout = std::chrono::milliseconds(50);
  std::atomic<bool> has_begun = false;
  Start([&has_begun](AnswerSink sink) {
    while (sink("")) has_begun = true;
    return false;
  });
  const RawClient client = Ask();
  while (!has_begun) std::this_thread::yield();
  server_->Stop();
}

}  // namespace
}  // namespace signalbox
