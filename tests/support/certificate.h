#ifndef SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_
#define SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_

#include <string>

namespace signalbox {

// Writes a self-signed TLS certificate and its private key, as PEM files. The
// certificate is valid for an hour, for `alternative_name` in OpenSSL's
// notation ("IP:127.0.0.1"). Aborts on failure.
void WriteCertificate(const std::string& certificate_file,
                      const std::string& key_file,
                      const std::string& alternative_name);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_
