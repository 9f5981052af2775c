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

// Everything outside the command line from which the program finds out what it
// reports about. Tests replace it.
struct Surroundings {
  std::map<std::string, std::string> environment;

  // Runs `git ARGUMENTS...` in the working directory. Returns its output
  // without the last line end. If git fails, the error has git's own words:
  // `git: fatal: not a git repository`.
  std::function<absl::StatusOr<std::string>(
      const std::vector<std::string>& arguments)>
      git;

  SshHost ssh_host;  // Asks `ssh -G`.

  // Returns the content of a file. Nothing: the file cannot be read, or is over
  // 32 MiB.
  std::function<std::optional<std::string>(const std::string& path)> read_file;

  // The value of an environment variable. Empty if it is not set: CI systems
  // often set a variable that does not apply to an empty value.
  absl::string_view Get(const std::string& name) const;
};

// The surroundings of this process. Kills git and ssh after 10 s.
Surroundings RealSurroundings();

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_SURROUNDINGS_H_
