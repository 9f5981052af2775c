#ifndef SIGNALBOX_SERVER_OUTBOX_TERMS_H_
#define SIGNALBOX_SERVER_OUTBOX_TERMS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Several servers can share one store, and only one of them may work at a time:
// post, find missed webhooks, expire pendings, delete what is old. A term is
// the stretch of time in which one server, its holder, works.
struct Term {
  // Its number, which is larger than those of all earlier terms of the store.
  // 0: no term.
  int64_t epoch = 0;

  friend bool operator==(const Term&, const Term&) = default;
};

// The reason of an error: the call was about a term that has ended.
inline constexpr absl::string_view kTermOver = "TERM_OVER";

// What the store knows about the newest term.
struct TermLook {
  // Rises with each claim, and when a holder gives its term back.
  int64_t epoch = 0;
  // The random id of the process that has the term. Empty: no process has it.
  std::string owner;
  // Counts the holder's beats (its signs of life) in this term.
  int64_t beat = 0;
  // When a holder last claimed or beat, by the wall clock of its server. For
  // people and for long waits: it does not decide which process has the term.
  absl::Time beat_time;
  std::string holder;  // For people: which server that is.
};

// Terms is the part of the outbox that lets one server at a time work.
//
// To *claim* the term is to become its holder. A server without the term looks
// several times a second. It claims if no process has the term, or if the
// holder has not beaten for some time. It measures that time with its own
// steady clock, and never compares the clocks of two machines. TermKeeper has
// these rules.
//
// A term can change hands quickly, because it does not protect the statuses at
// GitHub: each entry in flight has a lease of its own. If a server takes over
// without need, this costs some requests and causes no wrong status. What the
// term protects is the store, which checks it in each change that is the
// holder's work (each method with a `term`).
//
// Changes that any server makes have no term: it accepts reports and events, it
// stores what GitHub said of the posts that it had begun
// (PostQueue::Turn, Confess), and how long GitHub wants no requests (SetPause).
//
// If only one process at a time can open the store (SQLite), opening it ends
// the term of the process before, and the first claim succeeds.
//
// Every method but Look is one transaction. OK means that the change is
// durable; outbox.h lists the errors.
//
// Thread-safe.
class Terms {
 public:
  virtual ~Terms() = default;

  // Reads the newest term. Never waits for a transaction that writes.
  virtual absl::StatusOr<TermLook> Look() = 0;

  // Begins the next term, whose holder is the process `owner` (not empty).
  // `seen` is the result of the last Look, `holder` is for TermLook. The store
  // refuses the work of the former holder from then on.
  //
  // ABORTED, reason TERM_CHANGED: since `seen`, the holder has beaten, or
  // another process has claimed. Look again. After UNAVAILABLE the claim may
  // have succeeded: Look then shows `owner`, which can claim again.
  virtual absl::StatusOr<Term> Claim(const TermLook& seen,
                                     const std::string& owner,
                                     const std::string& holder,
                                     absl::Time now) = 0;

  // The holder's sign of life. FAILED_PRECONDITION, reason TERM_OVER: the term
  // has ended, and the caller must begin no more requests.
  virtual absl::Status Beat(const Term& term, absl::Time now) = 0;

  // Ends the term, so that another server can claim at once. Does nothing if
  // the term has ended before.
  virtual absl::Status GiveBack(const Term& term) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_TERMS_H_
