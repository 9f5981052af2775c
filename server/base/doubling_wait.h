#ifndef SIGNALBOX_SERVER_BASE_DOUBLING_WAIT_H_
#define SIGNALBOX_SERVER_BASE_DOUBLING_WAIT_H_

#include <algorithm>

#include "absl/time/time.h"

namespace signalbox {

// How long to wait before the next try, after this number of failures in a row:
// `first` after one failure, twice as long after each further one, at most
// `most`. Pure.
inline absl::Duration DoublingWait(absl::Duration first, absl::Duration most,
                                   int failures) {
  absl::Duration wait = first;
  for (int i = 1; i < failures && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_DOUBLING_WAIT_H_
