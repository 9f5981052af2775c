#ifndef SIGNALBOX_SERVER_IDENTITY_TOKEN_FILES_H_
#define SIGNALBOX_SERVER_IDENTITY_TOKEN_FILES_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret_file.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/identity/caller_token.h"

namespace signalbox {

// TokenFiles holds the digests of the callers' tokens, which are in one file
// each, and reads a file again when it has changed. So an operator can give a
// caller another token without a restart.
//
// A file holds the SHA-256 of a token in hexadecimal, as sha256sum prints it.
//
// A file that cannot be used changes nothing: the caller keeps its token. The
// log then has one line with the file, its line and what is wrong, and
// `signalbox_token_file_unusable{caller,token}` is 1 until the file is usable
// again. The label `token` is the number of the token in the configuration, 1
// or 2.
//
// Not thread-safe.
class TokenFiles {
 public:
  // A token of the configuration.
  struct Item {
    std::string caller;  // Its name.
    std::string path;
    absl::Time expire_time = absl::InfiniteFuture();
  };

  // Takes the tokens of a caller that may be others now.
  using Changed = std::function<void(const std::string& caller,
                                     std::vector<CallerToken> tokens)>;

  // Reads the files. The tokens of a caller must follow each other. `metrics`
  // is borrowed. Errors name the file: those of ReadSecretFile, or
  // INVALID_ARGUMENT, reason INVALID_SECRET_FILE.
  static absl::StatusOr<TokenFiles> Open(const std::vector<Item>& items,
                                         Metrics* metrics, Changed changed);

  // The tokens of the caller with this name, in the order of the items.
  std::vector<CallerToken> TokensOf(absl::string_view caller) const;

  // Reads the files again that may have changed, and calls Changed. Cheap if
  // the file system says that none has. Returns when to call it again.
  absl::Time RunOnce(const Moment& now);

 private:
  struct Held {
    std::string caller;
    std::string number;  // The label `token`.
    absl::Time expire_time;
    SecretFile digest;
  };

  TokenFiles(Metrics* metrics, Changed changed)
      : metrics_(metrics), changed_(std::move(changed)) {}

  void Show(const Held& held) const;

  Metrics* metrics_;
  Changed changed_;
  std::vector<Held> held_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_TOKEN_FILES_H_
