#include "server/outbox/sqlite_accept.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/mutant.h"
#include "server/outbox/entry_state.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_rename.h"

namespace signalbox {
namespace {

constexpr char kFindCommit[] =
    "SELECT commit_key, status_count, pending_count, failed_count "
    "FROM commit_summary WHERE repository_key = ? AND sha = ?";
constexpr char kInsertCommit[] =
    "INSERT INTO commit_summary (repository_key, sha, newest_sequence, "
    "update_time_us, status_count, pending_count, failed_count) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr char kUpdateCommit[] =
    "UPDATE commit_summary SET newest_sequence = ?, update_time_us = ?, "
    "status_count = ?, pending_count = ?, failed_count = ? "
    "WHERE commit_key = ?";

constexpr char kFindEntry[] =
    "SELECT entry_id, version, phase, attempt, round, result, description, "
    "target_url, report_sequence, posting_state, is_pending, "
    "first_due_time_us, posted_status_id, change_sequence "
    "FROM entry WHERE commit_key = ? AND context_key = ?";
constexpr char kInsertEntry[] =
    "INSERT INTO entry (commit_key, context_key, context, repository_key, "
    "version, phase, attempt, round, result, description, target_url, "
    "report_sequence, report_time_us, expire_time_us, change_sequence, "
    "posting_state, is_pending, first_due_time_us, due_time_us, "
    "expires_after_us) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
// While a try is in flight, its deadline stays: nobody else may try before. Nor
// may anybody while a try whose end is in doubt can still take effect.
constexpr char kUpdateEntry[] =
    "UPDATE entry SET version = ?, phase = ?, attempt = ?, round = ?, "
    "result = ?, description = ?, target_url = ?, report_sequence = ?, "
    "report_time_us = ?, expire_time_us = ?, change_sequence = ?, "
    "posting_state = ?, posting_reason = '', try_count = 0, "
    "refusal_count = 0, post_time_us = NULL, is_pending = ?, "
    "first_due_time_us = ?, expires_after_us = ?, "
    "due_time_us = CASE WHEN lease_version = 0 "
    "THEN MAX(?, IFNULL(ambiguous_time_us + ?, 0)) ELSE due_time_us END "
    "WHERE entry_id = ?";
constexpr char kRenewEntry[] =
    "UPDATE entry SET expire_time_us = ?, expires_after_us = ? "
    "WHERE entry_id = ?";

constexpr char kNoteObserved[] =
    "UPDATE entry SET posted_status_id = ?, shown_state = ?, "
    "shown_description = ?, shown_target_url = ?, change_sequence = ?, "
    "status_count = status_count + 1 WHERE entry_id = ?";

constexpr char kInsertReport[] =
    "INSERT INTO report (entry_id, version, sequence, accept_time_us, phase, "
    "attempt, result, description, target_url, caller, delivery_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr char kFindPullRequest[] =
    "SELECT updated_time_us, head_sha FROM pull_request "
    "WHERE repository_key = ? AND number = ?";
constexpr char kPutPullRequest[] =
    "INSERT OR REPLACE INTO pull_request (repository_key, number, "
    "updated_time_us, head_sha) VALUES (?, ?, ?, ?)";

// One entry while a submission is being decided.
struct Draft {
  std::string context_key;
  int64_t entry_id = 0;  // 0: not stored yet.
  int64_t version = 0;   // 0: no report was accepted yet.
  Held held;             // If version > 0.
  int64_t report_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  bool is_pending = false;
  absl::Time first_due_time;

  // What the submission does to it.
  CommitState state_before = CommitState::kPending;
  bool is_new = false;               // Its first accepted report.
  const Report* accepted = nullptr;  // The newest one.
  const Report* first = nullptr;     // Whose spelling counts.
  std::optional<absl::Time> expire_time;
  absl::Duration expires_after;
  bool renewed = false;

