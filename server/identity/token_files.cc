#include "server/identity/token_files.h"

#include <openssl/sha.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/secret.h"

namespace signalbox {
namespace {

// How soon the server knows a new token.
constexpr absl::Duration kPeriod = absl::Seconds(1);

// The digest in the text of a file, as 32 bytes.
absl::StatusOr<Secret> ParseDigest(Secret text, const std::string& path) {
  const absl::string_view line = text.Reveal();
  const absl::string_view hex = line.substr(0, line.find(' '));
  std::optional<std::string> digest = BytesOfHex(hex);
  if (!digest.has_value() || hex.size() != 2 * SHA256_DIGEST_LENGTH) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                 absl::StrCat(path,
                              ":1: is no SHA-256 in hexadecimal; make it with "
                              "`printf %s TOKEN | sha256sum`"));
  }
  return Secret(*std::move(digest));
}

}  // namespace

absl::StatusOr<TokenFiles> TokenFiles::Open(const std::vector<Item>& items,
                                            Metrics* metrics, Changed changed) {
  TokenFiles files(metrics, std::move(changed));
  int number = 0;
  for (const Item& item : items) {
    absl::StatusOr<SecretFile> digest =
        SecretFile::Open(item.path, ParseDigest);
    if (!digest.ok()) return digest.status();
    const bool is_next =
        !files.held_.empty() && files.held_.back().caller == item.caller;
    number = is_next ? number + 1 : 1;
    files.held_.push_back({item.caller, absl::StrCat(number), item.expire_time,
                           *std::move(digest)});
    files.Show(files.held_.back());
  }
  return files;
}

std::vector<CallerToken> TokenFiles::TokensOf(absl::string_view caller) const {
  std::vector<CallerToken> tokens;
  for (const Held& held : held_) {
    if (held.caller != caller) continue;
    tokens.push_back({held.digest.secret().Reveal(), held.expire_time});
  }
  return tokens;
}

absl::Time TokenFiles::RunOnce(const Moment& now) {
  if (held_.empty()) return absl::InfiniteFuture();
  for (Held& held : held_) {
    const bool was_unusable = held.digest.is_unusable();
    if (held.digest.Refresh(now.steady.reading())) {
      changed_(held.caller, TokensOf(held.caller));
    }
    if (held.digest.is_unusable() != was_unusable) Show(held);
  }
  return now.wall + kPeriod;
}

void TokenFiles::Show(const Held& held) const {
  metrics_->Set("signalbox_token_file_unusable",
                "1 while the file with the digest of a caller's token cannot "
                "be used, and the server keeps the last digest.",
                held.digest.is_unusable() ? 1 : 0,
                {{"caller", held.caller}, {"token", held.number}});
}

}  // namespace signalbox
