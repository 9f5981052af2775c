#include "common/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/tls_material.h"

namespace signalbox {
namespace {

absl::Status InvalidTls(absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_TLS", problem);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    absl::string_view address, const ChannelTls& tls,
    grpc::ChannelArguments arguments) {
  const std::string target(address);
  if (!tls.enabled) {
    if (!tls.ca_file.empty() || !tls.cert_file.empty() ||
        !tls.key_file.empty() || !tls.server_name.empty()) {
      return InvalidTls(
          "an authority, certificate, key or server name is given, but "
          "connections are not encrypted; give --tls too");
    }
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  if (absl::StartsWith(address, "unix:")) {
    return InvalidTls(
        absl::StrCat("the server does not encrypt connections to ", address,
                     ", which stay on this machine; leave --tls out"));
  }
  const absl::StatusOr<TlsMaterial> material =
      ReadTlsMaterial({tls.cert_file, tls.key_file, tls.ca_file});
  if (!material.ok()) return material.status();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material->authorities;
  options.pem_cert_chain = material->certificates;
  options.pem_private_key = material->key.Reveal();
  if (!tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(tls.server_name);
  }
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(options),
                                   arguments);
}

}  // namespace signalbox
