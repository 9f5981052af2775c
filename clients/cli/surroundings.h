#ifndef SIGNALBOX_CLIENTS_CLI_SURROUNDINGS_H_
#define SIGNALBOX_CLIENTS_CLI_SURROUNDINGS_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/repository_url.h"

namespace signalbox {

// Everything outside the command line that the program looks at.
struct Surroundings {
  std::map<std::string, std::string> environment;

  // What `git ARGUMENTS...` prints in the working directory, without the last
  // line end. The error of a git that fails is in its own words: `git: fatal:
  // not a git repository`.
  std::function<absl::StatusOr<std::string>(
      const std::vector<std::string>& arguments)>
      git;

  // By `ssh -G`.
  SshHost ssh_host;

  // The content of a file; nothing if it cannot be read or is over 32 MiB.
  std::function<std::optional<std::string>(const std::string& path)> read_file;

  // The value of an environment variable; empty if it is not set, as CI
  // systems often leave one empty that does not apply.
  absl::string_view Get(const std::string& name) const;
};

// Those of this process. A git that does not end within 10 s is killed.
Surroundings RealSurroundings();

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_SURROUNDINGS_H_
