// Attacks on the program itself. The program must keep running, answer good
// deliveries meanwhile, and be about as small afterwards as before.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/shim/shim_fixture.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

using std::chrono::seconds;

constexpr int kMany = 1000;
constexpr size_t kLargest = 25 << 20;
// Bodies have at most 160 MiB: 96, and a quarter for each of 256 requests.
constexpr int64_t kMaxMib = 256;

// The longest possible form, of the longest possible ping: nearly every byte of
// the JSON takes three.
Request LargestForm() {
  Request form = PingOf(kLargest);
  const std::string some =
      absl::StrReplaceAll(std::string(999, 'x'), {{"x", "%78"}});
  const absl::string_view begin = "payload=%7B%22zen%22%3A%22x";
  const absl::string_view end = "%22%7D";
  const size_t size = 3 * kLargest;
  form.content_type = "application/x-www-form-urlencoded";
  form.body = std::string(begin);
  form.body.reserve(size + some.size());
  while (form.body.size() < size) form.body += some;
  form.body.resize(size - end.size());
  absl::StrAppend(&form.body, end);
  return form;
}

class ShimRobustnessTest : public ShimFixture {
 protected:
  // GitHub gives up after 10 s. If only a few took longer, the machine may be
  // at fault.
  static void ExpectInGitHubsTime(std::vector<Clock::duration> taken) {
    std::sort(taken.begin(), taken.end());
    EXPECT_LT(taken[taken.size() / 2], seconds(9));
  }
};

TEST_F(ShimRobustnessTest, OutlivesIdleConnections) {
  Start();
  {
    const Attack attack(port_, kMany, "");
    ExpectPrompt("1,000 idle connections");
  }
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesDrippingHeads) {
  Start();
  {
    const Attack attack(port_, kMany,
                        "POST /event_handler HTTP/1.1\r\nA: ", "x");
    ExpectPrompt("1,000 dripping heads");
  }
  ExpectRecovered();
}

// Searching for the end of a head from its begin again would take minutes.
TEST_F(ShimRobustnessTest, OutlivesHeadsOfManyLines) {
  Start();
  std::string head = "POST /event_handler HTTP/1.1\r\n";
  while (head.size() < 12000) head += "a:\r\n";
  {
    const Attack attack(port_, kMany, head, "b", 1);
    ExpectPrompt("1,000 dripping heads of 3,000 lines");
  }
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesDrippingBodies) {
  Start();
  for (const char* framing :
       {"Content-Length: 100000", "Transfer-Encoding: chunked"}) {
    const Attack attack(port_, kMany, ForgedHead(framing), "1");
    ExpectPrompt(absl::StrCat("1,000 dripping bodies, ", framing));
  }
  ExpectRecovered();
}

// The shim lets refused clients read their answer, but not at others' cost.
TEST_F(ShimRobustnessTest, OutlivesWhoIsRefusedAndStays) {
  Start();
  {
    const Attack attack(
        port_, kMany, "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n", "x");
    ExpectPrompt("1,000 refused and staying");
  }
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesWhoNeverReads) {
  Start();
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < kMany; ++i) {
      clients.push_back(Connect());
      clients.back().Send(Push().Text());
    }
    ExpectPrompt("1,000 deliveries whose answers nobody reads");
    EXPECT_TRUE(Becomes([&] { return server_.Requests().size() > kMany; }));
  }
  ExpectRecovered();
}

