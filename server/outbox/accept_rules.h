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
#include "server/report/report.h"

namespace signalbox {

// What a submission does to the entries of its commit. Judge orders the reports
// of one key; these functions decide everything else. They are pure: a store
// loads the rows before, and stores them afterwards.

// The part of a row of `entry` that accepting reports needs.
struct EntryRow {
  int64_t entry_id = 0;  // 0: not stored yet.
  std::string context_key;
  std::string context;  // As first spelled.

  int64_t version = 0;  // 0: no report was accepted yet.
  Held held;            // Set if version > 0.
  int64_t report_sequence = 0;
  int64_t change_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;
  bool is_pending = false;
  std::string reported_as;  // Canonical old name; empty: its present name.
  absl::Time first_due_time;
  int64_t shown_status_id = 0;
  std::optional<absl::Time> expire_time;  // Nothing: it does not expire.

  // The changes that this transaction makes.
  bool was_accepted = false;
  bool was_renewed = false;
  bool was_revived = false;  // It was abandoned.
  bool other_runs_changed = false;
  // How long a pending waits for a result. Set if it was accepted or renewed.
  absl::Duration expires_after;
  // The newest report in this transaction of what GitHub shows.
  const Report* observed = nullptr;
};

// The counts in the row of a commit.
struct CommitCounts {
  int64_t newest_sequence = 0;  // Of the newest accepted report.
  int64_t status_count = 0;
  int64_t pending_count = 0;
  int64_t failed_count = 0;
};

// One entry while a submission is decided. A refused submission must not be
// stored in part, so the changes are made to a copy of the row.
struct Draft {
  EntryRow row;
  EntryRow* stored = nullptr;  // Borrowed, unchanged. Null: the entry is new.

  // What this submission did.
  bool was_accepted = false;
  bool was_revived = false;
  bool was_recorded = false;

  // Whether the entry is to be stored even if it is new.
  bool HasNews() const { return was_recorded || row.observed != nullptr; }
};

// What the store has found out about a submission.
struct Circumstances {
  absl::Time now;
  // A pending is due this long after it was accepted.
  absl::Duration pending_settle;
  bool is_known = false;       // Its delivery was accepted before.
  bool asks_rerun = false;     // The known delivery asks for a rerun.
  bool is_overtaken = false;   // Its pull request has a newer head.
  std::string reported_as;     // As in EntryRow.
  bool awaits_answer = false;  // GitHub must first confirm that old name.

  // Whether the submission does nothing.
  bool IsRepeat() const { return is_known && (!asks_rerun || is_overtaken); }
};

// What a submission did to one of its entries.
struct Decided {
  Disposition disposition = Disposition::kUnchanged;
  // Whether the report goes into the history of its entry, with the values
  // below.
  bool is_recorded = false;
  Phase phase = Phase::kWebhookPending;
  int64_t version = 0;   // 0: superseded.
  int64_t sequence = 0;  // Superseded: the last one given before it, negated.
  std::optional<absl::Time> expire_time;
};

// Decides the report for one context. `sequence` is the last one given, and is
// raised for each change. `draft` borrows the report of the submission.
// ABORTED, reason CHANGED: `if_sequence` forbids the report, and nothing has
// changed.
absl::StatusOr<Decided> DecideEntry(const Submission& submission,
                                    const Circumstances& found,
                                    const std::string& context,
                                    int64_t* sequence, Draft* draft);

// The server's own report for a pending without a result in time: the entry
// becomes an error, which says how long it waited. Its run does not end. Needs
// `version` and `expires_after`; raises `sequence`, the last one given.
void ExpireEntry(absl::Time now, int64_t* sequence, EntryRow* row);

// The receipt for a context whose entry is now `row`.
Receipt ReceiptFor(const Submission& submission, const std::string& context,
                   const EntryRow& row, Disposition disposition);

// Counts the report that the submission put into an entry, instead of the one
// before. `sequence` is the last one given.
void CountAccepted(const Draft& draft, int64_t sequence, CommitCounts* counts);

// The contexts of the submission, and those of `reported`, the contexts that
// were reported for its commit, that it is about, too.
std::vector<std::string> WithReported(const Submission& submission,
                                      std::vector<std::string> reported);

// Whether the submission names a pull request and a time, by which the heads of
// the pull request are ordered.
bool HasHead(const Submission& submission);

// The newest known head of a pull request.
struct KnownHead {
  absl::Time updated_time;
  std::string sha;  // Bytes.
};
enum class HeadOrder {
  kNewest,     // It is the newest head now.
  kRepeated,   // An older event of the newest head.
  kOvertaken,  // The newest head is another one.
};
// The place of the head `sha` (bytes), which the change names.
HeadOrder OrderOf(const CodeChange& change, absl::string_view sha,
                  const KnownHead& newest, absl::Time now);

// A known delivery asks for a rerun if all of this is true: this server has not
// asked GitHub to redeliver it; MayAskRerun of its contexts; ComesAgain; no
// entry of it IsPending.
bool MayAskRerun(const Submission& submission,
                 absl::Span<const std::string> contexts);
// `first_time`: when a delivery with this id was last accepted; nothing: never.
bool ComesAgain(std::optional<absl::Time> first_time, absl::Time now);
// Whether the entry holds a pending.
bool IsPending(const EntryRow& row);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ACCEPT_RULES_H_
