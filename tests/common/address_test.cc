#include "common/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/error.h"

namespace signalbox {
namespace {

TEST(AddressTest, IsHostAndPort) {
  const struct {
    const char* text;
    const char* host;
    int port;
  } cases[] = {
      {"127.0.0.1:0", "127.0.0.1", 0},
      {"LocalHost:65535", "localhost", 65535},
      {"0.0.0.0:1", "0.0.0.0", 1},
      {"[::1]:80", "::1", 80},
      {"[FE80::1:2]:80", "fe80::1:2", 80},
      {"[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", 80},
      {"farm-1.example.com:080", "farm-1.example.com", 80},
      {"a:1", "a", 1},
      {"1a.2b:1", "1a.2b", 1},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<Address> address = ParseAddress("listen", c.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    const absl::StatusOr<Address> again =
        ParseAddress("listen", address->ToString());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->host, c.host);
    EXPECT_EQ(again->port, c.port);
  }
}

TEST(AddressTest, NothingElseIsOne) {
  for (const char* const text : {"",
                                 "127.0.0.1",
                                 "127.0.0.1:",
                                 ":80",
                                 "80",
                                 ":",
                                 "127.0.0.1:65536",
                                 "127.0.0.1:-1",
                                 "1.2.3.4:+1",
                                 "1.2.3.4:8a",
                                 "127.0.0.1:000080",
                                 "127.0.0.1: 80",
                                 "127.0.0.1:80 ",
                                 " 127.0.0.1:80",
                                 "::1:80",
                                 "[::1]",
                                 "[::1]80",
                                 "[]:80",
                                 "[::g]:80",
                                 "[127.0.0.1]:80",
                                 "[::1:80",
                                 "::1]:80",
                                 "[[::1]]:80",
                                 "999.0.0.1:80",
                                 "1.2.3:80",
                                 "127.1:80",
                                 "127.0.0.1.5:80",
                                 "1.2.3.4.:80",
                                 "a b:80",
                                 "http://a:80",
                                 "a/b:80",
                                 "a..b:80",
                                 ".a:80",
                                 "a.:80",
                                 "-a:80",
                                 "a-.b:80",
                                 "a:80:81",
                                 "*:80",
                                 "\u00e4:80",
                                 "[fe80::1%eth0]:80",
                                 "a:80\n",
                                 "a_b:80"}) {
    const absl::Status status = ParseAddress("--listen", text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "INVALID_ADDRESS") << text;
    EXPECT_EQ(status.message().substr(0, 11), "--listen: \"") << text;
  }
  EXPECT_FALSE(ParseAddress("a", absl::string_view("127.0.0.1\0:80", 13)).ok());
  EXPECT_TRUE(
      ParseAddress("a", absl::StrCat(std::string(63, 'a'), ":80")).ok());
  EXPECT_FALSE(
      ParseAddress("a", absl::StrCat(std::string(300, 'a'), ":80")).ok());
}

// Any other address would send tokens and reports over a network unencrypted.
TEST(AddressTest, OnlyLoopbackIsLoopback) {
  for (const char* const text :
       {"127.0.0.1:1", "127.255.255.254:1", "localhost:1", "LOCALHOST:1",
        "[::1]:1", "[0:0::1]:1"}) {
    EXPECT_TRUE(ParseLoopbackAddress("listen", text).ok()) << text;
  }
  for (const char* const text :
       {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "example.com:1",
        "127.example.com:1", "localhost.example.com:1", "128.0.0.1:1",
        "[::ffff:10.0.0.1]:1"}) {
    const absl::Status status = ParseLoopbackAddress("listen", text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "ADDRESS_NOT_LOOPBACK") << text;
  }
  EXPECT_EQ(ReasonOf(ParseLoopbackAddress("listen", "127.1:1").status()),
            "INVALID_ADDRESS");
}

// A token must not leave this machine unencrypted.
TEST(AddressTest, AServerOnThisMachineIsKnown) {
  for (const char* const address :
       {"localhost:50051", "LOCALHOST:1", "127.0.0.1:50051", "127.8.9.1:1",
        "[::1]:50051", "dns:///localhost:1", "dns:///[::1]:1",
        "unix:/run/signalbox.sock"}) {
    EXPECT_TRUE(IsThisMachine(address)) << address;
  }
  for (const char* const address : {"",
                                    ":",
                                    ":1",
                                    "example.com:50051",
                                    "10.0.0.1:50051",
                                    "127.1:1",
                                    "127.0.0.1.2:1",
                                    "127.com:1",
                                    "127.example.com:1",
                                    "127.0.0.1.example.com:1",
                                    "localhost.example.com:1",
                                    "0.0.0.0:50051",
                                    "[::]:1",
                                    "[::2]:50051",
                                    "[2001:db8::1]:1",
                                    "[::1:1",
                                    "::1:5005",
                                    "dns:///example.com:1",
                                    "dns://10.0.0.1/localhost:1",
                                    "ipv4:10.0.0.1:1",
                                    "vsock:1",
                                    "http://localhost:1"}) {
    EXPECT_FALSE(IsThisMachine(address)) << address;
  }
}

bool Contains(const char* range, const char* ip) {
  const auto parsed = ParseAddressRange("proxy", range);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1) {
    return parsed->Contains(reinterpret_cast<const sockaddr&>(v4));
  }
  EXPECT_EQ(inet_pton(AF_INET6, ip, &v6.sin6_addr), 1) << ip;
  return parsed->Contains(reinterpret_cast<const sockaddr&>(v6));
}

TEST(AddressRangeTest, ContainsWhatHasTheSameFirstBits) {
  const struct {
    const char* range;
    const char* ip;
    bool contains;
  } cases[] = {
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.2", false},
      {"127.0.0.1", "::ffff:127.0.0.1", true},
      {"127.0.0.1", "::1", false},
      {"::1", "::1", true},
      {"::1", "127.0.0.1", false},
      {"10.1.0.0/16", "10.1.255.255", true},
      {"10.1.0.0/16", "10.2.0.0", false},
      {"10.1.2.3/15", "10.0.0.0", true},
      {"10.1.2.3/15", "10.2.0.0", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "fd00::1", false},
      {"fd00::/8", "fdff::1", true},
      {"fd00::/8", "fe00::1", false},
      {"::/0", "fe00::1", true},
      {"::ffff:10.1.0.0/112", "10.1.7.7", true},
      {"::ffff:10.1.0.0/112", "10.2.7.7", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Contains(c.range, c.ip), c.contains) << c.range << " " << c.ip;
  }
}

TEST(AddressRangeTest, NothingElseIsOne) {
  for (const char* const text :
       {"", "localhost", "127.0.0", "127.0.0.1:80", "[::1]", "127.0.0.1/",
        "127.0.0.1/33", "127.0.0.1/-1", "127.0.0.1/+8", "127.0.0.1/8 ",
        "127.0.0.1/0008", "::1/129", "/8", "10.0.0.0/8/8"}) {
    const auto range = ParseAddressRange("proxy", text);
    EXPECT_EQ(ReasonOf(range.status()), "INVALID_ADDRESS") << text;
  }
}

// Other sockets have no IP address.
TEST(AddressRangeTest, ContainsNoOtherSockets) {
  const auto all = ParseAddressRange("proxy", "::/0");
  ASSERT_TRUE(all.ok()) << all.status();
  sockaddr other = {};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(all->Contains(other));
}

// The kernel would cut a longer path.
TEST(AddressTest, ThePathOfAUnixSocketIsShort) {
  EXPECT_TRUE(CheckUnixAddress("listen", "unix:s").ok());
  EXPECT_TRUE(
      CheckUnixAddress("listen", "unix:/" + std::string(106, 'p')).ok());
  for (const std::string& text :
       {std::string(), std::string("unix:"), std::string("/run/s"),
        std::string("127.0.0.1:1"), "unix:/" + std::string(107, 'p')}) {
    const absl::Status status = CheckUnixAddress("--listen", text);
    EXPECT_EQ(ReasonOf(status), "INVALID_ADDRESS") << text;
    EXPECT_TRUE(absl::StartsWith(status.message(), "--listen: ")) << status;
  }
}

}  // namespace
}  // namespace signalbox