  // What GitHub shows, if a report tells something newer than was known.
  int64_t shown_status_id = 0;
  const Report* observed = nullptr;
  int64_t change_sequence = 0;
};

// A report that goes into the history.
struct Recorded {
  size_t draft;
  const Report* report;
  Phase phase;
  int64_t version;  // Both 0: superseded.
  int64_t sequence;
};

struct CommitRow {
  int64_t commit_key = 0;  // 0: not stored yet.
  int64_t status_count = 0;
  int64_t pending_count = 0;
  int64_t failed_count = 0;
};

// Decides about a whole submission in memory, and writes only then: one that
// is refused has written nothing.
class Decision {
 public:
  Decision(SqliteConnection* connection, SqliteWriterState* state,
           const Submission& submission, absl::Duration pending_settle,
           absl::Time oldest_delivery, absl::Time now)
      : connection_(connection),
        state_(state),
        submission_(submission),
        pending_settle_(pending_settle),
        oldest_delivery_(oldest_delivery),
        now_(now),
        sequence_(state->sequence) {}

  Outcome Run() {
    Outcome outcome;
    outcome.status = FindCommit();
    if (!outcome.status.ok()) return outcome;
    const bool repeated = IsRepeated();
    const bool overtaken = !repeated && HeadIsOvertaken();
    outcome.receipts.reserve(submission_.reports.size());
    for (const Report& report : submission_.reports) {
      const size_t draft = FindDraft(report);
      Disposition disposition = Disposition::kUnchanged;
      if (overtaken) {
        disposition = Disposition::kSuperseded;
        Record(draft, report, PhaseAlone(report), /*accepted=*/false);
      } else if (!repeated && submission_.observed.has_value()) {
        disposition = Observe(&drafts_[draft], report);
      } else if (!repeated) {
        disposition = Decide(draft, report);
      }
      if (disposition == Disposition::kConflict) return Conflict(report);
      outcome.receipts.push_back({report.context,
                                  submission_.observed.has_value()
                                      ? drafts_[draft].change_sequence
                                      : drafts_[draft].report_sequence,
                                  disposition});
    }
    if (!repeated) Write(overtaken);
    return outcome;
  }

 private:
  const Report& front() const { return submission_.reports.front(); }

  absl::Status FindCommit() {
    if (submission_.reports.empty()) return absl::OkStatus();
    const Repository& repository = front().repository;
    sha_ = ShaToBytes(front().sha);
    canonical_ = repository.Canonical();
    for (const Report& report : submission_.reports) {
      if (!sha_.empty() && absl::EqualsIgnoreCase(report.sha, front().sha) &&
          absl::EqualsIgnoreCase(report.repository.name, repository.name) &&
          absl::EqualsIgnoreCase(report.repository.owner, repository.owner) &&
          absl::EqualsIgnoreCase(report.repository.host, repository.host)) {
        continue;
      }
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_SUBMISSION",
                   "the reports of a call must be of one full sha");
    }
    const absl::Status allowed = FollowNames(repository);
    if (!allowed.ok()) return allowed;
    repository_key_ = state_->repositories.Find(connection_, canonical_);
    if (repository_key_ == 0) return absl::OkStatus();
    SqliteQuery query(connection_, kFindCommit);
    query.Bind(repository_key_, SqliteBlob{sha_});
    if (query.Next()) {
      query.Read(&commit_.commit_key, &commit_.status_count,
                 &commit_.pending_count, &commit_.failed_count);
      if (!connection_->AreCounts({commit_.status_count, commit_.pending_count,
                                   commit_.failed_count})) {
        return connection_->status();
      }
    }
    return absl::OkStatus();
  }

  // Finds the name that the repository has now, and learns of a new one.
  absl::Status FollowNames(const Repository& repository) {
    SqliteRepositories& repositories = state_->repositories;
    const int64_t github_id = front().repository_id;
    const std::string said = std::exchange(
        canonical_, repositories.Resolve(connection_, canonical_, github_id));
    if (canonical_ != said) {
      const absl::StatusOr<Repository> current = ParseRepository(canonical_);
      if (!current.ok()) return current.status();
      const absl::Status allowed = MayReport(*current);
      if (!allowed.ok()) return allowed;
    }
    if (!submission_.delivery.has_value()) return absl::OkStatus();
    const std::optional<Repository> former = repositories.FindFormer(
        connection_, canonical_, repository.host, github_id);
    if (!former.has_value() || !MayReport(*former).ok()) {
      return absl::OkStatus();
    }
    RenameRepository(connection_, state_, *former, repository, github_id, now_);
    sequence_ = state_->sequence;
    return absl::OkStatus();
  }

