#ifndef SIGNALBOX_TESTS_SERVER_CONFIG_CONFIG_TESTING_H_
#define SIGNALBOX_TESTS_SERVER_CONFIG_CONFIG_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/error.h"
#include "server/config/config.h"

namespace signalbox {

// Reads a configuration file that must be valid. Fails the test if it is not.
inline Config Parsed(absl::string_view yaml) {
  const absl::StatusOr<Config> config = ParseConfig(yaml, "f.yaml");
  EXPECT_TRUE(config.ok()) << yaml << "\n" << config.status();
  return config.ok() ? *config : Config();
}

// Reads a configuration file that must be refused. Returns the error's message
// without the file's name: "LINE: ...".
inline std::string ErrorOf(absl::string_view yaml) {
  const absl::StatusOr<Config> config = ParseConfig(yaml, "f.yaml");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << yaml;
  EXPECT_EQ(ReasonOf(config.status()), "INVALID_CONFIG") << yaml;
  const std::string message(config.status().message());
  EXPECT_THAT(message, ::testing::StartsWith("f.yaml:")) << yaml;
  return message.size() < 7 ? message : message.substr(7);
}

// A file with one item of `github`, for the account acme, with additional
// lines.
inline std::string GitHubItem(absl::string_view lines) {
  return absl::StrCat("github:\n  - accounts: [acme]\n", lines);
}

// A configuration file that must be refused, and the error.
struct BadConfig {
  std::string yaml;
  std::string message;  // The beginning of the text after `f.yaml:`.
};

// Expects the error of each file.
inline void ExpectErrors(const std::vector<BadConfig>& cases) {
  for (const BadConfig& bad : cases) {
    EXPECT_THAT(ErrorOf(bad.yaml), ::testing::StartsWith(bad.message))
        << bad.yaml;
  }
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_CONFIG_CONFIG_TESTING_H_
