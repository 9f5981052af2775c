#ifndef SIGNALBOX_SERVER_CALLER_ACCESS_H_
#define SIGNALBOX_SERVER_CALLER_ACCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/config/config.h"
#include "server/identity/token_files.h"
#include "server/identity/token_keys.h"
#include "server/rpc/authorizer.h"

namespace signalbox {

// CallerAccess has the configured callers, and everything by which they show
// who they are: the files with the hashes of their tokens, and the keys of
// issued tokens.
//
// RunOnce is for one thread. The rest is thread-safe.
class CallerAccess {
 public:
  // Reads the hashes, and the keys of Apps. `metrics` is borrowed. Errors name
  // the file: those of TokenFiles::Open and ReadAppKey.
  static absl::StatusOr<std::unique_ptr<CallerAccess>> Open(
      const Config& config, Metrics* metrics);

  // Reads the keys of issued tokens. Call it once, when no other server can
  // replace the files in the data directory. Errors: those of TokenKeys::Load.
  absl::Status LoadKeys() { return token_keys_.Load(); }

  // Reads hashes again that may have changed. Returns when to call it again.
  absl::Time RunOnce(const Moment& now) { return token_files_->RunOnce(now); }

  // Valid as long as this object.
  Authorizer* authorizer() { return &*authorizer_; }
  TokenKeys* token_keys() { return &token_keys_; }

 private:
  explicit CallerAccess(std::string keys_path)
      : token_keys_(std::move(keys_path)) {}

  TokenKeys token_keys_;
  std::optional<Authorizer> authorizer_;
  std::optional<TokenFiles> token_files_;  // Last: it calls the authorizer.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CALLER_ACCESS_H_
