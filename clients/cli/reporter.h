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

// How long to wait before the pending that was answered so is repeated: half of
// the time left until the first of its contexts expires, at most 30 min, and
// at least 10 s. `now` is compared with the server's clock: while the two
// differ by less than the whole expiry, the repeat is in time.
absl::Duration RenewAfter(const v1::ReportPendingResponse& answer,
                          absl::Time now);

// Reporter tells the server of a run that is under way, in a thread of its
// own: the pending, repeated until the server has it and then from time to time
// so that it does not expire, and at last the result.
//
// The calls are made one after the other, so that the result of an unnumbered
// run is never overtaken by its pending.
//
// Thread-safe.
class Reporter {
 public:
  // How long to wait before an acknowledged pending is repeated.
  using RenewalRule =
      std::function<absl::Duration(const v1::ReportPendingResponse& answer)>;

  // Without a `pending` only the result is reported. An acknowledged pending is
  // repeated after what `renew_after` says, shortened at random by up to a
  // fifth. `renew_after` and `refused` are called in the thread; `refused` at
  // most once, if the server says no to the pending, which is then not
  // repeated.
  Reporter(Client client, std::optional<v1::ReportPendingRequest> pending,
           RenewalRule renew_after,
           std::function<void(const absl::Status&)> refused);

  // Gives up, and waits for the call under way to end.
  ~Reporter();

  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // Ends the pendings, and begins to report the result with this patience. At
  // most once.
  void Finish(v1::ReportResultRequest result, absl::Duration retry_for);

  // No call is begun any more; the one under way may end.
  void GiveUp();

  // Readable once the result was reported, or given up.
  int done_fd() const { return done_fd_; }

  // Waits for that, and says how it ended. CANCELLED: no call was begun. At
  // most once, after Finish.
  absl::StatusOr<v1::ReportResultResponse> Wait();

 private:
  void ReportAll();
  void ReportPendings();

  // Waits. False: it was woken early, because `must_end` became true.
  bool Pause(absl::Duration duration, const std::function<bool()>& must_end);
  // To be called with `mu_` held.
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
