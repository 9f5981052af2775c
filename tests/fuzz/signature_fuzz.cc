#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/digest.h"
#include "common/webhook/signature.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

std::string ReferenceHmac(const std::string& secret, absl::string_view body) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac,
       &size);
  return std::string(reinterpret_cast<const char*>(mac), size);
}

bool IsHeader(absl::string_view header) {
  return header.size() == 71 && header.substr(0, 7) == "sha256=" &&
         header.substr(7).find_first_not_of("0123456789abcdef") ==
             absl::string_view::npos;
}

bool Verify(const WebhookSecrets& secrets, absl::string_view body,
            const Sha256Digest& claimed, uint32_t seed) {
  BodySignature signature(secrets);
  InPieces(body, seed,
           [&](absl::string_view piece) { signature.Update(piece); });
  return signature.Matches(claimed);
}

// A header as a client may send it: any text, or a true signature, unchanged or
// with one change.
std::string Header(FuzzInput& in, const std::string& true_mac) {
  const int kind = in.UpTo(7);
  const int place = in.Byte();
  std::string header =
      absl::StrCat("sha256=", absl::BytesToHexString(true_mac));
  switch (kind) {
    case 0:
      return std::string(in.Text());
    case 1:
      header[place % header.size()] ^= 1;
      return header;
    case 2:
      header.resize(place % header.size());
      return header;
    case 3:
      return absl::StrCat(header, in.Text());
    case 4:
      for (char& c : header) c = static_cast<char>(toupper(c));
      return header;
    default:
      return header;
  }
}

}  // namespace

// Input: flags, two secrets, how the header is made, the body.
FUZZ_TARGET(signature) {
  FuzzInput in(input);
  const uint8_t flags = in.Byte();
  const std::vector<std::string> texts = {std::string(in.Text()),
                                          std::string(in.Text())};
  const std::string signer = (flags & 1) != 0   ? texts[0]
                             : (flags & 2) != 0 ? texts[1]
                                                : "another";
  FuzzInput header_input(in.Text());
  const std::string body(in.Rest());
  const std::string header = Header(header_input, ReferenceHmac(signer, body));

  FUZZ_CHECK(Sha256(body).size() == 32, "a digest of another size");
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_Digest(body.data(), body.size(), digest, nullptr, EVP_sha256(), nullptr);
  FUZZ_CHECK(Sha256(body) ==
                 absl::string_view(reinterpret_cast<const char*>(digest), 32),
             "another digest than OpenSSL's");

  const auto claimed = ParseSignature(header);
  FUZZ_CHECK(claimed.has_value() == IsHeader(header), "header ", header);
  if (!claimed.has_value()) return;
  const std::string claimed_bytes(
      reinterpret_cast<const char*>(claimed->data()), claimed->size());
  FUZZ_CHECK(absl::BytesToHexString(claimed_bytes) == header.substr(7),
             "digits were read as other bytes");

  bool is_true = false;
  bool any_secret = false;
  for (const std::string& secret : texts) {
    if (secret.empty()) continue;
    any_secret = true;
    is_true = is_true || ReferenceHmac(secret, body) == claimed_bytes;
  }
  const WebhookSecrets secrets({Secret(texts[0]), Secret(texts[1])});
  FUZZ_CHECK(secrets.empty() == !any_secret, "an empty secret counts");
  FUZZ_CHECK(Verify(secrets, body, *claimed, flags) == is_true,
             "verified otherwise than by HMAC: ", header);
  FUZZ_CHECK(Verify(secrets, body, *claimed, flags + 1) == is_true,
             "pieces of another size make another signature");
  std::string longer = body + '\0';
  FUZZ_CHECK(!Verify(secrets, longer, *claimed, flags),
             "one byte more has the same signature");
}

}  // namespace signalbox
