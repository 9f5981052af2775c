#ifndef SIGNALBOX_SERVER_CORE_CORE_H_
#define SIGNALBOX_SERVER_CORE_CORE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/core/credential_upkeep.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/questions.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/intake.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "server/poster/posting_metrics.h"
#include "server/report/event.h"
#include "server/term/term_keeper.h"

namespace signalbox {

// Core builds and connects the parts between an accepted report and GitHub: the
// outbox, the parts that work on it, and the gate for all requests. It has no
// threads. The server runs the parts with CoreThreads; the simulation and the
// benchmarks call them on one thread.
//
// As thread-safe as its parts.
class Core {
 public:
  struct Options {
    // Core itself sets `credential_of` and `on_damaged_row`.
    SqliteOutboxOptions outbox;
    absl::Duration retention = Housekeeper::Options().retention;
    // As for RateLimiter.
    std::function<PaceOptions(absl::string_view credential)> pace_of;
    // Identifies Signalbox, as GitHub demands.
    std::string user_agent = "signalbox";
    // Names this process in the store's term. Empty: a random name.
    std::string owner;
  };

  // All pointers are borrowed. Nothing may use the credentials before: they
  // learn from the outbox what a former process knew. The transport must have
  // ended, or answered everything, before the core is destroyed. Errors: those
  // of OpenSqliteOutbox.
  static absl::StatusOr<std::unique_ptr<Core>> Open(Options options,
                                                    Credentials* credentials,
                                                    HttpTransport* transport,
                                                    Metrics* metrics,
                                                    Clock* clock);

  Outbox* outbox() { return outbox_.get(); }
  RequestGate* gate() { return &gate_; }
  Poster* poster() { return &poster_; }
  Housekeeper* housekeeper() { return &housekeeper_; }
  Intake* intake() { return &intake_; }
  Questions* questions() { return &questions_; }
  CredentialUpkeep* credential_upkeep() { return &credential_upkeep_; }

  // Claims the term if this process may, and runs the poster. Returns when to
  // call it again. Not for two threads at once.
  absl::Time Post();
  // Ends the term, so that another process can post at once. Post must not run
  // again.
  void GiveBackTerm();

  // Updates the metrics of posting, and returns when to call it again. Not for
  // two threads at once.
  absl::Time ShowPostings();

  // Each asks for a call of RunOnce.
  struct WakeUps {
    WakeUp intake;
    WakeUp poster;
    WakeUp housekeeper;  // For tests, whose clock runs faster.
    WakeUp questions;    // Of recovery, too, which calls them.
  };
  WakeUps& wake_ups() { return wake_ups_; }

  // An event was stored.
  void NoteEvent(const Event& event);
  // Credentials::Get may answer differently for this credential now.
  void NoteCredentialChanged(const std::string& credential_id);

 private:
  Core(Options options, std::unique_ptr<Outbox> outbox,
       Credentials* credentials, HttpTransport* transport, Metrics* metrics,
       Clock* clock);

  // Returns when to call it again.
  absl::Time KeepTerm();

  Credentials* const credentials_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::string owner_;
  const std::string holder_;
  WakeUps wake_ups_;
  const std::unique_ptr<Outbox> outbox_;
  GitHubClient github_;
  RateLimiter limiter_;
  RequestGate gate_;
  TermKeeper term_keeper_;
  Poster poster_;
  Housekeeper housekeeper_;
  Intake intake_;
  Questions questions_;
  CredentialUpkeep credential_upkeep_;
  PostingMetrics posting_metrics_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CORE_CORE_H_
