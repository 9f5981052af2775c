#ifndef SIGNALBOX_SERVER_RECOVERY_STORE_RETRY_H_
#define SIGNALBOX_SERVER_RECOVERY_STORE_RETRY_H_

#include "absl/time/time.h"

namespace signalbox {

// How long recovery waits after the store failed before it uses it again.
inline constexpr absl::Duration kStoreRetry = absl::Seconds(5);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_STORE_RETRY_H_
