#ifndef SIGNALBOX_COMMON_RPC_SHARED_STREAM_H_
#define SIGNALBOX_COMMON_RPC_SHARED_STREAM_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// SharedStream sends the reports of many threads to the server over one stream
// of the RPC StreamReports, which costs much less than a unary call for each.
//
// A stream is no promise: it ends with its connection, which the server closes
// about every half hour, and when the server stops. It can even end because the
// server cannot read one of its messages. Then Send returns nothing, and the
// caller makes a unary call instead, which gRPC repeats by its retry policy. So
// a report that ends streams fails alone, and the other reports get through.
//
// Send opens the stream, and opens another after the former has ended. The
// server learns who the caller is when a stream begins. If a stream ends
// without having answered anything, because the server is away, too old, or
// does not know the caller, Send opens none for a second.
//
// Thread-safe.
class SharedStream {
 public:
  // A larger report goes into a unary call: a message over the server's limit
  // (256 KiB) would end the stream for all.
  static constexpr size_t kLargestReport = 64 << 10;

  // Borrows `server`. `authorization`: the value of the metadata of this name,
  // such as `Bearer TOKEN`; empty: the stream has none.
  SharedStream(v1::StatusService::StubInterface& server, Secret authorization)
      : server_(server), authorization_(std::move(authorization)) {}
  // Ends the stream. No thread may be in Send.
  ~SharedStream();

  SharedStream(const SharedStream&) = delete;
  SharedStream& operator=(const SharedStream&) = delete;

  // Sends `report`, whose tag it sets, and waits for the server's answer. The
  // answer says OK only if the server said so. Do not change `report` any more:
  // gRPC may still read it after the deadline.
  //
  // At `deadline` the answer is DEADLINE_EXCEEDED; a later one of the server is
  // dropped. Nothing: no stream can answer the report. Make the unary call,
  // which is safe if it is safe to repeat: the server may have taken the
  // report.
  std::optional<v1::StreamReportsResponse> Send(
      std::shared_ptr<v1::StreamReportsRequest> report,
      std::chrono::steady_clock::time_point deadline);

 private:
  class Stream;

  // The stream for a report now. Null: there is none, and it is too early to
  // open one.
  std::shared_ptr<Stream> Find();

  v1::StatusService::StubInterface& server_;
  const Secret authorization_;
  std::atomic<int64_t> last_tag_ = 0;

  Mutex mu_;
  std::shared_ptr<Stream> stream_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_SHARED_STREAM_H_
