#ifndef SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/status_view.h"
#include "server/outbox/submission.h"
#include "server/report/code_change.h"
#include "server/report/judge.h"
#include "server/report/posting_limits.h"
#include "server/report/report.h"

namespace signalbox {

// What a submission (one call with reports) does to the entries of its commit.
// Judge decides which of two reports of a key counts; these functions decide
// everything else about accepting them. They are pure: the store loads the
// rows, calls them, and writes back what they changed. It calls DecideEntry for
// each context of a submission, and then CountAccepted for each entry that
// accepted its report.
//
// The store numbers all changes of statuses with one growing *sequence*. A
// parameter `int64_t* sequence` is the number that was given last; the function
// raises it by one for each change that it makes.

// The part of an entry that accepting reports needs: a row of the table
// `entry`.
struct EntryRow {
  int64_t entry_id = 0;     // The store's own number.
  bool is_new = false;      // The store has no row for it yet.
  std::string context_key;  // The context in lower case.
  std::string context;      // As first spelled.

  int64_t version = 0;  // Counts the accepted reports.
  // The report that counts, as Judge needs it. Set if version > 0.
  Held held;
  // The sequence of the newest accepted report.
  int64_t report_sequence = 0;
  // When it was accepted. Set if version > 0; for a new row its arrival.
  absl::Time report_time;
  // The sequence of the newest change: a report, or a change of its posting.
  int64_t change_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;  // Why it waits or was abandoned.
  bool is_pending = false;     // The newest report is a pending.
  // The old name of the repository by which the newest report came; empty: it
  // came by the present name.
  CanonicalName reported_as;
  // From when on the newest report was or is to be posted. Failed tries delay
  // the next try, but not this time.
  absl::Time first_due_time;
  int64_t shown_status_id = 0;  // GitHub's number of the status that it shows.
  std::optional<absl::Time> expire_time;  // Nothing: it does not expire.

  // What reports have changed since the store last wrote the row:
  bool was_accepted = false;        // A report was accepted.
  bool was_renewed = false;         // The expiry of its pending began again.
  bool was_revived = false;         // It was abandoned, and is due again.
  bool other_runs_changed = false;  // held.other_runs must be stored.
  // How long the pending waits for a result, if `expire_time` is set.
  // DecideEntry sets both together; for ExpireEntry the store loads it.
  absl::Duration expires_after;
  // The newest report that only describes what GitHub shows
  // (Submission::observed). Borrowed; null: there was none.
  const Submission* observed = nullptr;
  absl::Time observe_time;  // When it came. Set together with `observed`.
  // For the store: how many rows of its journal are about the entry.
  int64_t in_journal = 0;
};

// The counts that are stored with a commit, for lists of commits.
struct CommitCounts {
  int64_t newest_sequence = 0;  // Of the newest accepted report.
  int64_t status_count = 0;     // Entries with an accepted report,
  int64_t pending_count = 0;    // those of them that are pending,
  int64_t failed_count = 0;     // and those that are failure or error.
};

// One entry while a submission is decided. If one context is refused, the store
// must keep nothing of the submission. So DecideEntry changes a copy of the
// row. The store puts the copies in place once no context was refused.
struct Draft {
  EntryRow row;                // The copy, or the row of a new entry.
  EntryRow* stored = nullptr;  // Borrowed. Null: the entry is new.

  // What this submission did to the entry.
  bool was_accepted = false;
  bool was_renewed = false;
  bool was_revived = false;
  bool was_recorded = false;  // Its report goes into the history.

  // Whether a new entry has something to be stored.
  bool HasNews() const { return was_recorded || row.observed != nullptr; }
};

// What the store knows about a submission before it decides the contexts.
struct Circumstances {
  absl::Time now;
  // How long after its acceptance a pending becomes due.
  absl::Duration pending_settle;
  PostingLimits limits;
  bool is_known = false;  // Its delivery was accepted before.
  // The known delivery asks to run the contexts again: see MayAskRerun.
  bool asks_rerun = false;
  bool is_overtaken = false;  // Its pull request has a newer head.
  CanonicalName reported_as;  // As in EntryRow.
  // GitHub must first confirm that `reported_as` is still an old name, so the
  // entry becomes due later.
  bool awaits_answer = false;

