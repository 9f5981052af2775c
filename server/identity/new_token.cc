#include "server/identity/new_token.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/utility/utility.h"
#include "common/digest.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kRandomCharacters = 43;
constexpr absl::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

constexpr char kText[] = R"(
# Above is a new token of CALLER. This is the only time that it is shown: store it
# in a file that only CALLER can read. The server needs its SHA-256 alone, in a file:
#   echo DIGEST > /etc/signalbox/CALLER.sha256
# Add these lines to the server's configuration file, with the repositories and
# contexts that CALLER may report. If the file has CALLER already, add only the item
# of `tokens`. Then restart the server.
callers:
  - name: CALLER
    tokens:
      - sha256_file: /etc/signalbox/CALLER.sha256
    repositories: [OWNER/*]
    contexts: [ci/*]
    rights: [report, read]
)";

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name.size() <= 100 &&
         std::ranges::all_of(name, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

absl::StatusOr<Secret> NewToken() {
  std::string token(kNewTokenPrefix);
  for (size_t i = 0; i < kRandomCharacters;) {
    unsigned char byte = 0;
    if (RAND_bytes(&byte, 1) != 1) {
      return absl::InternalError("the system has no random numbers");
    }
    // The bytes above the last multiple of the alphabet's size would make some
    // characters likelier.
    if (byte >= 256 / kAlphabet.size() * kAlphabet.size()) continue;
    absl::StrAppend(&token, kAlphabet.substr(byte % kAlphabet.size(), 1));
    ++i;
  }
  return absl::StatusOr<Secret>(absl::in_place, std::move(token));
}

absl::StatusOr<std::string> NewTokenText(absl::string_view caller,
                                         const Secret& token) {
  if (!IsPlainName(caller)) {
    return InvalidField("NAME", caller,
                        "is no name for a caller; wanted 1 to 100 letters, "
                        "digits, `.`, `_` and `-`",
                        "INVALID_NAME");
  }
  const std::string hex = absl::BytesToHexString(Sha256(token.Reveal()));
  return absl::StrReplaceAll(kText, {{"CALLER", caller}, {"DIGEST", hex}});
}

}  // namespace signalbox
