#ifndef SIGNALBOX_REST_CALLER_STREAMS_H_
#define SIGNALBOX_REST_CALLER_STREAMS_H_

#include <cstddef>
#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "common/rpc/shared_stream.h"
#include "common/secret.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// A stream to the server for each caller that reports often, because a report
// over a stream costs much less than a call of its own. The server learns who
// the caller is when a stream begins, and ends the stream with the caller's
// token.
//
// Thread-safe.
class CallerStreams {
 public:
  // All streams share a connection with other calls, and it takes about 100 at
  // a time.
  static constexpr size_t kMost = 16;

  // Borrows `server`.
  explicit CallerStreams(v1::StatusService::StubInterface& server)
      : server_(server) {}

  // The stream of the caller with this header Authorization, which may be
  // empty. Null: there is none.
  std::shared_ptr<SharedStream> Find(const Secret& authorization);

  // Makes a stream for a caller whose report the server has just taken in a
  // call of its own, and drops the one that was not used for the longest time
  // if there are too many. So a stranger cannot end the streams of callers.
  void Add(const Secret& authorization);

 private:
  struct Entry {
    Secret authorization;
    std::shared_ptr<SharedStream> stream;
  };

  std::list<Entry>::iterator Position(const Secret& authorization)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  v1::StatusService::StubInterface& server_;
  Mutex mu_;
  // The last used comes first.
  std::list<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_CALLER_STREAMS_H_
