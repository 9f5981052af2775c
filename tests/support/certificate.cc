#include "tests/support/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

namespace signalbox {

void WriteCertificate(const std::string& certificate_file,
                      const std::string& key_file,
                      const std::string& alternative_name) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  if (key == nullptr || certificate == nullptr) std::abort();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>("signalbox test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const alternative = X509V3_EXT_conf_nid(
      nullptr, nullptr, NID_subject_alt_name, alternative_name.c_str());
  X509_add_ext(certificate, alternative, -1);
  X509_EXTENSION_free(alternative);
  X509_sign(certificate, key, EVP_sha256());

  FILE* const to_certificate = std::fopen(certificate_file.c_str(), "w");
  FILE* const to_key = std::fopen(key_file.c_str(), "w");
  if (to_certificate == nullptr || to_key == nullptr ||
      PEM_write_X509(to_certificate, certificate) != 1 ||
      PEM_write_PrivateKey(to_key, key, nullptr, nullptr, 0, nullptr,
                           nullptr) != 1) {
    std::abort();
  }
  std::fclose(to_certificate);
  std::fclose(to_key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace signalbox
