#ifndef SIGNALBOX_SERVER_OUTBOX_TERMS_H_
#define SIGNALBOX_SERVER_OUTBOX_TERMS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// One stretch of time in which one server posts.
struct Term {
  // Two terms of a store never have the same epoch. 0: no term.
  int64_t epoch = 0;

  friend bool operator==(const Term&, const Term&) = default;
};

// The reason of the error of a call in a term that has ended.
inline constexpr absl::string_view kTermOver = "TERM_OVER";

// The newest term, as a look at the store found it.
struct TermLook {
  // Rises with each claim and with each end of a term that the store knows of.
  int64_t epoch = 0;
  // The random id of the process that has the term. Empty: no process has it.
  std::string owner;
  // Counts the holder's signs of life in this term.
  int64_t beat = 0;
  // When a holder last claimed or beat, by the wall clock of its server. For
  // people and for long waits: it does not decide which process has the term.
  absl::Time beat_time;
  std::string holder;  // For people: which server that is.
};

// Decides which one of several servers takes out what is to be posted.
//
// A term is short, because it guards nothing at GitHub. The store checks the
// term whenever a server takes entries out (PostQueue::Turn), and each entry in
// flight has a lease of its own. If a server takes over without need, this
// costs some requests and causes no wrong status.
//
// A server without a term looks several times a second. It claims a term that
// no process has, or whose holder has not beaten for some time. It measures
// that time with its own steady clock: the clocks of two servers, or of a
// server and the store, are never compared. TermKeeper has these rules.
//
// Where only one process at a time can have the store open, opening it ends the
// term of the process before, and the first claim succeeds.
//
// Every method but Look is one transaction. OK means that the change is
// durable; outbox.h lists the errors.
//
// Thread-safe.
class Terms {
 public:
  virtual ~Terms() = default;

  // Waits for no writer.
  virtual absl::StatusOr<TermLook> Look() = 0;

  // Begins the next term, for the process `owner`, which must not be empty. The
  // former holder takes no more entries out from then on.
  //
  // ABORTED, reason TERM_CHANGED: since `seen`, the holder has beaten, or
  // another process has claimed. Look again. After UNAVAILABLE the claim may
  // have succeeded: a look then shows `owner`, which can claim again.
  virtual absl::StatusOr<Term> Claim(const TermLook& seen,
                                     const std::string& owner,
                                     const std::string& holder,
                                     absl::Time now) = 0;

  // The holder's sign of life. FAILED_PRECONDITION, reason TERM_OVER: the term
  // has ended, and the holder must begin no more requests.
  virtual absl::Status Beat(const Term& term, absl::Time now) = 0;

  // Ends the term, so that another server can claim at once. OK, too, if it has
  // ended before.
  virtual absl::Status GiveBack(const Term& term) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_TERMS_H_
