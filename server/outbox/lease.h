#ifndef SIGNALBOX_SERVER_OUTBOX_LEASE_H_
#define SIGNALBOX_SERVER_OUTBOX_LEASE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/credential_notes.h"
#include "server/outbox/history.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// What the poster and the outbox tell each other about one try: LeaseRequest
// ("give me an entry to post"), Lease (the entry that was taken out) and
// Settlement (how the try ended).

// The visible parts of a commit status at GitHub.
struct Shown {
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;

  friend bool operator==(const Shown&, const Shown&) = default;
};

// No correct due time is further away than this: the longest wait between tries
// is five minutes, and a lease is shorter. A later due time was written before
// the wall clock was set back.
inline constexpr absl::Duration kFarthestDue = absl::Minutes(6);

// An entry that was taken out for one try. Only the poster that took it out may
// post for the key, until it settles the lease or the lease is over.
struct Lease {
  int64_t entry_id = 0;  // The store's own number of the entry.
  int64_t version = 0;   // Counts the accepted reports of the key.
  int64_t sequence = 0;  // Of the report that is to be posted.
  Repository repository;
  int64_t repository_id = 0;  // GitHub's number; 0: not known.
  Sha sha;
  std::string context;
  // Who sent this report, for the log: the caller, and the id of its call. Both
  // may be empty (Submission).
  std::string caller;
  std::string request_id;
  // What GitHub is to show. The description is as stored: it may not fit GitHub
  // yet.
  Shown wanted;
  // The status that GitHub shows, set by this server or by another program.
  // Nothing: the server does not know, or GitHub shows none.
  std::optional<Shown> shown;
  int64_t posted_version = 0;  // The newest that GitHub acknowledged; 0: none.
  int try_count = 0;           // Tries at this version before this one.
  int refusal_count = 0;       // Those of them that GitHub certainly refused.
  absl::Time due_since;        // When this version first became due.
  // When the latest ambiguous try at the key began. Nothing: no try is
  // ambiguous.
  std::optional<absl::Time> ambiguous_since;
  // How many statuses GitHub has for the key, as far as the server knows.
  int status_count = 0;
  int64_t lease_epoch = 0;   // The term in which the entry was taken out.
  int64_t lease_number = 0;  // Counts the leases of the entry.
  // The repository is parked, and this try probes whether GitHub still refuses
  // its statuses.
  bool is_probe = false;
};

// How a try ended. The poster settles (ends) the lease with it. A field that
// names kinds belongs to these kinds only.
struct Settlement {
  enum class Kind {
    kPosted,  // GitHub now shows `shown`.
    kRetry,   // Try the entry again after `retry_in`.
    // GitHub refused for a reason that holds for the whole repository. This
    // parks the repository (see parking.h), and the entry waits for that to
    // end.
    kParked,
    kAbandoned,  // Do not try the entry again.
    // No request was made. The entry is due again after `retry_in`, or if that
    // is 0, when it was due before.
    kReturned,
    // A read found what GitHub shows: `shown`, or nothing for the key. No try
    // is ambiguous any more. The entry is due again at once.
    kRead,
  };
  int64_t entry_id = 0;  // The lease's.
  int64_t version = 0;   // The lease's.
  Kind kind = Kind::kPosted;
  std::optional<Shown> shown;  // kPosted, kRead.
  int64_t status_id = 0;       // kPosted, kRead: GitHub's number; 0: not known.
  // kRetry, kReturned: how long to wait, from the turn on. Not negative.
  absl::Duration retry_in;
  std::string reason;      // kRetry, kParked, kAbandoned: why (reasons.h).
  bool refused = false;    // kRetry, kAbandoned: GitHub refused the post.
  bool ambiguous = false;  // kRetry: GitHub may have accepted the post.
  bool reading = false;    // kRetry: the try was a read, not a post.
  // GitHub takes no more statuses for the key.
  bool full = false;
  // GitHub accepted the post, or refused only its content: it accepts posts to
  // the repository, which is no longer parked.
  bool writable = false;
  // The lease's. With kAbandoned, an entry that has a smaller count by now was
  // made due again during the try, and is not abandoned.
  int refusal_count = 0;
  // kPosted: who has set the status. Nothing: the outbox knows it already, or
  // GitHub did not say.
  std::optional<CredentialCreator> creator;
  // The try, for the history. Nothing: no request was made.
  std::optional<Try> attempted;
  // The lease's. Number 0: not given; the outbox then cannot tell this lease
  // from a later one of the same version.
  int64_t lease_epoch = 0;
  int64_t lease_number = 0;
};

// Which entry the poster wants to post next.
struct LeaseRequest {
  // Take only entries of repositories that this credential posts for.
  std::string credential;
  // True: take a pending; false: take a result.
  bool pendings = false;
  // The repositories take turns in the order of their canonical names. The
  // search begins with the first one after this name, and goes on at the
  // beginning after the last. Empty: begin at the beginning.
  CanonicalName after_repository;
  // For a request after the first of one PostQueue::Turn: begin after the
  // repository of the previous request's lease. If the previous request took
  // nothing, this one takes nothing either.
  bool continues = false;
  // First look for a parked repository whose probe is due, and take the entry
  // that probes. With `pendings` that may be a result or a pending, without it
  // only a result.
  bool may_probe = false;
  // Take only entries that have been due for this long or longer. Not negative.
  absl::Duration due_for;
  // Out, borrowed; null: not wanted. Raised to the longest time that an entry
  // has been due for that was skipped because of `due_for` or `held`; negative:
  // how long until it is due. If an entry is taken, the search ends there and
  // may not have seen all of them.
  absl::Duration* longest_left_out = nullptr;
  // How long the lease lasts from the moment of the turn.
  absl::Duration lease_time;
  // Entries (entry_id) that must not be taken although they are due: by the
  // caller's steady clock, which never jumps, it is too early. Borrowed; null:
  // none.
  const std::set<int64_t>* held = nullptr;
};

// A credential with due entries, or with a due probe.
struct DueCredential {
  std::string credential;
  bool has_results = false;  // False: only pendings are due.

  friend bool operator==(const DueCredential&, const DueCredential&) = default;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_LEASE_H_
