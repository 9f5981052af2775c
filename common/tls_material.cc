#include "common/tls_material.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxFile = 1 << 20;

template <auto free>
struct Free {
  template <typename Value>
  void operator()(Value* value) const {
    free(value);
  }
};
using UniqueBio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using UniqueX509 = std::unique_ptr<X509, Free<X509_free>>;
using UniqueKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using UniqueContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

absl::Status InvalidFile(absl::string_view path, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_TLS_FILE",
               absl::StrCat(path, " ", problem));
}

// With OpenSSL's reason, which contains nothing of the file.
absl::Status Refused(absl::string_view path, absl::string_view what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return InvalidFile(
      path, absl::StrCat("holds ", what, " that OpenSSL refuses: ",
                         reason == nullptr ? "unknown reason" : reason));
}

absl::StatusOr<Secret> ReadFile(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(
      std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  // Nothing of a key stays in a buffer of the library.
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  std::string buffer(kMaxFile + 1, '\0');
  const size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get());
  Secret text(buffer.substr(0, size));
  explicit_bzero(buffer.data(), size);
  if (std::ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  if (size > kMaxFile) return InvalidFile(path, "is longer than 1 MiB");
  return text;
}

UniqueBio Reader(absl::string_view text) {
  return UniqueBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No password: OpenSSL must not ask for one on the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*user*/) {
  return -1;
}

UniqueX509 NextCertificate(BIO* reader) {
  return UniqueX509(PEM_read_bio_X509(reader, nullptr, NoPassword, nullptr));
}

absl::Status CheckCertificates(const std::string& path,
                               absl::string_view text) {
  const UniqueBio reader = Reader(text);
  size_t count = 0;
  while (NextCertificate(reader.get()) != nullptr) ++count;
  const bool is_end =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (count > 0 && is_end) return absl::OkStatus();
  return InvalidFile(path,
                     count == 0 && is_end
                         ? "holds no certificate in PEM"
                         : absl::StrCat("holds a certificate that is damaged "
                                        "or not complete: number ",
                                        count + 1));
}

// The first certificate is this end's own.
bool UseCertificates(SSL_CTX* context, absl::string_view text) {
  const UniqueBio reader = Reader(text);
  const UniqueX509 own = NextCertificate(reader.get());
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return false;
  }
  while (const UniqueX509 next = NextCertificate(reader.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return false;
  }
  return true;
}

UniqueKey ReadKey(const Secret& text) {
  return UniqueKey(PEM_read_bio_PrivateKey(Reader(text.Reveal()).get(), nullptr,
                                           NoPassword, nullptr));
}

// Checks that they belong together.
absl::Status CheckPair(const TlsPaths& paths, const TlsMaterial& material) {
  const UniqueContext context(SSL_CTX_new(TLS_method()));
  if (!UseCertificates(context.get(), material.certificates)) {
    return Refused(paths.cert_file, "a certificate");
  }
  const UniqueKey key = ReadKey(material.key);
  ERR_clear_error();
  if (key == nullptr) {
    return InvalidFile(paths.key_file,
                       "holds no private key in PEM without a password");
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context.get()),
                             key.get()) != 1) {
    ERR_clear_error();
    return InvalidFile(
        paths.key_file,
        absl::StrCat("holds another key than that of the first certificate in ",
                     paths.cert_file));
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return Refused(paths.key_file, "a private key");
  }
  return absl::OkStatus();
}

}  // namespace

bool TlsMaterial::Equals(const TlsMaterial& other) const {
  return certificates == other.certificates && key.Equals(other.key) &&
         authorities == other.authorities;
}

absl::StatusOr<TlsMaterial> ReadTlsMaterial(const TlsPaths& paths) {
  if (paths.cert_file.empty() != paths.key_file.empty()) {
    return InvalidFile(
        absl::StrCat(paths.cert_file, paths.key_file),
        paths.key_file.empty()
            ? "is a certificate without a private key; wanted both files"
            : "is a private key without a certificate; wanted both files");
  }
  ERR_clear_error();
  TlsMaterial material;
  if (!paths.cert_file.empty()) {
    const absl::StatusOr<Secret> certificates = ReadFile(paths.cert_file);
    if (!certificates.ok()) return certificates.status();
    material.certificates = certificates->Reveal();
    absl::Status status =
        CheckCertificates(paths.cert_file, material.certificates);
    if (!status.ok()) return status;
    absl::StatusOr<Secret> key = ReadFile(paths.key_file);
    if (!key.ok()) return key.status();
    material.key = *std::move(key);
    status = CheckPair(paths, material);
    if (!status.ok()) return status;
  }
  if (!paths.ca_file.empty()) {
    const absl::StatusOr<Secret> authorities = ReadFile(paths.ca_file);
    if (!authorities.ok()) return authorities.status();
    material.authorities = authorities->Reveal();
    const absl::Status status =
        CheckCertificates(paths.ca_file, material.authorities);
    if (!status.ok()) return status;
  }
  return material;
}

bool UseTlsMaterial(const TlsMaterial& material, ssl_ctx_st* context) {
  const bool is_used =
      UseCertificates(context, material.certificates) &&
      SSL_CTX_use_PrivateKey(context, ReadKey(material.key).get()) == 1;
  ERR_clear_error();
  return is_used;
}

}  // namespace signalbox
