#include "common/tls_files.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/error.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest()
      : paths_{dir_.Path("cert.pem"), dir_.Path("key.pem"),
               dir_.Path("ca.pem")} {
    WriteCertificate(paths_.cert_file, paths_.key_file, "IP:127.0.0.1");
    WriteCertificate(paths_.ca_file, dir_.Path("ca_key.pem"), "IP:127.0.0.1");
  }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // A certificate and key that replace those of `paths_`.
  void WriteOthers() {
    WriteCertificate(dir_.Path("cert2.pem"), dir_.Path("key2.pem"),
                     "IP:127.0.0.1");
  }
  void Rename(const std::string& from, const std::string& to) {
    EXPECT_EQ(rename(dir_.Path(from).c_str(), to.c_str()), 0);
  }

  TempDir dir_;
  TlsPaths paths_;
};

TEST_F(TlsFilesTest, ReadsWhatIsThere) {
  const auto material = ReadTlsMaterial(paths_);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificates, Read(paths_.cert_file));
  EXPECT_EQ(material->key.Reveal(), Read(paths_.key_file));
  EXPECT_EQ(material->authorities, Read(paths_.ca_file));

  const auto nothing = ReadTlsMaterial({});
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->certificates.empty());
  EXPECT_TRUE(ReadTlsMaterial({"", "", paths_.ca_file}).ok());
}

// A chain may have several certificates, and the key may be in the same file.
TEST_F(TlsFilesTest, ReadsChainsAndJoinedFiles) {
  const std::string joined = dir_.Path("joined.pem");
  Write(joined,
        Read(paths_.key_file) + Read(paths_.cert_file) + Read(paths_.ca_file));
  EXPECT_TRUE(ReadTlsMaterial({joined, joined, paths_.ca_file}).ok());
}

// An operator must be able to mend the file without a guess.
TEST_F(TlsFilesTest, NamesTheFileThatIsWrong) {
  const std::string& cert = paths_.cert_file;
  const std::string& key = paths_.key_file;
  const std::string& ca = paths_.ca_file;
  const std::string none = dir_.Path("none.pem");
  const std::string text = dir_.Path("text.pem");
  const std::string cut = dir_.Path("cut.pem");
  const std::string damaged = dir_.Path("damaged.pem");
  const std::string large = dir_.Path("large.pem");
  Write(text, "no PEM\n");
  Write(cut, Read(cert).substr(0, 100));
  Write(damaged, Read(cert) +
                     "-----BEGIN CERTIFICATE-----\nAAAA\n"
                     "-----END CERTIFICATE-----\n");
  Write(large, std::string((1 << 20) + 1, 'x'));
  WriteOthers();
  const struct {
    TlsPaths paths;
    std::string wrong;  // The path that the error names first.
  } cases[] = {
      {{none, key, ca}, "cannot open " + none},
      {{cert, none, ca}, "cannot open " + none},
      {{cert, key, none}, "cannot open " + none},
      {{dir_.Path(""), key, ca}, "cannot read "},
      {{text, key, ca}, text + " holds no certificate"},
      {{cut, key, ca}, cut + " holds a certificate that is damaged"},
      {{damaged, key, ca}, damaged + " holds a certificate that is damaged"},
      {{cert, text, ca}, text + " holds no private key"},
      {{cert, cert, ca}, cert + " holds no private key"},
      {{cert, key, text}, text + " holds no certificate"},
      {{cert, key, large}, large + " is longer than"},
      {{cert, dir_.Path("key2.pem"), ca},
       dir_.Path("key2.pem") + " holds another key than"},
      {{cert, "", ca}, cert + " is a certificate without a private key"},
      {{"", key, ca}, key + " is a private key without a certificate"},
  };
  for (const auto& [paths, wrong] : cases) {
    const auto status = ReadTlsMaterial(paths).status();
    EXPECT_TRUE(absl::StartsWith(status.message(), wrong))
        << wrong << ": " << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "-----BEGIN"));
    if (!absl::StartsWith(wrong, "cannot ")) {
      EXPECT_EQ(ReasonOf(status), "INVALID_TLS_FILE") << wrong;
    }
  }
}

