#include "tests/github_simulator/webhook_request.h"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

// GitHub's published example, and others from a standard implementation.
TEST(WebhookSignatureTest, AgreesWithGitHub) {
  const std::string secret = "It's a Secret to Everybody";
  EXPECT_EQ(WebhookSignature("sha256", secret, "Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b"
            "043e17");
  EXPECT_EQ(WebhookSignature("sha1", secret, "Hello, World!"),
            "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59");
  EXPECT_EQ(WebhookSignature("sha256", secret, ""),
            "sha256=66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b4"
            "13fb40");
}

TEST(WebhookRequestTest, SignsTheBodyAsItIsSent) {
  WebhookParts parts = {.event = "ping",
                        .payload = R"({"zen":"Hello, World!"})",
                        .as_form = true,
                        .secret = "It's a Secret to Everybody"};
  const WebhookRequest form = MakeWebhookRequest(parts);
  EXPECT_EQ(form.body, "payload=%7B%22zen%22%3A%22Hello%2C+World%21%22%7D");
  EXPECT_EQ(form.headers.back().second,
            "sha256=8159d769287f2ebd6c3feda2555a34670eb215b67ef81be37d2a4fc3641"
            "8f7d8");
  parts.as_form = false;
  EXPECT_EQ(MakeWebhookRequest(parts).headers.back().second,
            "sha256=e942fa2603c3a85869253af3951ae284b56bde839722162af17b21671dc"
            "c0d94");
  parts.secret = "";
  EXPECT_EQ(MakeWebhookRequest(parts).headers.size(), form.headers.size() - 2);
}

TEST(WebhookRequestTest, AnEnterpriseServerNamesItself) {
  const auto hosts = [](absl::string_view host) {
    std::string found;
    for (const auto& [name, value] :
         MakeWebhookRequest({.event = "ping", .enterprise_host = host})
             .headers) {
      if (name.find("Enterprise") != std::string::npos) found += value + " ";
    }
    return found;
  };
  EXPECT_EQ(hosts("ghes.example"), "ghes.example 3.19.0 ");
  EXPECT_EQ(hosts(""), "");
}

}  // namespace
}  // namespace signalbox