// More connections than the shim has room for.
TEST_F(ShimRobustnessTest, OutlivesFloodsOfConnections) {
  Start(/*descriptors=*/1024);
  {
    const Attack idle(port_, kMany, "");
    const Attack heads(port_, kMany, "POST", "x");
    const Attack bodies(port_, kMany, ForgedHead("Content-Length: 9"));
    ExpectPrompt("3,000 connections to 1,024 descriptors");
  }
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesFewDescriptors) {
  Start(/*descriptors=*/96);
  for (const char* first : {"", "POST / HTTP/1.1\r\n"}) {
    const Attack attack(port_, kMany, first);
    ExpectPrompt("1,000 silent connections to 96 descriptors");
  }
  {
    const Attack attack(port_, kMany, ForgedHead("Content-Length: 100000"),
                        "x");
    ExpectPrompt("1,000 dripping bodies to 96 descriptors");
  }
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, LargestBodiesAreTaken) {
  Start();
  const std::string json = PingOf(kLargest).Text();
  const Request form = LargestForm();
  const std::string requests[] = {json, form.Text(),
                                  Chunked(PingOf(kLargest), 1 << 20)};
  for (const std::string& request : requests) EXPECT_EQ(Ask(request), 200);
  // On a busy machine they may not all be read in time.
  std::vector<std::thread> clients;
  for (const std::string& request : requests) {
    clients.emplace_back([this, &request] {
      const int status = Ask(request);
      EXPECT_TRUE(status == 200 || status == 503) << status;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_LE(FindMemory().most, kMaxMib);
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OneByteMoreThanTheLargestIsTooMuch) {
  Start();
  const Request json = PingOf(kLargest + 1);
  Request form = json;
  form.content_type = "application/x-www-form-urlencoded";
  form.body = absl::StrCat("payload=", json.body);
  Request padded = form;
  padded.body = absl::StrCat("payload=", PingOf(1000).body, "&x=");
  padded.body.resize(3 * kLargest + 1, 'x');
  for (const Request& request : {json, form, padded}) {
    EXPECT_EQ(Ask(request.Text()), 413);
    EXPECT_EQ(Ask(Chunked(request, 1 << 20)), 413);
  }
  EXPECT_LE(FindMemory().most, kMaxMib);
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesHugeBodiesThatNobodySigned) {
  Start();
  const std::string bytes(1 << 20, 'x');
  for (const std::string& first :
       {ForgedHead(absl::StrCat("Content-Length: ", kLargest)),
        ForgedHead("Transfer-Encoding: chunked") + "ffffff\r\n",
        ForgedHead(absl::StrCat("Content-Length: ", 3 * kLargest),
                   "application/x-www-form-urlencoded") +
            "payload="}) {
    // As many as there are threads, and more.
    for (const int count : {200, 400}) {
      const Attack attack(port_, count, first, bytes, 1 << 18);
      ExpectPrompt(absl::StrCat(count, " huge bodies that nobody signed"));
    }
  }
  EXPECT_LE(FindMemory().most, kMaxMib);
  ExpectRecovered();
}

// The library keeps a line of framing until it ends.
TEST_F(ShimRobustnessTest, OutlivesEndlessFraming) {
  Start();
  const std::string bytes(1 << 20, '0');
  for (const char* begin : {"5;", "", "0\r\nA: ", "5\r\nhello\r\n5;"}) {
    const Attack attack(port_, 100,
                        ForgedHead("Transfer-Encoding: chunked") + begin, bytes,
                        4 << 20);
    ExpectPrompt("100 endless lines of framing");
  }
  EXPECT_LE(FindMemory().most, 100);
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesGarbage) {
  Start();
  std::mt19937 random(Seed());
  for (int i = 0; i < 300; ++i) {
    std::string bytes(random() % 3000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    // Half of them have a good first line.
    if (i % 2 == 0) bytes.insert(0, "POST /event_handler HTTP/1.1\r\n");
    RawClient client = Connect();
    client.Send(bytes);
    client.EndSending();
    const std::string answer = client.Read();
    const int status = RawClient::StatusOf(answer);
    EXPECT_TRUE(status == 0 || (status >= 400 && status < 500))
        << i << " " << answer;
    EXPECT_FALSE(absl::EndsWith(answer, "TIMEOUT")) << i;
  }
  // A TLS client's hello, and the begin of HTTP/2.
  EXPECT_EQ(
      Ask(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
          std::string(500, '\x7f')),
      400);
  EXPECT_EQ(Ask(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                            "\x00\x00\x06\x04\x00\x00\x00\x00\x00",
                            33)),
            400);
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesWrongLengths) {
  Start();
  const Request good = Push();
  const std::string text = good.Text();
  const auto with = [&](const std::string& framing) {
    const size_t begin = text.find("Content-Length: ");
    std::string changed = text;
    return changed.replace(begin, text.find("\r\n", begin) - begin, framing);
  };
  const int64_t size = static_cast<int64_t>(good.body.size());
  const std::pair<std::string, int> cases[] = {
      {absl::StrCat("Content-Length: ", size - 1), 401},
      {absl::StrCat("Content-Length: ", size + 1), 400},
      {"Content-Length: 0", 401},
      {"X-Nothing: 0", 401},
      {absl::StrCat("Content-Length: -", size), 400},
      {absl::StrCat("Content-Length: +", size), 400},
      {absl::StrCat("Content-Length: ", size, ".0"), 400},
      {absl::StrCat("Content-Length: 0x", absl::Hex(size)), 400},
      {absl::StrCat("Content-Length: ", size, ", ", size), 400},
      {absl::StrCat("Content-Length: ", size, "\r\nContent-Length: ", size),
       400},
      {absl::StrCat("Content-Length: ", size, "\r\nTransfer-Encoding: chunked"),
       400},
      {"Content-Length: ", 400},
      {"Content-Length: 26214401", 413},
      {"Content-Length: 4294967297", 413},
      {"Content-Length: 999999999999999", 413},
      {"Content-Length: 9999999999999999", 400},
      {"Content-Length: 18446744073709551616", 400},
      {"Content-Length: 18446744073709551617", 400},
      {"Transfer-Encoding: gzip, chunked", 400},
      {"Transfer-Encoding: chunked", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400},
  };
  for (const auto& [framing, expected] : cases) {
    RawClient client = Connect();
    client.Send(with(framing));
    client.EndSending();
    EXPECT_EQ(RawClient::StatusOf(client.Read()), expected) << framing;
  }
  const std::pair<const char*, int> chunks[] = {
      {"0\r\n\r\n", 401},
      {"-1\r\nx\r\n0\r\n\r\n", 400},
      {"ffffffffffffffff\r\nx\r\n0\r\n\r\n", 400},
      {"fffffffffffffffe\r\nx\r\n0\r\n\r\n", 400},
      {"10000000000000001\r\nx\r\n0\r\n\r\n", 400},
      {"2\r\nx\r\n0\r\n\r\n", 400},
      {"1\r\nxy\r\n0\r\n\r\n", 400},
      {"\r\n\r\n", 400},
      {"x\r\n\r\n", 400},
      {"1\r\nx\r\n", 400},
  };
  for (const auto& [body, expected] : chunks) {
    RawClient client = Connect();
    client.Send(ForgedHead("Transfer-Encoding: chunked") + body);
    client.EndSending();
    EXPECT_EQ(RawClient::StatusOf(client.Read()), expected) << body;
  }
  ExpectRecovered();
}

// Requests cut at every byte: ended, so that an answer comes, or broken off.
TEST_F(ShimRobustnessTest, OutlivesRequestsThatAreCut) {
  Start();
  for (const std::string& request :
       {Push().Text(), Chunked(AsForm(Push()), 300)}) {
    for (size_t size = 0; size < request.size(); ++size) {
      RawClient client = Connect();
      client.Send(request.substr(0, size));
      client.EndSending();
      const std::string answer = client.Read();
      const int status = RawClient::StatusOf(answer);
      EXPECT_TRUE(status == 0 || status == 400) << size << answer;
      RawClient broken = Connect();
      broken.Send(request.substr(0, size));
      broken.Reset();
    }
  }
  EXPECT_EQ(server_.Requests().size(), size_t{kFirst});
  ExpectRecovered();
}

TEST_F(ShimRobustnessTest, OutlivesAServerThatIsGone) {
  Start();
  const int port = server_.port();
  server_.Stop();
  std::vector<std::thread> clients;
  std::vector<Clock::duration> taken(100);
  for (Clock::duration& time : taken) {
    clients.emplace_back([this, &time] {
      const auto begin = Clock::now();
      EXPECT_EQ(Ask(Push().Text()), 503);
      time = Clock::now() - begin;
    });
  }
  for (std::thread& client : clients) client.join();
  ExpectInGitHubsTime(std::move(taken));
  server_.Start(port);
  ASSERT_EQ(server_.port(), port);
  EXPECT_TRUE(Becomes([this] { return Ask(Push().Text()) == 202; }));
  ExpectRecovered();
}

// The server takes calls and answers none.
TEST_F(ShimRobustnessTest, OutlivesAServerThatHangs) {
  Start();
  server_.Hold();
  std::vector<std::thread> clients;
  std::vector<Clock::duration> taken(300);
  for (Clock::duration& time : taken) {
    clients.emplace_back([this, &time] {
      const auto begin = Clock::now();
      EXPECT_EQ(Ask(Push().Text()), 503);
      time = Clock::now() - begin;
    });
  }
  for (std::thread& client : clients) client.join();
  ExpectInGitHubsTime(std::move(taken));
  server_.Release();
  ExpectRecovered();
}

}  // namespace
}  // namespace signalbox
