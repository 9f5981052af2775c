#ifndef SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
#define SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/core/core.h"
#include "server/github/credentials.h"
#include "server/github/github_limits.h"
#include "server/github/rate_limiter.h"
#include "server/outbox/intake.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/outbox/terms.h"
#include "server/recovery/recovery.h"

namespace signalbox {

// The server's core (outbox, poster, GitHub client) and recovery from one start
// to the next crash, without threads. The simulation and the explorer call it
// step by step on one thread. To end it like a crash, cut it from disk and
// network, then destroy it.
//
// Not thread-safe.
class ServerLife {
 public:
  // The address of GitHub's API, and the one credential, which posts for all
  // repositories.
  static constexpr char kApiUrl[] = "https://api.github.com";
  static constexpr char kCredential[] = "github.com/*";

  struct Options {
    std::string data_dir;
    PaceOptions pace;
    absl::Duration pending_settle = absl::Milliseconds(300);
    int readers = SqliteOutboxOptions(kGitHubLimits).readers;
    // Recovery of missed webhooks; nothing: there is none.
    std::optional<RecoveryOptions> recovery;
  };

  // Makes that credential.
  static std::unique_ptr<Credentials> MakeCredentials();

  // Starts the server. All are borrowed. Returns the error with which a real
  // server would not start.
  static absl::StatusOr<std::unique_ptr<ServerLife>> Begin(
      const Options& options, HttpTransport* transport, Clock* clock);

  // A caller's report. `done` runs in RunOnce or RunIntake, once the report is
  // durable.
  void Submit(Submission submission, Intake::Done done) {
    core_->intake()->Submit(std::move(submission), std::move(done));
  }
  Outbox& outbox() { return *core_->outbox(); }
  // Tells the poster that something has become due.
  void Wake() { core_->wake_ups().poster.Wake(); }

  // Lets every part that wants to run do all that it can do now. Returns when a
  // part next wants to run, by the wall clock; InfinitePast: at once.
  absl::Time RunOnce();
  // Lets only the part run that stores reports.
  void RunIntake() { core_->intake()->RunOnce(); }

  // The term that the process has, or believes to have.
  Term term() const { return core_->held_term()->Get(); }
  // Stops poster, housekeeper and recovery, as if their process had stopped,
  // until GoOnWorking. Intake goes on: it stands for another process meanwhile.
  void StopWorking() { work_is_stopped_ = true; }
  void GoOnWorking() {
    work_is_stopped_ = false;
    Wake();
  }

  // The store has failed, so the process must end.
  bool has_failed() const { return failed_; }
  // When the poster next wants to run.
  absl::Time next_posting() const { return posting_.time(); }
  // No request to GitHub is under way, and no part wants to run before
  // something happens outside.
  bool is_idle() const { return idle_ && !IsWoken(); }

 private:
  // When a part is to run if nothing wakes it. As in Worker, it runs at its
  // time by the wall clock or by the steady one: the wall clock can be set
  // back.
  class Timer {
   public:
    // The time by the wall clock.
    absl::Time time() const { return time_; }
    void Set(absl::Time time, const Moment& now) {
      time_ = time;
      deadline_ = now.SteadyAt(time);
    }
    bool HasCome(const Moment& now) const { return WallAt(now) <= now.wall; }
    absl::Time WallAt(const Moment& now) const {
      return std::min(time_, now.WallAt(deadline_));
    }

   private:
    absl::Time time_ = absl::InfinitePast();
    SteadyTime deadline_;
  };

  ServerLife() = default;

  // Lets the parts run that work only in a term. Returns when one of them next
  // wants to run.
  absl::Time Work();
  bool IsWoken() const {
    const Core::WakeUps& wake_ups = core_->wake_ups();
    return wake_ups.intake.is_requested() ||
           (wake_ups.poster.is_requested() && !work_is_stopped_) ||
           (recovery_ != nullptr && wake_ups.questions.is_requested() &&
            !work_is_stopped_);
  }

  Metrics metrics_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<Recovery> recovery_;
  Clock* clock_ = nullptr;
  bool failed_ = false;
  bool idle_ = false;
  bool work_is_stopped_ = false;
  Timer posting_;
  Timer housekeeping_;
  Timer recovering_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
