#ifndef SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_
#define SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_

#include <string>

namespace signalbox {

// Writes a certificate that is its own authority, and its private key, as PEM
// files: valid for an hour, for `alternative_name` as OpenSSL writes it
// ("IP:127.0.0.1"). Aborts if it cannot.
void WriteCertificate(const std::string& certificate_file,
                      const std::string& key_file,
                      const std::string& alternative_name);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_CERTIFICATE_H_
