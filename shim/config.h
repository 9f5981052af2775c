#ifndef SIGNALBOX_SHIM_CONFIG_H_
#define SIGNALBOX_SHIM_CONFIG_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace signalbox {

// The settings of the shim. The defaults are those of GitHub's guide "Building
// a CI server".
struct ShimConfig {
  Address listen = {"127.0.0.1", 4567};
  std::string path = "/event_handler";
  std::string server = "127.0.0.1:50051";
  std::vector<std::string> secret_files;
  std::string token_file;  // Empty: the shim sends no token.
  size_t max_body = 25 << 20;
  bool insecure_no_signature = false;
  // The shim may send the token to another machine, although others on the way
  // can read it.
  bool insecure_send_token = false;

  // Not empty: the command line has `--help` or `--version`, and this is the
  // answer.
  std::string text;
};

// Reads the command line. INVALID_ARGUMENT, in one line, for any mistake in it.
absl::StatusOr<ShimConfig> ParseShimConfig(int argc, const char* const* argv);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_CONFIG_H_
