#ifndef SIGNALBOX_CLIENTS_CLI_REPORTER_H_
#define SIGNALBOX_CLIENTS_CLI_REPORTER_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/client.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// A pending expires if the client does not repeat it. This is the time to wait
// before it is repeated: half of the time from `now` until its first context
// expires, but at least 10 s and at most 30 min. `answer` is the server's
// answer to the pending, and has the times of the server's clock. If the clocks
// differ by less than the time until the expiry, the repeat is in time.
absl::Duration RenewAfter(const v1::ReportPendingResponse& answer,
                          absl::Time now);

// Reporter reports a run while `signalbox run` runs the command, in a thread of
// its own. It reports the pending until the server has it, repeats it from time
// to time so that it does not expire, and finally reports the result.
//
// It makes one call at a time. So the server never gets the pending of a run
// after the result.
//
// Thread-safe.
class Reporter {
 public:
  // How long to wait before a pending that the server has is repeated, such as
  // RenewAfter.
  using RenewalRule =
      std::function<absl::Duration(const v1::ReportPendingResponse& answer)>;

  // Begins to report `pending`. Nothing: reports only the result. The time that
  // `renew_after` returns is shortened at random by up to a fifth. If the
  // server refuses the pending, Reporter calls `refused` once and reports no
  // more pendings. It calls both functions in its own thread.
  Reporter(Client client, std::optional<v1::ReportPendingRequest> pending,
           RenewalRule renew_after,
           std::function<void(const absl::Status&)> refused);

  // Calls GiveUp, and waits for the call under way to end.
  ~Reporter();

  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // Call it when the command has ended, at most once. Reporter reports no more
  // pendings, and repeats `result` for up to `retry_for` until the server
  // answers. Returns at once.
  void Finish(v1::ReportResultRequest result, absl::Duration retry_for);

  // Makes Reporter begin no more calls. The call under way may go on.
  void GiveUp();

  // A descriptor that becomes readable when Reporter has reported the result or
  // given up.
  int done_fd() const { return done_fd_; }

  // Waits until Reporter has reported the result or given up, and returns the
  // server's answer or the error. CANCELLED: Reporter gave up before it began
  // to report the result. Call it at most once, after Finish or GiveUp.
  absl::StatusOr<v1::ReportResultResponse> Wait();

 private:
  // What the thread does.
  void ReportAll();
  void ReportPendings();

  // Waits for `duration`. False: `must_end` became true before.
  bool Pause(absl::Duration duration, const std::function<bool()>& must_end);
  // Call it with `mu_` held.
  bool PendingsMustEnd() const { return result_.has_value() || given_up_; }

  const Client client_;
  const std::optional<v1::ReportPendingRequest> pending_;
  const RenewalRule renew_after_;
  const std::function<void(const absl::Status&)> refused_;
  const int done_fd_;

  // Written by the thread, read after it ended.
  absl::StatusOr<v1::ReportResultResponse> outcome_;

  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  std::optional<v1::ReportResultRequest> result_;
  absl::Time give_up_time_;
  bool given_up_ = false;

  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_REPORTER_H_
