#ifndef SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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
// parameter `sequence` is the number that was given last; a function raises it
// by one for each change that it makes.

// The part of an entry that accepting reports needs: a row of the table
// `entry`.
struct EntryRow {
  int64_t entry_id = 0;     // The store's own number; 0: not stored yet.
  std::string context_key;  // The context in lower case.
  std::string context;      // As first spelled.

  int64_t version = 0;  // Counts the accepted reports.
  Held held;            // What the newest report left. Set if version > 0.
  int64_t report_sequence = 0;  // Of the newest accepted report.
  int64_t change_sequence = 0;  // Of the newest change, also of the posting.
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;  // Why it waits or was abandoned.
  bool is_pending = false;     // The newest report is a pending.
  // The canonical old name of the repository by which the newest report came;
  // empty: it came by the present name.
  std::string reported_as;
  absl::Time first_due_time;    // When the newest report became or becomes due.
  int64_t shown_status_id = 0;  // GitHub's number of the status that it shows.
  std::optional<absl::Time> expire_time;  // Nothing: it does not expire.

  // What reports of this transaction have changed:
  bool was_accepted = false;        // A report was accepted.
  bool was_renewed = false;         // The expiry of its pending began again.
  bool was_revived = false;         // It was abandoned, and is due again.
  bool other_runs_changed = false;  // held.other_runs must be stored.
  // How long the pending waits for a result. Set if `was_accepted` (for a
  // pending) or `was_renewed`.
  absl::Duration expires_after;
  // The newest report that only describes what GitHub shows
  // (Submission::observed). Borrowed; null: there was none.
  const Report* observed = nullptr;
};

// The counts that are stored with a commit, for lists of commits.
struct CommitCounts {
  int64_t newest_sequence = 0;  // Of the newest accepted report.
  int64_t status_count = 0;     // Entries with an accepted report,
  int64_t pending_count = 0;    // those of them that are pending,
  int64_t failed_count = 0;     // and those that are failure or error.
};

// One entry while a submission is decided. If one context is refused, the store
// must keep nothing of the submission. So the changes are made to a copy of the
// row, which then replaces `stored`.
struct Draft {
  EntryRow row;
  EntryRow* stored = nullptr;  // Borrowed, unchanged. Null: the entry is new.

  // What this submission did to the entry.
  bool was_accepted = false;
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
  bool is_known = false;      // Its delivery was accepted before.
  bool asks_rerun = false;    // The known delivery asks for a rerun; see below.
  bool is_overtaken = false;  // Its pull request has a newer head.
  std::string reported_as;    // As in EntryRow.
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
  int64_t version = 0;  // The version that the report became; 0: superseded.
  // The report's own. A superseded report has none; it gets the last one given
  // before it, negated, so that the history keeps its place.
  int64_t sequence = 0;
  std::optional<absl::Time> expire_time;
};

// Decides what the submission's report does to the entry of `context`, and
// changes `draft` accordingly. `draft` then borrows the report of the
// submission. ABORTED, reason CHANGED: `if_sequence` of the submission forbids
// the report, and nothing has changed.
absl::StatusOr<Decided> DecideEntry(const Submission& submission,
                                    const Circumstances& found,
                                    const std::string& context,
                                    int64_t* sequence, Draft* draft);

// Turns an expired pending into an error of the server, whose description says
// how long it waited for a result. The run of the pending goes on, so a late
// result still counts. Of `row` it reads only `version` and `expires_after`.
void ExpireEntry(absl::Time now, int64_t* sequence, EntryRow* row);

// The receipt for a context whose entry is now `row`.
Receipt ReceiptFor(const Submission& submission, const std::string& context,
                   const EntryRow& row, Disposition disposition);

// Updates the counts of a commit after the report of `draft` was accepted: the
// new state counts, and that of the stored entry no longer.
void CountAccepted(const Draft& draft, int64_t sequence, CommitCounts* counts);

// For a submission with `with_all_reported`: its own contexts, followed by
// those of `reported` that it does not name and may report. `reported` are the
// contexts that were reported for its commit before.
std::vector<std::string> WithReported(const Submission& submission,
                                      std::vector<std::string> reported);

// A pull request's newest commit is its head. GitHub's deliveries can arrive in
// another order than they happened, so the server remembers the newest head.
//
// Whether the submission names a pull request and the time of its head.
bool HasHead(const Submission& submission);

// The newest known head of a pull request.
struct KnownHead {
  absl::Time updated_time;  // Its HeadTime.
  std::string sha;          // As ShaToBytes.
};
enum class HeadOrder {
  kNewest,     // The submission's head is the newest one now.
  kRepeated,   // It is the newest one already; this event is older.
  kOvertaken,  // Another head is newer.
};
// Compares a submission's head with the newest one that was known before.
// `sha` (as ShaToBytes) and `change` are the submission's.
HeadOrder OrderOf(const CodeChange& change, absl::string_view sha,
                  const KnownHead& newest, absl::Time now);

// A person can press "Redeliver" at GitHub to have the contexts run again. A
// known delivery asks for such a rerun if this server did not order it again
// (RecoveryNotes::AwaitRedelivery), MayAskRerun and ComesAgain are true, and
// IsPending is false for every entry of it.
//
// Whether a repetition of the delivery can mean a rerun of `contexts`.
bool MayAskRerun(const Submission& submission,
                 absl::Span<const std::string> contexts);
// Whether the delivery arrives late enough to be ordered by a person: 10 s
// after `first_time` or later. `first_time` is when a delivery with its id was
// accepted; nothing: only one with its digest was, through another hook.
bool ComesAgain(std::optional<absl::Time> first_time, absl::Time now);
// Whether the entry holds a pending.
bool IsPending(const EntryRow& row);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_
