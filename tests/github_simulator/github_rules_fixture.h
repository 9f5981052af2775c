#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_FIXTURE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// Tests of GitHubRules with one repository and one commit. Time stands still
// unless a test changes `now_`.
class GitHubRulesFixture : public ::testing::Test {
 protected:
  static constexpr char kRepository[] = "Acme/Widgets";
  static constexpr int64_t kId = 5'000'000'123;
  static constexpr char kSha[] = "1111111111111111111111111111111111111abc";
  static constexpr char kOtherSha[] =
      "2222222222222222222222222222222222222222";

  GitHubRulesFixture() { Restart({.tokens = {"token", "other"}}); }

  // Replaces GitHub by a new one with these options.
  void Restart(GitHubRules::Options options) {
    rules_ = std::make_unique<GitHubRules>(std::move(options));
    rules_->AddRepository(kRepository, kId);
    rules_->AddCommit(kRepository, kSha);
  }

  // A request with this token.
  static SimulatedRequest Request(const std::string& method,
                                  const std::string& target,
                                  const std::string& body = "",
                                  const std::string& token = "token") {
    return {.method = method,
            .target = target,
            .headers = {{"user-agent", "test"},
                        {"AUTHORIZATION", absl::StrCat("Bearer ", token)}},
            .body = body};
  }

  // Sends a request now and returns the answer.
  SimulatedResponse Send(const std::string& method, const std::string& target,
                         const std::string& body = "",
                         const std::string& token = "token") {
    return rules_->Handle(Request(method, target, body, token), now_);
  }

  SimulatedResponse Get(const std::string& target,
                        const std::string& token = "token") {
    return Send("GET", target, "", token);
  }

  // Creates a status of kSha from the request body `body`.
  SimulatedResponse Post(const nlohmann::json& body,
                         const std::string& token = "token") {
    return Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
                body.dump(), token);
  }

  // Creates a status of kSha with this state and context.
  SimulatedResponse PostState(const std::string& state,
                              const std::string& context = "ci/build",
                              const std::string& token = "token") {
    return Post({{"state", state}, {"context", context}}, token);
  }

  // The states of all rows of kSha, oldest first.
  std::vector<std::string> States() {
    std::vector<std::string> states;
    for (const auto& row : rules_->Rows(kRepository, kSha)) {
      states.push_back(row.state);
    }
    return states;
  }

  // The header's value; empty: the answer has none.
  static std::string HeaderOf(const SimulatedResponse& response,
                              absl::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  // The number in the header; -1: there is none.
  static int64_t NumberIn(const SimulatedResponse& response,
                          absl::string_view header) {
    int64_t number = -1;
    return absl::SimpleAtoi(HeaderOf(response, header), &number) ? number : -1;
  }

  static nlohmann::json BodyOf(const SimulatedResponse& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }

  static std::string MessageOf(const SimulatedResponse& response) {
    return BodyOf(response).value("message", "");
  }

  absl::Time now_ =
      absl::FromCivil(absl::CivilSecond(2026, 6, 1), absl::UTCTimeZone());
  std::unique_ptr<GitHubRules> rules_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_FIXTURE_H_
