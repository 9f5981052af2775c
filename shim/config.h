#ifndef SIGNALBOX_SHIM_CONFIG_H_
#define SIGNALBOX_SHIM_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// How the shim is to run. The defaults are those of GitHub's guide "Building a
// CI server".
struct ShimConfig {
  std::string listen_host = "127.0.0.1";
  uint16_t listen_port = 4567;  // 0: any that is free.
  std::string path = "/event_handler";
  std::string server = "127.0.0.1:50051";
  std::vector<std::string> secret_files;
  std::string token_file;  // Empty: the server does not tell callers apart.
  size_t max_body = 25 << 20;
  bool insecure_no_signature = false;
  // The token may go to another machine, where anybody on the way can read it.
  bool insecure_send_token = false;

  // Not empty: `--help` or `--version` was asked for, and this is the answer.
  std::string text;
};

// Reads the command line. INVALID_ARGUMENT, in one line, for anything wrong
// with it.
absl::StatusOr<ShimConfig> ParseShimConfig(int argc, const char* const* argv);

// The secrets that deliveries are signed with: from the files, or if there are
// none from the environment's GITHUB_WEBHOOK_SECRET, which is unset in any
// case. White space around a secret does not count. None if the signature is
// not to be checked.
//
// INVALID_ARGUMENT, in one line that says what to do, if there is no secret, if
// one has a ProblemOfSecret, or a file cannot be read, is empty or is over
// 64 KiB. The caller wipes what it was given.
absl::StatusOr<std::vector<std::string>> LoadWebhookSecrets(
    const ShimConfig& config);

// The token by which the server knows the shim, from `token_file`; empty if
// there is none. Errors as above.
absl::StatusOr<std::string> LoadToken(const ShimConfig& config);

// Overwrites secrets in memory.
void WipeSecrets(std::vector<std::string>& secrets);

// Whether a server at this address (HOST:PORT, unix:PATH) is on this machine.
// A name other than localhost could be anybody's.
bool IsThisMachine(absl::string_view address);

// Whether only this machine can reach `host`.
bool IsLoopback(absl::string_view host);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_CONFIG_H_
