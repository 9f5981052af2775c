#ifndef SIGNALBOX_SERVER_WEB_HEALTH_H_
#define SIGNALBOX_SERVER_WEB_HEALTH_H_

#include <atomic>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "common/log.h"

namespace signalbox {

// Health knows whether the server accepts reports. The parts of the server
// report changes to it, and the page /readyz shows the result.
//
// Thread-safe.
class Health {
 public:
  // `on_failure` ends the process; see NoteFailure. It may be empty.
  explicit Health(std::function<void(absl::Status)> on_failure = nullptr)
      : on_failure_(std::move(on_failure)) {}

  // The server has started: it accepts reports.
  void NoteServing() { is_serving_ = true; }
  // The server begins to stop. False: it was stopping already.
  bool NoteStopping() { return !is_stopping_.exchange(true); }
  // The database has failed, so the process must end and recover. Writes an
  // error to the log and calls `on_failure`; only the first time.
  void NoteFailure(const absl::Status& failure) {
    if (has_failed_.exchange(true)) return;
    LogError("the database has failed", {{"error", failure.message()}});
    if (on_failure_) on_failure_(failure);
  }

  // OK while the server accepts reports. Else UNAVAILABLE; the message tells
  // people why.
  absl::Status Ready() const {
    if (has_failed_) return absl::UnavailableError("the database has failed");
    if (is_stopping_) return absl::UnavailableError("stopping");
    if (!is_serving_) return absl::UnavailableError("starting");
    return absl::OkStatus();
  }

 private:
  const std::function<void(absl::Status)> on_failure_;
  std::atomic<bool> is_serving_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_HEALTH_H_
