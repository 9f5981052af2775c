#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/identity/app_key.h"
#include "server/identity/issued_token.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

void CheckContent(absl::string_view bytes) {
  const std::optional<IssuedToken> token = IssuedTokenOf(bytes);
  if (!token.has_value()) return;
  FUZZ_CHECK(BytesOf(*token) == bytes, "the content has two forms");
}

}  // namespace

// Input: the content of a token as bytes, and the same bytes as the text behind
// `sbx_`, and as a JWT. (The server looks at the content only if it has signed
// it.)
FUZZ_TARGET(token) {
  CheckContent(input);
  const std::string text = EncodeLettersAndDigits(input);
  for (const char c : text) {
    FUZZ_CHECK(absl::ascii_isalnum(static_cast<unsigned char>(c)),
               "not a letter or digit in ", text);
  }
  FUZZ_CHECK(DecodeLettersAndDigits(text) == input, "other bytes: ", text);
  const std::optional<std::string> decoded = DecodeLettersAndDigits(input);
  if (decoded.has_value()) {
    FUZZ_CHECK(EncodeLettersAndDigits(*decoded) == input,
               "the bytes have two texts");
    CheckContent(*decoded);
  }
  const AppKey no_key = {AppOfJwt(input).value_or(7), "", ""};
  FUZZ_CHECK(!CheckAppJwt(input, no_key, absl::UnixEpoch()).ok(),
             "a JWT without a signature is good");
}

}  // namespace signalbox
