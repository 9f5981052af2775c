#include "tests/github_simulator/webhook_sender.h"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

TEST(WebhookSenderTest, RemembersAndSigns) {
  WebhookSender sender(
      {.url = "http://a/", .secret = Secret("It's a Secret to Everybody")});
  const auto form = sender.Prepare("ping", R"({"zen":"Hello, World!"})",
                                   /*as_form=*/true, 7, "", "");
  EXPECT_EQ(form.body, "payload=%7B%22zen%22%3A%22Hello%2C+World%21%22%7D");
  EXPECT_EQ(form.headers.back().second,
            "sha256=8159d769287f2ebd6c3feda2555a34670eb215b67ef81be37d2a4fc3641"
            "8f7d8");
  EXPECT_EQ(form.url, "http://a/");
  const auto json =
      sender.Prepare("ping", "{}", /*as_form=*/false, 7, "", "http://b/");
  EXPECT_NE(form.id, json.id);
  EXPECT_EQ(json.url, "http://b/");
  ASSERT_TRUE(sender.Find(form.id).has_value());
  EXPECT_EQ(sender.Find(form.id)->body, form.body);
  EXPECT_FALSE(sender.Find("").has_value());
  for (int i = 0; i < 1000; ++i) sender.Prepare("ping", "{}", false, 7, "", "");
  EXPECT_FALSE(sender.Find(form.id).has_value());
}

TEST(WebhookSenderTest, AnEnterpriseServerNamesItself) {
  const auto hosts = [](const std::string& host) {
    WebhookSender sender(
        {.url = "", .secret = Secret(), .enterprise_host = host});
    std::string found;
    for (const auto& [name, value] :
         sender.Prepare("ping", "{}", false, 7, "", "").headers) {
      if (name.find("Enterprise") != std::string::npos) found += value + " ";
    }
    return found;
  };
  EXPECT_EQ(hosts("ghes.example"), "ghes.example 3.19.0 ");
  EXPECT_EQ(hosts(""), "");
}

TEST(WebhookSenderTest, SaysWhyItCouldNotSend) {
  for (const char* url : {"", "nowhere", "http://", "gopher://a/",
                          "http://a:99999999999999/", "http://127.0.0.1:1"}) {
    WebhookSender::Delivery delivery;
    delivery.url = url;
    const auto outcome = WebhookSender::Send(delivery);
    EXPECT_EQ(outcome.status, 0) << url;
    EXPECT_NE(outcome.error, "") << url;
  }
}

}  // namespace
}  // namespace signalbox