  absl::Status MayReport(const Repository& repository) const {
    return submission_.may_report ? submission_.may_report(repository)
                                  : absl::OkStatus();
  }

  bool IsRepeated() {
    return submission_.delivery.has_value() &&
           DeliveryIsKnown(connection_, *submission_.delivery,
                           oldest_delivery_);
  }

  // Whether the change that `submission_` tells of is in a pull request and
  // placed in time, so that its heads have an order.
  bool HasHead() const {
    return submission_.change.has_value() && !submission_.reports.empty() &&
           submission_.change->pull_request_number > 0 &&
           submission_.change->updated_time != absl::InfinitePast();
  }

  bool HeadIsOvertaken() {
    if (!HasHead()) return false;
    moves_head_ = true;
    if (repository_key_ == 0) return false;
    SqliteQuery query(connection_, kFindPullRequest);
    query.Bind(repository_key_, submission_.change->pull_request_number);
    if (!query.Next()) return false;
    absl::Time newest;
    std::string head;
    query.Read(&newest, &head);
    const int64_t updated =
        absl::ToUnixMicros(submission_.change->updated_time);
    moves_head_ = updated >= absl::ToUnixMicros(newest);
    return !moves_head_ && head != sha_;
  }

  size_t FindDraft(const Report& report) {
    std::string context_key = absl::AsciiStrToLower(report.context);
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].context_key == context_key) return i;
    }
    drafts_.emplace_back();
    Draft& draft = drafts_.back();
    draft.context_key = std::move(context_key);
    draft.first = &report;
    if (commit_.commit_key != 0) Load(&draft);
    draft.is_new = draft.version == 0;
    draft.state_before = StateOf(draft.held.phase, draft.held.result);
    return drafts_.size() - 1;
  }

  void Load(Draft* draft) {
    SqliteQuery query(connection_, kFindEntry);
    query.Bind(commit_.commit_key, draft->context_key);
    if (!query.Next()) return;
    Held& held = draft->held;
    query.Read(&draft->entry_id, &draft->version, &held.phase, &held.attempt,
               &held.round, &held.result, &held.description, &held.target_url,
               &draft->report_sequence, &draft->posting_state,
               &draft->is_pending, &draft->first_due_time,
               &draft->shown_status_id, &draft->change_sequence);
    if (!connection_->AreCounts({draft->version, held.round})) {
      draft->version = held.round = 0;
    }
  }

  // The standing of a report that Judge is not asked about.
  static Phase PhaseAlone(const Report& report) {
    return Judge(nullptr, report).phase;
  }

  Disposition Decide(size_t index, const Report& report) {
    Draft& draft = drafts_[index];
    const Judgement judgement =
        Judge(draft.version == 0 ? nullptr : &draft.held, report);
    switch (judgement.disposition) {
      case Disposition::kAccepted:
        Accept(&draft, report, judgement);
        Record(index, report, judgement.phase, /*accepted=*/true);
        break;
      case Disposition::kUnchanged:
        if (judgement.renews_expiry) {
          draft.expire_time = now_ + report.expires_after;
          draft.expires_after = report.expires_after;
          draft.renewed = true;
        }
        break;
      case Disposition::kSuperseded:
        Record(index, report, PhaseAlone(report), /*accepted=*/false);
        break;
      case Disposition::kConflict:
        break;
    }
    return judgement.disposition;
  }

  // What GitHub shows counts by GitHub's own order, which its numbers tell.
  Disposition Observe(Draft* draft, const Report& report) {
    const Observed& observed = *submission_.observed;
    if (observed.status_id <= draft->shown_status_id) {
      return Disposition::kUnchanged;
    }
    draft->shown_status_id = observed.status_id;
    draft->observed = &report;
    draft->change_sequence = ++sequence_;
    return Disposition::kAccepted;
  }

  void Accept(Draft* draft, const Report& report, const Judgement& judgement) {
    const bool is_pending = !report.result.has_value();
    absl::Time due = is_pending ? now_ + pending_settle_ : now_;
    // What still waited for its turn keeps its place: else a key that is
    // reported often enough would never be posted.
    const bool waited = draft->version > 0 && draft->is_pending == is_pending &&
                        (draft->posting_state == PostingState::kDue ||
                         draft->posting_state == PostingState::kWaiting);
    if (waited) due = std::min(due, draft->first_due_time);

    draft->version++;
    draft->report_sequence = ++sequence_;
    draft->held.phase = judgement.phase;
    draft->held.attempt = judgement.attempt;
    draft->held.round = judgement.round;
    draft->held.result = report.result;
    draft->held.description = report.description;
    draft->held.target_url = report.target_url;
    draft->posting_state = PostingState::kDue;
    draft->is_pending = is_pending;
    draft->first_due_time = due;
    draft->accepted = &report;
    draft->expire_time.reset();
    if (judgement.renews_expiry) {
      draft->expire_time = now_ + report.expires_after;
      draft->expires_after = report.expires_after;
    }
  }

  void Record(size_t index, const Report& report, Phase phase, bool accepted) {
    const Draft& draft = drafts_[index];
    recorded_.push_back({index, &report, phase, accepted ? draft.version : 0,
                         accepted ? draft.report_sequence : 0});
  }

  static Outcome Conflict(const Report& report) {
    Outcome outcome;
    outcome.status = Error(
        absl::StatusCode::kAlreadyExists, "ATTEMPT_ALREADY_ENDED",
        absl::StrCat("attempt ", report.attempt, " of ", Quoted(report.context),
                     " already ended with another result; report a "
                     "rerun with a larger attempt"));
    return outcome;
  }

  void Write(bool overtaken) {
    WriteEntries();
    if (moves_head_ && !overtaken) {
      EnsureRepository();
      SqliteQuery(connection_, kPutPullRequest)
          .Bind(repository_key_, submission_.change->pull_request_number,
                submission_.change->updated_time, SqliteBlob{sha_})
          .Run();
    }
    if (submission_.delivery.has_value()) {
      // A number is learnt even from what changes nothing: by it the
      // repository is found again under its next name.
      if (repository_key_ != 0) EnsureRepository();
      NoteDelivery(
          connection_, state_, *submission_.delivery,
          submission_.reports.empty() ? std::string() : front().repository.host,
          now_);
    }
  }

  void WriteEntries() {
    const bool observed =
        std::any_of(drafts_.begin(), drafts_.end(),
                    [](const Draft& d) { return d.observed != nullptr; });
    if (!recorded_.empty() || observed) WriteCommit();
    for (Draft& draft : drafts_) {
      if (draft.accepted != nullptr) {
        WriteAccepted(&draft);
      } else if (draft.observed != nullptr) {
        WriteObserved(&draft);
      } else if (draft.renewed) {
        SqliteQuery(connection_, kRenewEntry)
            .Bind(draft.expire_time, ExpiresAfter(draft), draft.entry_id)
            .Run();
      }
    }
    for (const Recorded& recorded : recorded_) WriteRecorded(recorded);
    state_->sequence = sequence_;
  }

  void EnsureRepository() {
    repository_key_ = state_->repositories.FindOrAdd(
        connection_, canonical_, front().repository, front().repository_id);
  }

  void WriteCommit() {
    EnsureRepository();
    bool accepted = false;
    for (const Draft& draft : drafts_) {
      if (draft.accepted == nullptr) continue;
      accepted = true;
      if (draft.is_new) {
        commit_.status_count++;
      } else {
        Count(draft.state_before, -1);
      }
      Count(draft.accepted->State(), 1);
    }
    if (commit_.commit_key == 0) {
      SqliteQuery(connection_, kInsertCommit)
          .Bind(repository_key_, SqliteBlob{sha_}, accepted ? sequence_ : 0,
                now_, commit_.status_count, commit_.pending_count,
                commit_.failed_count)
          .Run();
      commit_.commit_key = connection_->LastInsertId();
    } else if (accepted) {
      SqliteQuery(connection_, kUpdateCommit)
          .Bind(sequence_, now_, commit_.status_count, commit_.pending_count,
                commit_.failed_count, commit_.commit_key)
          .Run();
    }
  }

  void Count(CommitState state, int by) {
    if (state == CommitState::kPending) commit_.pending_count += by;
    if (IsFailed(state)) commit_.failed_count += by;
  }

  void WriteAccepted(Draft* draft) {
    if (draft->entry_id == 0) {
      InsertEntry(draft, draft->first_due_time);
    } else {
      const Held& held = draft->held;
      SqliteQuery(connection_, kUpdateEntry)
          .Bind(draft->version, held.phase, held.attempt, held.round,
                held.result, draft->accepted->description,
                draft->accepted->target_url, draft->report_sequence, now_,
                draft->expire_time, draft->report_sequence,
                draft->posting_state, draft->is_pending, draft->first_due_time,
                ExpiresAfter(*draft), draft->first_due_time,
                absl::ToInt64Microseconds(kAmbiguousWait), draft->entry_id)
          .Run();
    }
    if (Mutated(Mutant::kNotMadeDue)) return;
    state_->repositories.AddDue(connection_, canonical_, draft->is_pending);
  }

  // Whether the context is one of ours or not, GitHub has one status more.
  void WriteObserved(Draft* draft) {
    if (draft->entry_id == 0) {
      draft->posting_state = PostingState::kObserved;
      InsertEntry(draft, std::nullopt);
    }
    SqliteQuery(connection_, kNoteObserved)
        .Bind(draft->shown_status_id, CommitStateName(draft->observed->State()),
              draft->observed->description, draft->observed->target_url,
              draft->change_sequence, draft->entry_id)
        .Run();
  }

  static std::optional<int64_t> ExpiresAfter(const Draft& draft) {
    if (!draft.expire_time.has_value()) return std::nullopt;
    return absl::ToInt64Microseconds(draft.expires_after);
  }

  // An entry without a due time only carries a history.
  void InsertEntry(Draft* draft, std::optional<absl::Time> due_time) {
    const Held& held = draft->held;
    SqliteQuery(connection_, kInsertEntry)
        .Bind(commit_.commit_key, draft->context_key, draft->first->context,
              repository_key_, draft->version, held.phase, held.attempt,
              held.round, held.result, held.description, held.target_url,
              draft->report_sequence, now_, draft->expire_time,
              draft->report_sequence, draft->posting_state, draft->is_pending,
              draft->first_due_time, due_time, ExpiresAfter(*draft))
        .Run();
    draft->entry_id = connection_->LastInsertId();
  }

  void WriteRecorded(const Recorded& recorded) {
    Draft& draft = drafts_[recorded.draft];
    if (draft.entry_id == 0) InsertEntry(&draft, std::nullopt);
    const Report& report = *recorded.report;
    SqliteQuery(connection_, kInsertReport)
        .Bind(draft.entry_id, recorded.version, recorded.sequence, now_,
              recorded.phase, report.attempt, report.result, report.description,
              report.target_url, submission_.caller,
              submission_.delivery.has_value()
                  ? absl::string_view(submission_.delivery->id)
                  : absl::string_view())
        .Run();
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  const Submission& submission_;
  const absl::Duration pending_settle_;
  const absl::Time oldest_delivery_;
  const absl::Time now_;

  std::string canonical_;
  std::string sha_;  // Bytes.
  int64_t repository_key_ = 0;
  CommitRow commit_;
  int64_t sequence_;
  bool moves_head_ = false;
  std::vector<Draft> drafts_;
  std::vector<Recorded> recorded_;
};

}  // namespace

Outcome AcceptSubmission(SqliteConnection* connection, SqliteWriterState* state,
                         const Submission& submission,
                         absl::Duration pending_settle,
                         absl::Time oldest_delivery, absl::Time now) {
  return Decision(connection, state, submission, pending_settle,
                  oldest_delivery, now)
      .Run();
}

}  // namespace signalbox