  // Whether the submission changes nothing, because its delivery came before.
  bool IsRepeat() const { return is_known && (!asks_rerun || is_overtaken); }
};

// What a submission did to one of its entries.
struct Decided {
  Disposition disposition = Disposition::kUnchanged;
  // Whether the report goes into the history of its entry. The fields below are
  // for its row there.
  bool is_recorded = false;
  Phase phase = Phase::kWebhookPending;
  int64_t version = 0;  // The entry's with this report; 0: superseded.
  // The report's sequence. A superseded report gets none, but the history must
  // know its place. So it has the newest sequence before it, as a negative
  // number.
  int64_t sequence = 0;
  std::optional<absl::Time> expire_time;
};

// Decides what the submission's report does to the entry of `context`, and
// changes `draft` accordingly. `draft` then borrows the report of the
// submission. ABORTED, reason CHANGED: the entry has a newer report than
// `if_sequence` of the submission allows, and nothing has changed.
absl::StatusOr<Decided> DecideEntry(const Submission& submission,
                                    const Circumstances& found,
                                    const std::string& context,
                                    int64_t* sequence, Draft* draft);

// A pending has expired: replaces it by the server's own report with the state
// `error`, whose description says how long the pending waited for a result. The
// run of the pending goes on, so a late result still counts. Of `row` it reads
// only `version` and `expires_after`.
void ExpireEntry(absl::Time now, int64_t* sequence, EntryRow* row);

// The receipt for a context whose entry is now `row`.
Receipt ReceiptFor(const Submission& submission, const std::string& context,
                   const EntryRow& row, Disposition disposition);

// Updates the counts of a commit after the report of `draft` was accepted: the
// new state counts, and that of the stored entry no longer. Call it before the
// copy is put in place. `sequence` is the report's.
void CountAccepted(const Draft& draft, int64_t sequence, CommitCounts* counts);

// The contexts of a submission with `with_all_reported`: first its own, then
// the others of `reported` that its caller may report. `reported` are all
// contexts that were reported for the commit before.
std::vector<std::string> WithReported(const Submission& submission,
                                      std::vector<std::string> reported);

// A pull request's newest commit is its head. GitHub's deliveries can arrive in
// another order than they happened, so the server remembers the newest head.
//
// Whether the submission names a pull request and the time of its head.
bool HasHead(const Submission& submission);

// The newest known head of a pull request.
struct KnownHead {
  // When GitHub last updated the pull request, as its newest delivery says
  // (HeadTime in code_change.h).
  absl::Time updated_time;
  Sha sha;
};
enum class HeadOrder {
  kNewest,     // The submission's head is newer, or as new.
  kRepeated,   // An older delivery about the head that is the newest anyway.
  kOvertaken,  // An older delivery; by now the pull request has another head.
};
// Compares the head of a submission with the newest one that was known before.
// `sha` and `change` are the submission's. Times later than `now` count as
// `now`.
HeadOrder OrderOf(const CodeChange& change, const Sha& sha,
                  const KnownHead& newest, absl::Time now);

// A person can press "Redeliver" at GitHub to have the contexts run again. The
// next three functions tell this from other repetitions. A known delivery asks
// for a rerun if RecoveryNotes::AwaitRedelivery did not announce it, if
// MayAskRerun and ComesAgain are true, and if IsPending is false for the
// entries of all contexts.

// Whether a redelivery of this submission may mean a rerun: its sender allowed
// it (Submission::redelivery_is_rerun), and it makes contexts pending. These
// are `contexts`: the submission's own, or those of WithReported.
bool MayAskRerun(const Submission& submission,
                 absl::Span<const std::string> contexts);
// Whether a person can have ordered the delivery. `first_time`: when a delivery
// with the same id was accepted. True: that was at least ten seconds before
// `now`. False: it was later, so a program repeats the delivery; or there is no
// such time, because only the content is known, from another hook.
bool ComesAgain(std::optional<absl::Time> first_time, absl::Time now);
// Whether the entry has an accepted report, and GitHub is to show it as
// pending.
bool IsPending(const EntryRow& row);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_
