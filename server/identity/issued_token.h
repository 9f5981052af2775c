#ifndef SIGNALBOX_SERVER_IDENTITY_ISSUED_TOKEN_H_
#define SIGNALBOX_SERVER_IDENTITY_ISSUED_TOKEN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A token that the server itself has issued to a caller. It says in itself whom
// it is for, what it may do less than its caller, and when it ends, so the
// server keeps no list of such tokens. TokenKeys signs and verifies them. What
// is in it is not encrypted.

// What a token may do less than its caller. An empty member takes nothing away.
struct TokenNarrowing {
  std::vector<std::string> repositories;  // Patterns, as a caller has them.
  std::vector<std::string> contexts;      // Patterns.
  std::vector<std::string> rights;        // By their names.
  std::string sha;                        // Of the only commit, in lower case.
  // The only run. `attempt` 0: any run; then `series` is empty, too.
  std::string series;
  int64_t attempt = 0;

  friend bool operator==(const TokenNarrowing&,
                         const TokenNarrowing&) = default;
};

struct IssuedToken {
  std::string caller;  // Its name.
  // SHA-256 of the token or key by which the caller got this token.
  std::string issuer;
  absl::Time expire_time = absl::UnixEpoch();  // Whole seconds.
  TokenNarrowing narrowing;

  friend bool operator==(const IssuedToken&, const IssuedToken&) = default;
};

// Every issued token begins so; letters and digits follow.
inline constexpr absl::string_view kIssuedTokenPrefix = "sbx_";

// The content of a token as bytes. Nothing: a list has over 255 items, or a
// text has over 65,535 bytes.
std::optional<std::string> BytesOf(const IssuedToken& token);
// The reverse. Nothing: `bytes` are not exactly what BytesOf returns.
std::optional<IssuedToken> IssuedTokenOf(absl::string_view bytes);

// Writes bytes with letters and digits alone: eight bytes take eleven
// characters. Every text stands for at most one sequence of bytes, and the
// reverse. DecodeLettersAndDigits returns nothing if no bytes have this text.
std::string EncodeLettersAndDigits(absl::string_view bytes);
std::optional<std::string> DecodeLettersAndDigits(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_ISSUED_TOKEN_H_
