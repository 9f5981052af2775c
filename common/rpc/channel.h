#ifndef SIGNALBOX_COMMON_RPC_CHANNEL_H_
#define SIGNALBOX_COMMON_RPC_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// How a client encrypts its connection to the server. All files are in PEM.
struct ChannelTls {
  bool enabled = false;  // False: the rest must be empty.
  // The authorities to trust for the server's certificate. Empty: the system's.
  std::string ca_file = "";
  // The client's own certificate and key, if the server asks for them.
  std::string cert_file = "";
  std::string key_file = "";
  // The name that must be in the server's certificate. Empty: the host in the
  // server's address.
  std::string server_name = "";
};

// Opens a channel to the server at `address`, as gRPC spells it: HOST:PORT or
// unix:PATH. With TLS, it is version 1.2 or newer, and the files are read here,
// once. The channel connects later.
//
// Errors: those of ReadTlsMaterial. INVALID_ARGUMENT, reason INVALID_TLS:
// options of TLS are given without it, or it is wanted for unix:PATH, where the
// server has none.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    absl::string_view address, const ChannelTls& tls,
    grpc::ChannelArguments arguments);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_CHANNEL_H_