// OpenSSL would refuse every handshake. A key of 512 bits is too weak for any
// security level that a system has as its default.
TEST_F(TlsFilesTest, NamesAFileWithAWeakCertificate) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_RSA_gen(512),
                                                           EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(),
                                                           X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  ASSERT_NE(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const std::string weak = dir_.Path("weak.pem");
  FILE* const file = fopen(weak.c_str(), "w");
  ASSERT_NE(file, nullptr);
  PEM_write_X509(file, certificate.get());
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  fclose(file);
  const std::string chain = dir_.Path("chain.pem");
  Write(chain, Read(paths_.cert_file) + Read(weak));
  for (const auto& [cert_file, key_file] :
       {std::pair(weak, weak), std::pair(chain, paths_.key_file)}) {
    const auto status = ReadTlsMaterial({cert_file, key_file, ""}).status();
    EXPECT_EQ(ReasonOf(status), "INVALID_TLS_FILE");
    EXPECT_TRUE(absl::StartsWith(
        status.message(), cert_file + " holds a certificate that OpenSSL "
                                      "refuses: "))
        << status;
  }
}

// A service has no terminal for typing the password.
TEST_F(TlsFilesTest, RefusesAKeyWithAPassword) {
  FILE* file = fopen(paths_.key_file.c_str(), "r");
  ASSERT_NE(file, nullptr);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_PrivateKey(file, nullptr, nullptr, nullptr), EVP_PKEY_free);
  fclose(file);
  const std::string locked = dir_.Path("locked.pem");
  file = fopen(locked.c_str(), "w");
  ASSERT_NE(file, nullptr);
  const unsigned char password[] = {'o', 'p', 'e', 'n'};
  ASSERT_EQ(PEM_write_PrivateKey(file, key.get(), EVP_aes_256_cbc(), password,
                                 sizeof(password), nullptr, nullptr),
            1);
  fclose(file);
  const auto status = ReadTlsMaterial({paths_.cert_file, locked, ""}).status();
  EXPECT_EQ(status.message(),
            locked + " holds no private key in PEM without a password");
}

TEST_F(TlsFilesTest, AChangeIsNoticed) {
  auto files = TlsFiles::Open(paths_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_FALSE(files->Refresh(absl::Seconds(10)));
  WriteOthers();
  Rename("cert2.pem", paths_.cert_file);
  Rename("key2.pem", paths_.key_file);
  // So soon, it does not look.
  EXPECT_FALSE(files->Refresh(absl::Seconds(10.5)));
  EXPECT_TRUE(files->Refresh(absl::Seconds(11)));
  EXPECT_EQ(files->material().certificates, Read(paths_.cert_file));
  EXPECT_EQ(files->material().key.Reveal(), Read(paths_.key_file));
  EXPECT_FALSE(files->Refresh(absl::Seconds(12)));
  EXPECT_FALSE(files->is_unusable());
}

// A program that renews a certificate replaces one file after the other.
TEST_F(TlsFilesTest, FilesThatDoNotFitChangeNothing) {
  auto files = TlsFiles::Open(paths_);
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string before = files->material().certificates;
  WriteOthers();
  Rename("cert2.pem", paths_.cert_file);
  EXPECT_FALSE(files->Refresh(absl::Seconds(1)));
  EXPECT_TRUE(files->is_unusable());
  EXPECT_EQ(files->material().certificates, before);
  Rename("key2.pem", paths_.key_file);
  EXPECT_TRUE(files->Refresh(absl::Seconds(2)));
  EXPECT_FALSE(files->is_unusable());
  EXPECT_NE(files->material().certificates, before);
}

TEST_F(TlsFilesTest, AMissingFileChangesNothing) {
  auto files = TlsFiles::Open(paths_);
  ASSERT_TRUE(files.ok()) << files.status();
  Rename("ca.pem", dir_.Path("away.pem"));
  EXPECT_FALSE(files->Refresh(absl::Seconds(1)));
  EXPECT_TRUE(files->is_unusable());
  EXPECT_FALSE(files->material().authorities.empty());
  Rename("away.pem", paths_.ca_file);
  EXPECT_FALSE(files->Refresh(absl::Seconds(2)));
  EXPECT_FALSE(files->is_unusable());
}

}  // namespace
}  // namespace signalbox
