#ifndef SIGNALBOX_TESTS_CLIENTS_CLI_CLI_FIXTURE_H_
#define SIGNALBOX_TESTS_CLIENTS_CLI_CLI_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/clients/fake_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// Runs the real program `signalbox` against a FakeServer. The program starts in
// a directory without git, with an environment that names the repository
// acme/widgets and the commit kSha, but no CI system.
class CliFixture : public testing::Test {
 protected:
  static constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

  // How the program ended, and what it printed.
  struct Ended {
    int exit_code;
    std::string output;
    std::string errors;
  };

  CliFixture() {
    options_.directory = directory_.path();
    options_.environment = {{"SIGNALBOX_SERVER", server_.address()},
                            // Git must not find a checkout further up.
                            {"GIT_CEILING_DIRECTORIES", testing::TempDir()},
                            {"GITHUB_REPOSITORY", "acme/widgets"},
                            {"GITHUB_SHA", kSha}};
  }

  // The command line: the program and these arguments.
  std::vector<std::string> Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SIGNALBOX_PROGRAM);
    return arguments;
  }

  // Runs it to its end.
  Ended RunCli(std::vector<std::string> arguments) {
    return Run(std::move(arguments), options_);
  }

  // Runs it on a terminal. Then `output` also has what it writes to standard
  // error.
  Ended OnTerminal(std::vector<std::string> arguments) {
    Process::Options options = options_;
    options.has_terminal = true;
    return Run(std::move(arguments), options);
  }

  // An address at which no server listens.
  std::string Nowhere() const {
    return "unix:" + directory_.Path("nobody.sock");
  }

  const TempDir directory_{testing::TempDir()};
  FakeServer server_;
  Process::Options options_;

 private:
  Ended Run(std::vector<std::string> arguments,
            const Process::Options& options) {
    Process process(Command(std::move(arguments)), options);
    const int exit_code = process.Wait();
    return {exit_code, process.Output(), process.Errors()};
  }
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_CLIENTS_CLI_CLI_FIXTURE_H_
