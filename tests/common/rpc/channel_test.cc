#include "common/rpc/channel.h"

#include <gtest/gtest.h>

#include <string>

#include "common/error.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

std::string ReasonFor(const std::string& address, const ChannelTls& tls) {
  return ReasonOf(OpenChannel(address, tls, {}).status());
}

// Connections are tested in tests/server/rpc/grpc_listener_test.cc.
TEST(ChannelTest, OpensWithAndWithoutTls) {
  const TempDir dir;
  const std::string cert = dir.Path("cert.pem");
  const std::string key = dir.Path("key.pem");
  WriteCertificate(cert, key, "DNS:example.com");
  EXPECT_TRUE(OpenChannel("example.com:1", {}, {}).ok());
  EXPECT_TRUE(OpenChannel("unix:/nowhere", {}, {}).ok());
  EXPECT_TRUE(OpenChannel("example.com:1", {.enabled = true}, {}).ok());
  EXPECT_TRUE(
      OpenChannel("127.0.0.1:1", {true, cert, cert, key, "example.com"}, {})
          .ok());
}

// Somebody who names an authority expects encryption.
TEST(ChannelTest, OptionsOfTlsNeedTls) {
  EXPECT_EQ(ReasonFor("a:1", {.ca_file = "f"}), "INVALID_TLS");
  EXPECT_EQ(ReasonFor("a:1", {.cert_file = "f"}), "INVALID_TLS");
  EXPECT_EQ(ReasonFor("a:1", {.key_file = "f"}), "INVALID_TLS");
  EXPECT_EQ(ReasonFor("a:1", {.server_name = "a"}), "INVALID_TLS");
  EXPECT_EQ(ReasonFor("unix:/nowhere", {.enabled = true}), "INVALID_TLS");
}

TEST(ChannelTest, UnusableFilesAreNamed) {
  const TempDir dir;
  const std::string text = dir.Write("text.pem", "no PEM\n");
  const auto error = [](const ChannelTls& tls) {
    return std::string(OpenChannel("a:1", tls, {}).status().message());
  };
  EXPECT_NE(error({.enabled = true, .ca_file = text}).find(text),
            std::string::npos);
  EXPECT_NE(
      error({.enabled = true, .cert_file = text, .key_file = text}).find(text),
      std::string::npos);
  EXPECT_NE(error({.enabled = true, .ca_file = dir.Path("none")}).find("none"),
            std::string::npos);
  EXPECT_EQ(ReasonFor("a:1", {.enabled = true, .cert_file = text}),
            "INVALID_TLS_FILE");
}

}  // namespace
}  // namespace signalbox
