#ifndef SIGNALBOX_SHIM_CONFIG_H_
#define SIGNALBOX_SHIM_CONFIG_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/secret.h"
#include "common/webhook/signature.h"

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

// Opens the secrets that GitHub signs deliveries with. They come from the
// files, or if there are no files, from the environment variable
// GITHUB_WEBHOOK_SECRET, which is unset in any case. White space around a
// secret is removed. There are none if signatures are not to be checked.
//
// The source reads a changed file again before the next delivery, so that a
// secret can be changed without a restart. If the changed file cannot be used,
// the source logs it and keeps the former secret. It is thread-safe.
//
// INVALID_ARGUMENT, in one line that says what to do: there is no secret, or an
// error of ReadSecretFile or ParseSecretLine.
absl::StatusOr<SecretSource> OpenWebhookSecrets(const ShimConfig& config);

// The token that identifies the shim to the server, from `token_file`; empty if
// there is none. Errors as ReadTokenFile.
absl::StatusOr<Secret> LoadToken(const ShimConfig& config);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_CONFIG_H_
