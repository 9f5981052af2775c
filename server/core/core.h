#ifndef SIGNALBOX_SERVER_CORE_CORE_H_
#define SIGNALBOX_SERVER_CORE_CORE_H_

#include <functional>
#include <memory>
#include <optional>
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
#include "server/github/github_limits.h"
#include "server/github/questions.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/outbox/held_term.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/intake.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "server/poster/posting_metrics.h"
#include "server/report/event.h"
#include "server/report/status_creator.h"
#include "server/term/term_keeper.h"

namespace signalbox {

// Core builds and connects the parts that bring an accepted report to GitHub:
// the outbox, intake, housekeeper, poster and questions, and the gate for all
// requests to GitHub. The server and the simulation both use it, so that what
// the simulation proves holds for the server's wiring, too.
//
// It has no threads. The server runs the parts with CoreThreads; the simulation
// and the benchmarks call them on one thread.
//
// As thread-safe as its parts.
class Core {
 public:
  struct Options {
    // Core itself sets `credential_of`, `on_abandoned` and `on_damaged_row`.
    // The poster gets the same limits.
    SqliteOutboxOptions outbox{kGitHubLimits};
    absl::Duration retention = Housekeeper::Options().retention;
    // How fast a credential may post; see RateLimiter.
    std::function<PaceOptions(absl::string_view credential)> pace_of;
    // The User-Agent of all requests, which GitHub demands. The store's term
    // also names it as the holder, for people.
    std::string user_agent = "signalbox";
    // Identifies this process as the owner of a term (terms.h). Empty: a random
    // name. Tests set it to repeat a run.
    std::string owner;
  };

  // Opens the outbox and builds the other parts. All pointers are borrowed.
  //
  // Do not use `credentials` before this returns: it passes to them what a
  // former process stored. Before the core is destroyed, `transport` must have
  // answered everything or be destroyed. Errors: those of OpenSqliteOutbox.
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

  // The term that this process has, for the parts that work only in a term.
  HeldTerm* held_term() { return &held_term_; }

  // Calls Poster::RunOnce, after it has claimed the term if this process may.
  // Returns when to call it again. Only one thread at a time may call it.
  absl::Time Post();
  // Ends this process's term, so that another process can claim at once. Call
  // it at the end: Post must not run again.
  void GiveBackTerm();

  // The user that GitHub shows as the creator of the statuses that this server
  // posts to the repository. Nothing: the server has not learnt it yet, or has
  // no credential. Thread-safe; does not block.
  std::optional<StatusCreator> CreatorOf(const Repository& repository) const;

  // Counts the statuses that are not posted, and shows that in the metrics.
  // Returns when to call it again. Only one thread at a time may call it.
  absl::Time ShowPostings();

  // Each asks for a call of the part's RunOnce (Post, for the poster).
  struct WakeUps {
    WakeUp intake;
    WakeUp poster;
    WakeUp housekeeper;
    WakeUp questions;  // Wakes recovery's thread, which calls Questions.
  };
  WakeUps& wake_ups() { return wake_ups_; }

  // Call it after Acceptance::AcceptEvent stored an event: the credentials and
  // the poster then look at what it changed.
  void NoteEvent(const Event& event);
  // Call it when a credential has another token, or works again: the poster
  // then tries its entries.
  void NoteCredentialChanged(const std::string& credential_id);

 private:
  Core(Options options, std::unique_ptr<Outbox> outbox,
       Credentials* credentials, HttpTransport* transport, Metrics* metrics,
       Clock* clock);

  // Claims the term if this process has none and may have it. Returns when to
  // call it again.
  absl::Time KeepTerm();
  // The process has this term now, or none (epoch 0).
  void SetTerm(const Term& term);
  // If the poster or another part has heard that the term is over, ends it for
  // all. Returns whether it did.
  bool DropLostTerm();

  Credentials* const credentials_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::string owner_;
  const std::string holder_;
  WakeUps wake_ups_;
  HeldTerm held_term_{&wake_ups_.poster};
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
