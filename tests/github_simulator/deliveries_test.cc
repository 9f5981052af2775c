// Webhooks through the whole simulator, to a real receiver.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "tests/github_simulator/simulator_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A receiver that accepts, and a token that may see all hooks of acme.
class DeliveriesTest : public SimulatorTest {
 protected:
  DeliveriesTest() {
    server_.Post("/hook", [this](const auto& request, auto& response) {
      MutexLock lock(&mu_);
      received_.push_back(request.get_header_value("X-GitHub-Delivery"));
      response.status = 202;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    serving_ = std::thread([this] { server_.listen_after_bind(); });
    // httplib would lose a stop that comes earlier.
    while (!server_.is_running()) std::this_thread::yield();
    Tell("roles", {{"where", "acme"}, {"token", "token"}});
    Tell("scopes", {{"token", "token"}, {"scopes", "repo, admin:org_hook"}});
  }
  ~DeliveriesTest() override {
    simulator_.Stop();
    server_.stop();
    serving_.join();
  }

  int64_t AddHook(json hook) {
    hook["content_type"] = "json";
    hook["url"] = absl::StrCat("http://127.0.0.1:", port_, "/hook");
    return json::parse(Send("POST", "/_simulator/hooks", hook.dump()).body)
        .value("id", int64_t{0});
  }

  json Order(json order) {
    if (!order.contains("release")) order["repository"] = "acme/widgets";
    const SimulatedResponse answer =
        Send("POST", "/_simulator/webhooks", order.dump());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }

  json Deliveries(const std::string& query = "") {
    return Read("/_simulator/deliveries" + query)["deliveries"];
  }

  std::vector<std::string> Received() {
    MutexLock lock(&mu_);
    return received_;
  }

  Mutex mu_;
  std::vector<std::string> received_ ABSL_GUARDED_BY(mu_);
  httplib::Server server_;
  int port_ = 0;
  std::thread serving_;
};

TEST_F(DeliveriesTest, GoThroughEveryHookThatWantsThem) {
  const int64_t one =
      AddHook({{"repository", "acme/widgets"}, {"events", {"push"}}});
  const int64_t two = AddHook({{"organization", "acme"}});  // Wants pushes.
  const json answer = Order({{"event", "push"}, {"sha", kSha}});
  EXPECT_EQ(answer["status"], 202);
  EXPECT_EQ(answer["sha"], kSha);
  ASSERT_THAT(answer["deliveries"], SizeIs(2));
  EXPECT_EQ(answer["deliveries"][0]["hook"], one);
  EXPECT_EQ(answer["deliveries"][1]["hook"], two);
  EXPECT_EQ(answer["deliveries"][1]["status"], 202);
  EXPECT_THAT(Received(), ElementsAre(answer["delivery"], answer["delivery"]));

  EXPECT_THAT(Deliveries(), SizeIs(2));
  const json of_two = Deliveries(absl::StrCat("?hook=", two));
  ASSERT_THAT(of_two, SizeIs(1));
  EXPECT_EQ(of_two[0]["delivery"], answer["delivery"]);
  EXPECT_EQ(of_two[0]["status_code"], 202);
  EXPECT_EQ(of_two[0]["status"], "OK");
  EXPECT_EQ(of_two[0]["ended"], true);
  EXPECT_EQ(of_two[0]["event"], "push");
  EXPECT_THAT(Deliveries("?delivery=unknown"), IsEmpty());
  EXPECT_EQ(Send("GET", "/_simulator/deliveries?hook=x").status, 422);
  // GitHub's API lists the same.
  const json listed =
      Read(absl::StrCat("/repos/acme/widgets/hooks/", one, "/deliveries"));
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0]["guid"], answer["delivery"]);

  EXPECT_EQ(Send("DELETE", absl::StrCat("/_simulator/hooks?id=", two)).status,
            200);
  EXPECT_EQ(Send("DELETE", absl::StrCat("/_simulator/hooks?id=", two)).status,
            422);
  EXPECT_THAT(Order({{"event", "push"}})["deliveries"], SizeIs(1));
}

// A redelivery that a client asks for needs no order of the control API.
TEST_F(DeliveriesTest, AreMadeAgainOnRequest) {
  const int64_t hook = AddHook({{"repository", "acme/widgets"}});
  Tell("settings", {{"webhooks_fail", 503}});
  const json failed = Order({{"event", "push"}});
  EXPECT_EQ(failed["status"], 503);
  EXPECT_THAT(Received(), IsEmpty());
  Tell("settings", {{"webhooks_fail", -1}});
  const std::string path =
      absl::StrCat("/repos/acme/widgets/hooks/", hook, "/deliveries");
  const int64_t id = Read(path)[0]["id"];
  EXPECT_EQ(Send("POST", absl::StrCat(path, "/", id, "/attempts")).status, 202);
  json listed = Read(path);
  while (listed.size() < 2) {
    std::this_thread::yield();
    listed = Read(path);
  }
  EXPECT_EQ(listed[0]["redelivery"], true);
  EXPECT_EQ(listed[0]["status_code"], 202);
  EXPECT_THAT(Received(), ElementsAre(failed["delivery"]));
  EXPECT_EQ(
      Send("POST", absl::StrCat("/repos/acme/widgets/hooks/", hook, "/pings"))
          .status,
      204);
  while (Deliveries().size() < 3 || Deliveries()[2]["ended"] != true) {
    std::this_thread::yield();
  }
  EXPECT_EQ(Deliveries()[2]["event"], "ping");
}

TEST_F(DeliveriesTest, CanComeTwiceAndInAnotherOrder) {
  AddHook({{"repository", "acme/widgets"}});
  const std::string twice =
      Order({{"event", "push"}, {"times", 2}})["delivery"];
  EXPECT_THAT(Received(), ElementsAre(twice, twice));
  EXPECT_THAT(Deliveries(), SizeIs(1)) << "GitHub does not know of it";
  for (int i = 0; i < 2; ++i) Order({{"event", "push"}, {"hold", true}});
  EXPECT_THAT(Received(), SizeIs(2));
  const json released = Order({{"release", "reverse"}})["released"];
  ASSERT_THAT(released, SizeIs(2));
  EXPECT_EQ(released[0]["status"], 202);
  EXPECT_THAT(Received(), ElementsAre(twice, twice, released[0]["delivery"],
                                      released[1]["delivery"]));
}

TEST_F(DeliveriesTest, EchoStatusesToWhoWantsThem) {
  MakeCommit();
  const int64_t hook =
      AddHook({{"repository", "acme/widgets"}, {"events", {"status"}}});
  Post({{"state", "pending"}, {"context", "before"}});
  Tell("settings", {{"status_events", true}});
  Post({{"state", "success"}, {"context", "ci"}});
  json listed = Deliveries();
  while (listed.empty() || listed[0]["ended"] != true) {
    std::this_thread::yield();
    listed = Deliveries();
  }
  ASSERT_THAT(listed, SizeIs(1));
  const json delivery =
      Read(absl::StrCat("/repos/acme/widgets/hooks/", hook, "/deliveries/",
                        listed[0]["id"].get<int64_t>()));
  const json& payload = delivery["request"]["payload"];
  EXPECT_EQ(payload["context"], "ci");
  EXPECT_EQ(payload["state"], "success");
  EXPECT_EQ(payload["sha"], kSha);
  EXPECT_EQ(payload["sender"]["login"], Read(kStatuses)["rows"][1]["creator"]);
}

}  // namespace
}  // namespace signalbox
