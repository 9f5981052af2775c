#ifndef SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_
#define SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_

#include <map>
#include <memory>

#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/base/metrics.h"
#include "server/outbox/intake.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/convert.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The calls of StreamReports. Each report is authorised, submitted and judged
// as by the unary call, in the order of arrival, and answered once it is on
// disk.
//
// A report counts as unanswered until its answer has been sent. A stream reads
// only while it has fewer than `max_unanswered` such reports, and fewer than
// `max_unanswered_bytes` in them. So a client that does not read its answers is
// stopped, and costs no more memory than that. If Intake is full, a stream
// waits until one of its own reports is answered, and submits again. If it has
// no report there, it answers UNAVAILABLE.
//
// A client that disconnects loses its answers, but not its reports.
//
// Thread-safe. Must outlive the gRPC server that its reactors were given to.
class ReportStreams {
 public:
  struct Options {
    size_t max_unanswered = 4096;
    size_t max_unanswered_bytes = 4 << 20;
  };

  // All pointers are borrowed. `ends` counts how calls end.
  ReportStreams(Options options, const ConvertOptions* convert, Intake* intake,
                Metrics* metrics, CodeCounters* ends)
      : options_(options),
        convert_(convert),
        intake_(intake),
        answers_(metrics, "signalbox_streamed_reports_total",
                 "Reports of streams that the server answered, by code."),
        ends_(ends) {}
  ~ReportStreams();

  using Reactor = grpc::ServerBidiReactor<v1::StreamReportsRequest,
                                          v1::StreamReportsResponse>;

  // Begins a stream, which deletes itself. `caller` is the authenticated
  // caller; an error ends the stream with that error.
  Reactor* Open(grpc::CallbackServerContext* context,
                const absl::StatusOr<const Caller*>& caller);

  // Ends every stream with UNAVAILABLE, reason SHUTTING_DOWN, once its
  // submitted reports are answered. Streams that are opened later end at once.
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
