#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_FIXTURE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/simulator.h"
#include "tests/github_simulator/webhook_desk.h"
#include "tests/support/fake_clock.h"

namespace signalbox {

inline constexpr char kSha[] = "1111111111111111111111111111111111111abc";
// Where the control API shows the statuses of kSha.
inline constexpr char kStatuses[] =
    "/_simulator/statuses?repository=acme/widgets&sha="
    "1111111111111111111111111111111111111abc";

// Tests of the whole simulator without its sockets.
class SimulatorTest : public ::testing::Test {
 protected:
  // Sends a request and takes its answer at once, without waiting for the
  // delay.
  SimulatedResponse Send(const std::string& method, const std::string& target,
                         const std::string& body = "") {
    const SimulatedResponse response = Begin(method, target, body);
    simulator_.End(response.exchange, !response.reset_connection);
    return response;
  }

  // Sends a request. The test must call Simulator::End.
  SimulatedResponse Begin(const std::string& method, const std::string& target,
                          const std::string& body = "") {
    return simulator_.Handle(
        {.method = method,
         .target = target,
         .headers = {{"User-Agent", "test"}, {"Authorization", "Bearer token"}},
         .body = body});
  }

  // The JSON answer to a GET.
  nlohmann::json Read(const std::string& target) {
    return nlohmann::json::parse(Send("GET", target).body, nullptr, false);
  }

  // Sends an order to the control API. Returns the status code.
  int Tell(const std::string& what, const nlohmann::json& body) {
    return Send("POST", "/_simulator/" + what, body.dump()).status;
  }

  // Creates a status of kSha. Returns the status code.
  int Post(const nlohmann::json& body) {
    return Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
                body.dump())
        .status;
  }

  // Adds the repository acme/widgets with the commit kSha.
  void MakeCommit() {
    ASSERT_EQ(Tell("repositories",
                   {{"full_name", "acme/widgets"}, {"commits", {kSha}}}),
              201);
  }

  FakeClock clock_;
  Simulator simulator_{GitHubRules::Options{.tokens = {"token"}},
                       WebhookDesk::Options{}, &clock_};
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_FIXTURE_H_
