#ifndef SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_
#define SIGNALBOX_SERVER_RPC_REPORT_STREAM_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/base/metrics.h"
#include "server/outbox/intake.h"
#include "server/report/status_creator.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/convert.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// ReportStreams runs all calls of the RPC StreamReports, by which a farm or the
// shim sends many reports over one stream. A stream treats a report as the
// unary call does: it checks the caller's rights, gives the report to Intake,
// and answers when the report is on disk. It submits reports in the order in
// which they arrive. An error of one report is the answer to that report, and
// the stream goes on.
//
// The memory for one stream is limited. A report counts as unanswered until its
// answer has been sent. At `max_unanswered` unanswered reports, or at
// `max_unanswered_bytes` of them, the stream stops reading. So it also stops
// for a client that does not read its answers.
//
// If Intake is full, the stream waits until Intake has answered one of the
// stream's own reports, and submits again. If Intake has none of them, the
// stream answers the report with UNAVAILABLE.
//
// If a client disconnects, its answers are lost, but the server still stores
// the reports that it has submitted.
//
// Thread-safe. Must outlive the gRPC server that runs the streams.
class ReportStreams {
 public:
  struct Options {
    size_t max_unanswered = 4096;
    size_t max_unanswered_bytes = 4 << 20;  // Of the requests.
    // Who sets the statuses of a repository; nothing: not known yet. Empty: it
    // is never known.
    std::function<std::optional<StatusCreator>(const Repository&)> creator_of;
  };

  // All pointers are borrowed. `ends` counts the ended calls by their codes.
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

  // Begins one call of StreamReports. Give the result to gRPC; it deletes
  // itself when the call has ended. `identity` is the result of
  // Authorizer::Admit; if it is an error, the stream ends with it. So it does
  // with an error of `recheck`, which it asks before each report.
  Reactor* Open(grpc::CallbackServerContext* context,
                const absl::StatusOr<Identity>& identity,
                std::function<absl::Status()> recheck);

  // Call it when the server stops. Every stream reads no more, answers the
  // reports that it has submitted, and ends with UNAVAILABLE, reason
  // SHUTTING_DOWN. Streams that are opened later end at once.
  void Close();

 private:
  class Stream;

  // Removes an ended stream from `open_`.
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
