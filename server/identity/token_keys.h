#ifndef SIGNALBOX_SERVER_IDENTITY_TOKEN_KEYS_H_
#define SIGNALBOX_SERVER_IDENTITY_TOKEN_KEYS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "server/identity/issued_token.h"

namespace signalbox {

// The longest life of an issued token.
inline constexpr absl::Duration kLongestTokenLife = absl::Hours(30 * 24);

// TokenKeys signs the tokens that the server issues, and recognises them, with
// HMAC-SHA-256. It has at most two keys, in one file that only the server's
// user can read. The newer key signs, both verify. A key signs for 31 days,
// which is longer than the life of a token, so every token ends before its key
// is removed. Without the file, all issued tokens are unknown: removing it
// while the server is stopped ends them.
//
// Thread-safe.
class TokenKeys {
 public:
  // The directory of the file must exist when Load is called.
  explicit TokenKeys(std::string path) : path_(std::move(path)) {}

  // Reads the keys; a file that does not exist has none. INVALID_ARGUMENT,
  // reason INVALID_SECRET_FILE: the file is damaged. Other errors are those of
  // ReadSecretFile.
  absl::Status Load();

  // Returns the token as text. First makes a key if there is none, or if the
  // newer one is old; the file is then on disk before the token exists. Blocks
  // meanwhile.
  //
  // INVALID_ARGUMENT, reason NARROWING_TOO_LARGE: the token would be longer
  // than clients accept. RESOURCE_EXHAUSTED, reason DISK_FULL, or INTERNAL: the
  // file cannot be written. INTERNAL: the token would live longer than
  // kLongestTokenLife.
  absl::StatusOr<std::string> Issue(const IssuedToken& token, absl::Time now);

  // What a text says that Issue has returned, whether or not it has ended.
  // Nothing: it is no token of these keys. Does not block.
  std::optional<IssuedToken> Verify(absl::string_view text) const;

 private:
  struct Key {
    absl::Time make_time;  // Whole seconds.
    Secret bytes;
    std::string id;
  };

  // The key of 32 bytes that was made at this time.
  static Key KeyOf(absl::Time make_time, Secret bytes);
  // The key to sign with at `now`. Makes it if necessary.
  absl::StatusOr<Key> SigningKey(absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(issue_mu_);
  // Newest first. Never null. Callers share them, because each copy of a key
  // would be one more secret in memory.
  using Keys = std::shared_ptr<const std::vector<Key>>;
  Keys keys() const;
  void SetKeys(std::vector<Key> keys);

  const std::string path_;

  // Held while the file is written. Verify does not wait for that.
  Mutex issue_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  mutable Mutex mu_;
  Keys keys_ ABSL_GUARDED_BY(mu_) = std::make_shared<std::vector<Key>>();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_TOKEN_KEYS_H_
