#ifndef SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
#define SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/core/core.h"
#include "server/github/credentials.h"
#include "server/github/rate_limiter.h"
#include "server/outbox/intake.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_outbox.h"

namespace signalbox {

// One life of the server's process: the server's core, without threads.
//
// To end the process without warning, cut it from the disk and the network,
// then destroy it.
class ServerLife {
 public:
  // The address of GitHub's API, and the name of the one credential.
  static constexpr char kApiUrl[] = "https://api.github.com";
  static constexpr char kCredential[] = "github.com/*";

  struct Options {
    std::string data_dir;
    PaceOptions pace;
    absl::Duration pending_settle = absl::Milliseconds(300);
    int readers = SqliteOutboxOptions().readers;
  };

  static std::unique_ptr<Credentials> MakeCredentials();

  // All are borrowed. Returns an error if the server would not start.
  static absl::StatusOr<std::unique_ptr<ServerLife>> Begin(
      const Options& options, HttpTransport* transport, Clock* clock);

  void Submit(Submission submission, Intake::Done done) {
    core_->intake()->Submit(std::move(submission), std::move(done));
  }
  Outbox& outbox() { return *core_->outbox(); }
  // Something has become due by itself.
  void Wake() { core_->wake_ups().poster.Wake(); }

  // Lets every part work once. Returns when they next want to work, by the wall
  // clock; InfinitePast: at once.
  absl::Time RunOnce();
  // Like RunOnce, but only the part that commits.
  void RunIntake() { core_->intake()->RunOnce(); }

  // The poster gets no turns until it goes on, as if its process had stopped.
  // Intake and housekeeper go on, and then belong to the other process.
  void StopPosting() { posting_is_stopped_ = true; }
  void GoOnPosting() {
    posting_is_stopped_ = false;
    Wake();
  }

  // The store has failed, and the process must end.
  bool has_failed() const { return failed_; }
  // When the poster wants to work again.
  absl::Time next_posting() const { return next_posting_; }
  // Nothing is under way at GitHub, and nothing will be without an event from
  // outside.
  bool is_idle() const { return idle_ && !IsWoken(); }

 private:
  ServerLife() = default;

  bool IsWoken() const {
    const Core::WakeUps& wake_ups = core_->wake_ups();
    return wake_ups.intake.is_requested() ||
           (wake_ups.poster.is_requested() && !posting_is_stopped_);
  }

  Metrics metrics_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Core> core_;
  Clock* clock_ = nullptr;
  bool failed_ = false;
  bool idle_ = false;
  bool posting_is_stopped_ = false;
  absl::Time next_posting_ = absl::InfinitePast();
  absl::Time housekeeping_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
