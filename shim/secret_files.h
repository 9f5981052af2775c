#ifndef SIGNALBOX_SHIM_SECRET_FILES_H_
#define SIGNALBOX_SHIM_SECRET_FILES_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "shim/webhook/signature.h"

namespace signalbox {

// What is wrong with a secret that a person or an editor wrote, as the end of a
// sentence: "has more than one line". Empty: nothing. `secret` has no white
// space around it.
std::string ProblemOfSecret(absl::string_view secret);

// Reads a file that holds one secret, without the white space around it.
// INVALID_ARGUMENT, in one line that begins with `option` and the path: the
// file cannot be read, is empty, is over 64 KiB or has a ProblemOfSecret.
absl::StatusOr<std::string> ReadSecretFile(absl::string_view option,
                                           const std::string& path);

// The webhook's secrets, each in a file. SecretFiles reads a changed file again
// before the next delivery, so that a secret can be changed without a restart.
// If the changed file cannot be used, SecretFiles logs it and keeps the former
// secret.
//
// Thread-safe.
class SecretFiles {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Errors as ReadSecretFile.
  static absl::StatusOr<std::unique_ptr<SecretFiles>> Open(
      absl::string_view option, const std::vector<std::string>& paths);
  ~SecretFiles();

  // The present secrets.
  std::shared_ptr<const WebhookSecrets> Get(Time now);

 private:
  // Identifies the version of a file.
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
  struct File {
    std::string path;
    std::optional<Stamp> stamp;  // Nothing: it could not be read.
    Time stamp_time;             // When the stamp was first seen.
    std::string secret;
    bool is_bad = false;
  };

  explicit SecretFiles(absl::string_view option) : option_(option) {}
  static std::optional<Stamp> StampOf(const std::string& path);
  // True: the file holds another secret now.
  bool Refresh(File& file, Time now);
  void Use();

  const std::string option_;

  std::mutex mu_;  // Guards everything below.
  std::vector<File> files_;
  std::shared_ptr<const WebhookSecrets> secrets_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SECRET_FILES_H_
