#ifndef SIGNALBOX_SERVER_OUTBOX_LEASE_H_
#define SIGNALBOX_SERVER_OUTBOX_LEASE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// The visible parts of a commit status at GitHub, as shown or as posted.
struct Shown {
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;

  friend bool operator==(const Shown&, const Shown&) = default;
};

// A request with an unknown end may take effect for this long after its begin:
// GitHub gives up after 10 s. Until then the server sends nothing for the key.
inline constexpr absl::Duration kAmbiguousWait = absl::Seconds(12);

// No correct due time is further away than this: the longest wait between tries
// is five minutes, and a lease is shorter. A later due time was written before
// the wall clock was set back.
inline constexpr absl::Duration kFarthestDue = absl::Minutes(6);

// An entry that was taken out for one try. Until the lease is settled or its
// deadline is over, only its holder may post for the key.
struct Lease {
  int64_t entry_id = 0;
  int64_t version = 0;  // Counts the accepted reports of the key.
  int64_t sequence = 0;
  Repository repository;
  int64_t repository_id = 0;  // GitHub's number; 0: not known.
  std::string sha;
  std::string context;
  Shown wanted;  // The description as stored, not yet fitted.
  // The status that GitHub shows, set by this server or by another program.
  // Nothing: the server does not know it.
  std::optional<Shown> shown;
  int64_t posted_version = 0;  // The newest that GitHub acknowledged; 0: none.
  int try_count = 0;           // Tries at this version before this one.
  int refusal_count = 0;       // Those that GitHub certainly refused.
  absl::Time due_since;        // When the entry first became due.
  // A try at this key has an unknown end. This is the latest time at which such
  // a try began; nothing if the end of the last try is known.
  std::optional<absl::Time> ambiguous_since;
  // How many statuses GitHub has for the key, as far as the server knows.
  // GitHub takes at most 1,000.
  int status_count = 0;
  int64_t lease_epoch = 0;   // The term in which the entry was taken out.
  int64_t lease_number = 0;  // Counts the leases of the entry.
  // The repository is parked, and this try probes whether GitHub still refuses
  // its statuses.
  bool is_probe = false;
};

// How a lease ends.
struct Settlement {
  enum class Kind {
    kPosted,  // GitHub now shows `shown`.
    kRetry,   // To be tried again at `next_try_time`.
    // GitHub refused for a reason that holds for the whole repository, which is
    // now parked (see parking.h). The entry still waits to be posted.
    kParked,
    kAbandoned,  // Not to be tried again.
    // No request was made. The entry is due again as it was, or at
    // `next_try_time` if that is still to come.
    kReturned,
    // A read found what GitHub shows: `shown`, or nothing for the key. No try
    // is ambiguous any more. The entry is due again as it was.
    kRead,
  };
  int64_t entry_id = 0;
  int64_t version = 0;  // The lease's.
  Kind kind = Kind::kPosted;
  std::optional<Shown> shown;  // kPosted, kRead.
  // kPosted, kRead: GitHub's number; 0: not known.
  int64_t status_id = 0;
  absl::Time next_try_time;  // kRetry, kReturned.
  std::string reason;        // kRetry, kParked, kAbandoned.
  bool refused = false;      // kRetry: GitHub certainly refused.
  bool ambiguous = false;    // kRetry: GitHub may have applied it.
  bool reading = false;      // kRetry: the try was a read.
  // GitHub takes no more statuses for the key.
  bool full = false;
  // GitHub accepted the post, or refused only its content. The repository is no
  // longer parked.
  bool writable = false;
  // kAbandoned: the lease's count. An entry that was made due again since then
  // is not abandoned.
  int refusal_count = 0;
  std::optional<Try> attempted;  // Nothing if no request was made.
  // The lease's epoch and number. Number 0: not given; the outbox then cannot
  // tell this lease from a later one of the same version.
  int64_t lease_epoch = 0;
  int64_t lease_number = 0;
};

struct LeaseRequest {
  // Take entries of this credential only: those whose repository has it from
  // `credential_of`.
  std::string credential;
  // True: pendings; false: results.
  bool pendings = false;
  // Round-robin: the search begins with the first repository after this
  // canonical name and wraps around. Empty: at the beginning.
  std::string after_repository;
  // In a turn: the search goes on behind the repository of the previous
  // request's lease. Nothing is taken if the previous request took nothing.
  bool continues = false;
  // Let a due probe of a parked repository go first. With `pendings` the probe
  // can be a result or a pending, else only a result.
  bool may_probe = false;
  // Take only entries that have been due since this time or longer.
  absl::Time due_before = absl::InfiniteFuture();
  // Lowered to the earliest due time of the entries that are skipped because of
  // `due_before` or `held`. It covers all of them only if no entry is taken.
  // Borrowed; null: not wanted.
  absl::Time* first_left_out = nullptr;
  // The end of the lease. Until then only its holder may post for the key.
  absl::Time deadline;
  // Entries that must not be taken, whatever their due times: the caller's
  // steady clock says that it is too early. Borrowed; null: none.
  const std::set<int64_t>* held = nullptr;
};

// A credential with due entries, or with a due probe.
struct DueCredential {
  std::string credential;
  bool has_results = false;  // False: pendings only.

  friend bool operator==(const DueCredential&, const DueCredential&) = default;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_LEASE_H_
