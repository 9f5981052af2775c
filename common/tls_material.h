#ifndef SIGNALBOX_COMMON_TLS_MATERIAL_H_
#define SIGNALBOX_COMMON_TLS_MATERIAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/secret.h"

struct ssl_ctx_st;

namespace signalbox {

// The files that one end of a TLS connection needs, all in PEM. Empty: there is
// no such file.
struct TlsPaths {
  // The certificate by which this end shows who it is, and behind it those
  // between it and the authority's.
  std::string cert_file;
  std::string key_file;  // The private key of `cert_file`, without a password.
  // The certificates of the authorities that this end trusts to name the other.
  std::string ca_file;
};

// The texts of these files. Empty: there is no such file.
struct TlsMaterial {
  std::string certificates;
  Secret key;
  std::string authorities;

  // Takes the same time whatever the keys are.
  bool Equals(const TlsMaterial& other) const;
};

// Reads the files and checks them as OpenSSL will when it uses them. Errors
// name the file and what is wrong with it: NOT_FOUND, PERMISSION_DENIED or
// another error of the system; or INVALID_ARGUMENT, reason INVALID_TLS_FILE: it
// is over 1 MiB or holds no certificate or key, OpenSSL refuses it (a weak key,
// for example), the key is not that of the certificate, or only one of these
// two files is given.
absl::StatusOr<TlsMaterial> ReadTlsMaterial(const TlsPaths& paths);

// Makes the certificates and the key those of `context`, an SSL_CTX of OpenSSL.
// False: OpenSSL refuses them, or memory is short.
bool UseTlsMaterial(const TlsMaterial& material, ssl_ctx_st* context);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_TLS_MATERIAL_H_
