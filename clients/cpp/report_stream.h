#ifndef SIGNALBOX_CLIENTS_CPP_REPORT_STREAM_H_
#define SIGNALBOX_CLIENTS_CPP_REPORT_STREAM_H_

#include <cstddef>
#include <future>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cpp/client.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// ReportStream reports a lot in a short time: many reports are under way at
// once over one stream, which costs much less than a call for each.
//
//   ReportStream reports(client);
//   auto pending = reports.ReportPending(request);
//   auto result = reports.ReportResult(other);
//   if (const auto receipts = pending.get(); !receipts.ok()) ...
//
// What a caller may rely on:
// - An OK is an OK of the server: the report is on its disk.
// - Reports of one commit reach the server in the order of these calls: each is
//   sent after the answer to the one before it. Reports of different commits
//   overtake each other.
// - When the stream ends without having answered a report, or when the server
//   asks to send a report later, the report is sent again by the rules of
//   Client. That is always safe: no later report of the commit was sent yet.
// - A report that the server wants later waits alone. It fails if such answers
//   come for `retry_for`.
// - `retry_for` begins anew with each answer. When it is over, every report
//   that is not answered ends with the error of the last try. Reports that are
//   added later are tried anew.
// - A report with an error does not disturb the others.
//
// Thread-safe.
class ReportStream {
 public:
  // What became of each context of the report; or the error, as a call of
  // Client would have returned it.
  using Answer = absl::StatusOr<std::vector<v1::Receipt>>;

  // A larger report, its tag included, ends with RESOURCE_EXHAUSTED, and is not
  // sent: the server would end the stream.
  static constexpr size_t kLargestReport = 256 << 10;

  // Opens the stream at the first report. `max_in_flight`: so many reports may
  // wait for their answers; at least 1.
  explicit ReportStream(Client client, size_t max_in_flight = 1000);
  // Closes the stream.
  ~ReportStream();

  ReportStream(const ReportStream&) = delete;
  ReportStream& operator=(const ReportStream&) = delete;

  // These add a report, and return at once unless `max_in_flight` reports wait:
  // then they block until one is answered. The answer never has a broken
  // promise. INVALID_ARGUMENT: a text of the report is not UTF-8, or the stream
  // is closed.
  std::future<Answer> ReportPending(v1::ReportPendingRequest request);
  std::future<Answer> ReportResult(v1::ReportResultRequest request);

  // Waits until every report is answered, or until `retry_for` is over, and
  // ends the stream. To be called once or more often.
  void Close();

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_REPORT_STREAM_H_
