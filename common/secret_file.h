#ifndef SIGNALBOX_COMMON_SECRET_FILE_H_
#define SIGNALBOX_COMMON_SECRET_FILE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/secret.h"

namespace signalbox {

// SecretFile holds the secret of a file, and reads the file again when it has
// changed. So an operator can replace a token or key without a restart.
//
// Not thread-safe.
class SecretFile {
 public:
  // Checks the text that ReadSecretFile has read, and returns the secret;
  // ParseToken is one. Its errors must name `path`, and must not contain any of
  // the text.
  using Parse = std::function<absl::StatusOr<Secret>(Secret text,
                                                     const std::string& path)>;

  // Reads the file. Errors: those of ReadSecretFile and of `parse`.
  static absl::StatusOr<SecretFile> Open(std::string path, Parse parse);

  // Call it before each use of the secret. Reads the file again if it may have
  // changed, or in any case if `certain`. Returns whether the file was written
  // again or has other content. If the file cannot be read or parsed, keeps the
  // last secret and writes one line to the log. `now` is the time since a fixed
  // moment, by any clock, but always the same one.
  bool Refresh(absl::Duration now, bool certain = false);

  // Whether Refresh found last that the file cannot be read or parsed.
  bool is_unusable() const { return unusable_; }

  const Secret& secret() const { return secret_; }
  const std::string& path() const { return path_; }

 private:
  // What the system says of the file. If it differs, the file has changed.
  struct Stamp {
    int64_t mtime_s = 0;
    int64_t mtime_ns = 0;
    int64_t ctime_s = 0;
    int64_t ctime_ns = 0;
    int64_t size = 0;
    uint64_t inode = 0;
    uint64_t device = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  SecretFile(std::string path, Parse parse)
      : path_(std::move(path)), parse_(std::move(parse)) {}

  absl::StatusOr<Stamp> ReadStamp() const;
  absl::StatusOr<Secret> ReadSecret() const;

  std::string path_;
  Parse parse_;
  Secret secret_;
  Stamp stamp_;
  // When Refresh first saw this stamp. Nothing: it has not yet.
  std::optional<absl::Duration> stamp_time_;
  bool unusable_ = false;  // The log has a line about it.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_SECRET_FILE_H_
