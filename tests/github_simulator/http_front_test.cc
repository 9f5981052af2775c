#include "tests/github_simulator/http_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <thread>

namespace signalbox {
namespace {

class HttpFrontTest : public ::testing::Test {
 protected:
  HttpFrontTest() {
    front_ = *HttpFront::Bind({.host = "127.0.0.1", .port = 0});
    serving_ = std::thread([this] {
      front_->Serve(
          [this](const SimulatedRequest& request) { return Answer(request); });
    });
    client_ = std::make_unique<httplib::Client>("127.0.0.1", front_->port());
    client_->set_keep_alive(true);
  }

  ~HttpFrontTest() override {
    front_->Stop();
    serving_.join();
  }

  // Says what arrived.
  static SimulatedResponse Answer(const SimulatedRequest& request) {
    SimulatedResponse response;
    response.reset_connection = request.target == "/reset";
    response.status = 201;
    response.headers = {{"content-type", "text/plain"}, {"x-one", "1"}};
    response.body = request.method + " " + request.target + " " +
                    std::to_string(request.body.size());
    for (const auto& [name, value] : request.headers) {
      if (name == "X-Seen") response.body += " " + value;
      if (name.find("_ADDR") != std::string::npos) response.body += name;
    }
    return response;
  }

  std::unique_ptr<HttpFront> front_;
  std::thread serving_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(HttpFrontTest, HandsOverRequestsAsTheyAre) {
  const auto get = client_->Get("/a%2Fb/%41?c=%20", {{"X-Seen", "yes"}});
  ASSERT_TRUE(get);
  EXPECT_EQ(get->status, 201);
  EXPECT_EQ(get->body, "GET /a%2Fb/%41?c=%20 0 yes");
  EXPECT_EQ(get->get_header_value("x-one"), "1");
  EXPECT_EQ(get->get_header_value("content-type"), "text/plain");
  EXPECT_EQ(client_->Post("/p", "12345", "application/json")->body,
            "POST /p 5");
  EXPECT_EQ(client_->Put("/p", "123", "application/json")->body, "PUT /p 3");
  EXPECT_EQ(client_->Patch("/p", "12", "application/json")->body, "PATCH /p 2");
  EXPECT_EQ(client_->Delete("/p")->body, "DELETE /p 0");
  EXPECT_EQ(client_->Options("/p")->body, "OPTIONS /p 0");
}

// httplib refuses a form of more than 8 KiB unless its body is read by hand.
TEST_F(HttpFrontTest, TakesAnyContentTypeUpToAMegabyte) {
  for (const char* type :
       {"application/json", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(client_->Post("/p", std::string(1 << 20, 'x'), type)->body,
              "POST /p 1048576");
    EXPECT_EQ(
        client_->Post("/p", std::string((1 << 20) + 1, 'x'), type)->status,
        413);
  }
}

TEST_F(HttpFrontTest, ResetsAConnection) {
  const auto answer = client_->Post("/reset", "x", "text/plain");
  EXPECT_FALSE(answer);
  EXPECT_EQ(client_->Get("/next")->body, "GET /next 0");
}

TEST_F(HttpFrontTest, RefusesLongPaths) {
  const auto answer = client_->Get(("/" + std::string(4000, 'a')).c_str());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(client_->Get("/next")->body, "GET /next 0");
}

TEST_F(HttpFrontTest, APortIsHadOnce) {
  const auto second =
      HttpFront::Bind({.host = "127.0.0.1", .port = front_->port()});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

// An idle connection must not hold up the end.
TEST_F(HttpFrontTest, StopsBesideAnIdleConnection) {
  EXPECT_TRUE(client_->Get("/"));
}

TEST(HttpFrontStopTest, MayStopBeforeItServes) {
  auto front = *HttpFront::Bind({.host = "127.0.0.1", .port = 0});
  std::thread stopping([&] { front->Stop(); });
  front->Serve([](const SimulatedRequest&) { return SimulatedResponse(); });
  stopping.join();
}

}  // namespace
}  // namespace signalbox
