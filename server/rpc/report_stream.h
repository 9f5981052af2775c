#ifndef SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_
#define SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_

#include <map>
#include <memory>

#include "absl/status/status.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/outbox/intake.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/convert.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The calls of StreamReports. Each report is judged, authorised and submitted
// as the unary call would be, in the order of arrival, and answered once it is
// durable.
//
// A stream is read only while fewer than `max_unanswered` of its reports, and
// `max_unanswered_bytes` of them, are without an answer that went out. So a
// client that does not read its answers is held, and costs no more memory than
// that. When Intake is full, a stream waits for its own reports and tries
// again; only one that has none there answers UNAVAILABLE.
//
// A client that goes away loses its answers, never what it reported.
//
// Thread-safe. Must outlive the gRPC server that its reactors were given to.
class ReportStreams {
 public:
  struct Options {
    size_t max_unanswered = 4096;
    size_t max_unanswered_bytes = 4 << 20;
  };

  // All are borrowed. `ends` counts how calls end.
  ReportStreams(Options options, const ConvertOptions* convert, Intake* intake,
                Metrics* metrics, CodeCounters* ends);
  ~ReportStreams();

  using Reactor = grpc::ServerBidiReactor<v1::StreamReportsRequest,
                                          v1::StreamReportsResponse>;

  // Begins a stream, which deletes itself. `caller` is who was authenticated;
  // an error ends the stream with it.
  Reactor* Open(grpc::CallbackServerContext* context,
                const absl::StatusOr<const Caller*>& caller);

  // Ends all streams with UNAVAILABLE, reason SHUTTING_DOWN, once what they
  // have submitted is answered, and those that are opened later at once.
  void Close();

 private:
  class Stream;

  void Forget(const Stream* stream);

  const Options options_;
  const ConvertOptions* const convert_;
  Intake* const intake_;
  CodeCounters answers_;
  CodeCounters* const ends_;

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::map<const Stream*, std::weak_ptr<Stream>> open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_
