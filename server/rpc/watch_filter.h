#ifndef SIGNALBOX_SERVER_RPC_WATCH_FILTER_H_
#define SIGNALBOX_SERVER_RPC_WATCH_FILTER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/status_view.h"
#include "server/rpc/authorizer.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// WatchFilter decides which changes a watcher wants and may see. Pure and
// immutable.
class WatchFilter {
 public:
  // INVALID_ARGUMENT: INVALID_PATTERN, TOO_MANY_PATTERNS, INVALID_STATE,
  // INVALID_SEQUENCE. PERMISSION_DENIED, reason NOT_GRANTED: `caller` may not
  // read, or may not read a repository that the request names without a `*`.
  // Patterns with a `*` match only what the caller may read.
  static absl::StatusOr<WatchFilter> Of(const v1::WatchStatusesRequest& request,
                                        const Caller* caller);

  // A change is wanted if both are true. The first depends only on the
  // repository's name.
  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

 private:
  const Caller* caller_ = nullptr;  // Borrowed.
  std::vector<std::string> repositories_;
  std::vector<std::string> contexts_;
  std::set<CommitState> states_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_FILTER_H_
