#include "common/address.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

}  // namespace
}  // namespace signalbox
