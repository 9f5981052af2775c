#ifndef SIGNALBOX_SHIM_CONFIG_H_
#define SIGNALBOX_SHIM_CONFIG_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/rpc/channel.h"
#include "common/secret.h"
#include "common/tls_material.h"
#include "common/webhook/signature.h"
#include "rest/listener.h"

namespace signalbox {

// The settings of the shim. The defaults are those of GitHub's guide "Building
// a CI server".
struct ShimConfig {
  Address listen = {"127.0.0.1", 4567};
  std::string path = "/event_handler";        // To which GitHub posts.
  std::string server = "127.0.0.1:50051";     // Of signalbox-server.
  std::vector<std::string> secret_files;      // See OpenWebhookSecrets.
  std::string token_file;                     // Empty: sends no token.
  TlsPaths listen_tls;                        // Empty: plain HTTP.
  ChannelTls server_tls;                      // To `server`.
  size_t max_body = 25 << 20;                 // Bytes of a delivery's JSON.
  std::vector<AddressRange> trusted_proxies;  // Their connections stay open.
  RestSettings rest;
  bool insecure_no_signature = false;  // Accepts unsigned deliveries.
  // Allows to send the token to a server on another machine, although other
  // machines on the way can read it.
  bool insecure_send_token = false;

  // Not empty: the command line has `--help` or `--version`. Print this text
  // and exit.
  std::string text;
};

// Reads the command line. A mistake is INVALID_ARGUMENT, with one line of text.
absl::StatusOr<ShimConfig> ParseShimConfig(int argc, const char* const* argv);

// Opens the secrets with which GitHub signs deliveries. Reads them from
// `secret_files`, or, if that is empty, from the environment variable
// GITHUB_WEBHOOK_SECRET. Removes this variable in any case. With
// `insecure_no_signature` there are no secrets.
//
// Files are read again when they change, as by OpenSecretFiles.
//
// INVALID_ARGUMENT, with one line that says what to do: there is no secret, or
// OpenSecretFiles refuses a file.
absl::StatusOr<SecretSource> OpenWebhookSecrets(const ShimConfig& config);

// Reads the token that identifies the shim to the server from `token_file`.
// Empty: no file is given. Errors: those of ReadTokenFile.
absl::StatusOr<Secret> LoadToken(const ShimConfig& config);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_CONFIG_H_
