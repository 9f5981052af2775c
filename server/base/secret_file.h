#ifndef SIGNALBOX_SERVER_BASE_SECRET_FILE_H_
#define SIGNALBOX_SERVER_BASE_SECRET_FILE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/secret.h"

namespace signalbox {

// A secret in a file that somebody may replace while the process runs, so that
// it can be rotated without a restart.
//
// Not thread-safe.
class SecretFile {
 public:
  // Makes the secret of what ReadSecretFile has read. Its error, which must
  // name `path` and nothing of the text, keeps a content out.
  using Parse = std::function<absl::StatusOr<Secret>(Secret text,
                                                     const std::string& path)>;

  // Reads the file. Errors: those of ReadSecretFile and of `parse`.
  static absl::StatusOr<SecretFile> Open(std::string path, Parse parse);

  // Reads the file again if it may have changed, or if that is `certain`.
  // True: it was written again, or holds something else. While it cannot be
  // read, or not be parsed, the last secret stays, which is logged once. `now`
  // is of any clock, always the same one.
  bool Refresh(absl::Time now, bool certain = false);

  const Secret& secret() const { return secret_; }
  const std::string& path() const { return path_; }

 private:
  // What tells one content from another without reading it.
  struct Stamp {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    int64_t size = 0;
    uint64_t inode = 0;
    uint64_t device = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  SecretFile(std::string path, Parse parse);

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

#endif  // SIGNALBOX_SERVER_BASE_SECRET_FILE_H_
