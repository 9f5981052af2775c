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

// A secret in a file. An operator may replace the file while the process runs,
// so that the secret can be rotated without a restart.
//
// Not thread-safe.
class SecretFile {
 public:
  // Makes the secret from the text that ReadSecretFile has read, as ParseToken
  // does. An error refuses the text; it must name `path` and contain nothing of
  // the text.
  using Parse = std::function<absl::StatusOr<Secret>(Secret text,
                                                     const std::string& path)>;

  // Reads the file. Errors: those of ReadSecretFile and of `parse`.
  static absl::StatusOr<SecretFile> Open(std::string path, Parse parse);

  // Reads the file again if it may have changed, or in any case if `certain`.
  // True: the file was written again, or has other content. If the file cannot
  // be read or parsed, the last secret stays in use; the log gets one line.
  // `now` may come from any clock, but always from the same one.
  bool Refresh(absl::Time now, bool certain = false);

  const Secret& secret() const { return secret_; }
  const std::string& path() const { return path_; }

 private:
  // Tells one version of the file from another without reading it.
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
  // When Refresh first saw the stamp; nothing: not yet.
  std::optional<absl::Time> stamp_time_;
  bool unreadable_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_SECRET_FILE_H_
