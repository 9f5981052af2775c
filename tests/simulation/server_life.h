#ifndef SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
#define SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/http_transport.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/intake.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"

namespace signalbox {

// One life of the server's process: the real outbox and everything that works
// on it, without threads.
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

  // All are borrowed. Returns an error if the server would not start.
  static absl::StatusOr<std::unique_ptr<ServerLife>> Begin(
      const Options& options, HttpTransport* transport, Clock* clock);
  ~ServerLife();

  void Submit(Submission submission, Intake::Done done) {
    intake_->Submit(std::move(submission), std::move(done));
  }
  Outbox& outbox() { return *outbox_; }
  // Something has become due by itself.
  void Wake() { woken_ = true; }

  // Lets every part work once. Returns when they next want to work, by the wall
  // clock; InfinitePast: at once.
  absl::Time RunOnce();
  // Like RunOnce, but only the part that commits.
  void RunIntake() { intake_->RunOnce(); }

  // The store has failed, and the process must end.
  bool has_failed() const { return failed_; }
  // When the poster wants to work again.
  absl::Time next_posting() const { return next_posting_; }
  // Nothing is under way at GitHub, and nothing will be without an event from
  // outside.
  bool is_idle() const { return idle_ && !woken_; }

 private:
  ServerLife() = default;

  Metrics metrics_;
  RateLimiter limiter_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<GitHubClient> github_;
  std::unique_ptr<RequestGate> gate_;
  std::unique_ptr<Poster> poster_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<Intake> intake_;
  Clock* clock_ = nullptr;
  bool woken_ = false;
  bool failed_ = false;
  bool idle_ = false;
  absl::Time next_posting_ = absl::InfinitePast();
  absl::Time housekeeping_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SERVER_LIFE_H_
