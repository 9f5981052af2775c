#include "server/outbox/sqlite_accept.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/error.h"
#include "server/outbox/entry_state.h"
#include "server/outbox/naming.h"
#include "server/outbox/sqlite_accepted_rows.h"
#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_names.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_posting.h"

namespace signalbox {
namespace {

constexpr char kFindPullRequest[] =
    "SELECT updated_time_us, head_sha FROM pull_request "
    "WHERE repository_key = ? AND number = ?";
constexpr char kPutPullRequest[] =
    "INSERT OR REPLACE INTO pull_request (repository_key, number, "
    "updated_time_us, head_sha) VALUES (?, ?, ?, ?)";

// A person cannot make GitHub redeliver sooner.
constexpr absl::Duration kRedeliveryGap = absl::Seconds(10);

// One entry while a submission is being decided. `row` is a copy of `stored`
// with the changes of the submission.
struct Draft {
  EntryRow row;
  EntryRow* stored = nullptr;  // Null: it is new.
  bool was_accepted = false;   // By this submission.
  bool was_revived = false;    // Also by this submission.
};

// A report makes an abandoned entry due at the earliest this long after it was
// last due.
constexpr absl::Duration kBetweenRevivals = absl::Seconds(10);

// Whether GitHub, which refused a report for this reason, may accept it now.
bool MayHelp(absl::string_view reason) {
  return reason != "STATUS_LIMIT_REACHED" && reason != "INVALID_SHA" &&
         reason != "CONTEXT_REFUSED";
}

// A report that goes into the history.
struct Recorded {
  size_t draft;
  Phase phase;
  int64_t version;
  int64_t sequence;
  std::optional<absl::Time> expire_time;
};

// Decides about all contexts of a submission before it stores any report, so
// that a refused submission is not stored in part.
class Decision {
 public:
  Decision(SqliteConnection* connection, SqliteWriterState* state,
           AcceptedRows* rows, const Submission& submission,
           const AcceptOptions& options)
      : connection_(connection),
        state_(state),
        rows_(rows),
        submission_(submission),
        report_(submission.report),
        contexts_(submission.contexts),
        options_(options),
        now_(options.now),
        sequence_(state->sequence) {}

  Outcome Run() {
    Outcome outcome;
    outcome.status = FindCommit();
    if (submission_.ReportsNothing()) {
      // Without reports there is nothing to refuse.
      if (outcome.status.ok()) SeeCommit();
      outcome.status = absl::OkStatus();
      outcome.made_due = made_due_;
      return outcome;
    }
    if (!outcome.status.ok()) return outcome;
    WriteWhatWasObserved();
    const bool known = IsKnown();
    if (!known) SeeCommit();
    FindContexts();
    const bool overtaken = HeadIsOvertaken();
    is_rerun_ = known && IsWishToRerun() && !overtaken;
    const bool repeated = known && !is_rerun_;
    outcome.receipts.reserve(contexts_.size());
    for (const std::string& context : contexts_) {
      const size_t draft = FindDraft(context);
      Disposition disposition = Disposition::kUnchanged;
      if (!repeated && (overtaken || submission_.for_history)) {
        disposition = Disposition::kSuperseded;
        Record(draft, PhaseOf(report_), /*accepted=*/false);
      } else if (!repeated && submission_.observed.has_value()) {
        disposition = Observe(&drafts_[draft]);
      } else if (!repeated) {
        const absl::StatusOr<Disposition> decided = Decide(draft);
        if (!decided.ok()) {
          outcome.status = decided.status();
          outcome.receipts.clear();
          return outcome;
        }
        disposition = *decided;
      }
      outcome.receipts.push_back(
          ReceiptOf(context, drafts_[draft].row, disposition));
    }
    if (!repeated) Keep(overtaken);
    outcome.made_due = made_due_;
    return outcome;
  }

 private:
  Receipt ReceiptOf(const std::string& context, const EntryRow& row,
                    Disposition disposition) const {
    Receipt receipt;
    receipt.context = context;
    receipt.sequence = submission_.observed.has_value() ? row.change_sequence
                                                        : row.report_sequence;
    receipt.disposition = disposition;
    if (row.version > 0) {
      receipt.expire_time = row.expire_time;
      receipt.state = StateOf(row.held.phase, row.held.result);
    }
    if (report_.attempt > 0) {
      const NewestRun* const run = FindRun(row.held, report_.series);
      if (run != nullptr) {
        receipt.newest_attempt = run->attempt;
        receipt.newest_result = run->result;
      }
    }
    return receipt;
  }

  absl::Status FindCommit() {
    sha_ = ShaToBytes(report_.sha);
    canonical_ = report_.repository.Canonical();
    if (sha_.empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_SUBMISSION",
                   "sha: wanted the full SHA of a commit");
    }
    absl::Status allowed = FollowNames(report_.repository);
    if (!allowed.ok()) return allowed;
    repository_key_ = state_->repositories.Find(connection_, canonical_);
    if (repository_key_ == 0) return absl::OkStatus();
    if (IsToBeMoved(connection_, state_, repository_key_, sha_)) {
      rows_->Write();
      MoveFirst(connection_, state_, repository_key_, sha_,
                submission_.with_all_reported ? absl::Span<const std::string>()
                                              : contexts_,
                now_);
      sequence_ = state_->sequence;
    }
    commit_ = rows_->FindCommit(repository_key_, sha_);
    return absl::OkStatus();
  }

  void FindContexts() {
    if (!submission_.with_all_reported || commit_ == nullptr) return;
    // ReportedContexts reads the tables, so Write must come first.
    rows_->Write();
    commit_ = rows_->FindCommit(repository_key_, sha_);
    if (commit_ == nullptr) return;
    with_reported_ = submission_.contexts;
    for (const std::string& context : rows_->ReportedContexts(*commit_)) {
      const bool is_there =
          std::any_of(submission_.contexts.begin(), submission_.contexts.end(),
                      [&context](const std::string& named) {
                        return absl::EqualsIgnoreCase(named, context);
                      });
      const auto& may_report = submission_.may_report_context;
      if (is_there || (may_report && !may_report(context))) continue;
      with_reported_.push_back(context);
    }
    contexts_ = with_reported_;
  }

  // Watchers see each change of a status. The history has a row for each
  // accepted report, but only the entry itself holds what was observed. So an
  // entry is written before and after an observation.
  void WriteWhatWasObserved() {
    if (commit_ == nullptr || commit_->entries.empty()) return;
    using Effect = AcceptedRows::Effect;
    for (const std::string& context : submission_.contexts) {
      const Effect effect =
          rows_->EffectOn(*commit_, absl::AsciiStrToLower(context));
      if (effect == Effect::kObserved ||
          (effect == Effect::kReported && submission_.observed.has_value())) {
        rows_->Write();
        commit_ = rows_->FindCommit(repository_key_, sha_);
        return;
      }
    }
  }

  // GitHub's number for the repository; 0 unless a delivery or GitHub gave it.
  int64_t Number() const {
    return submission_.delivery.has_value() || submission_.from_github
               ? report_.repository_id
               : 0;
  }

  // The caller that gave the number; empty: GitHub gave it.
  std::string NumberBy() const {
    return submission_.from_github ? std::string() : submission_.caller;
  }

  // Finds the row that the reports are about, by GitHub's number first and the
  // name second. Sets `canonical_` to the name of the row.
  absl::Status FollowNames(const Repository& said) {
    SqliteRepositories& repositories = state_->repositories;
    const int64_t number = Number();
    if (number == 0) return FollowOldName(said);
    if (repositories.Agrees(connection_, canonical_, number)) {
      return absl::OkStatus();
    }
    Whereabouts found =
        repositories.Find(connection_, canonical_, said.host, number);
    switch (WhoIsMeant(number, found)) {
      case Meant::kHolder:
        learnt_number_ = number;
        return absl::OkStatus();
      case Meant::kAlias:
        learnt_number_ = number;
        return Mean(found.alias->meant);
      case Meant::kOwn: {
        if (!MayReport(found.own->repository).ok() ||
            IsClaimOfAnother(*found.own, said)) {
          found.own.reset();
          return FollowClaim(said, number, found);
        }
        absl::Status allowed = Mean(*found.own);
        if (!allowed.ok()) return allowed;
        repositories.AskNumber(connection_, said, number, now_);
        repositories.AskName(connection_, said, now_, now_);
        return absl::OkStatus();
      }
      case Meant::kClaimed:
        repositories.AskNumber(connection_, said, number, now_);
        // Until GitHub answers, only the caller says that the name has this
        // number.
        if (!MayReport(found.own->repository).ok() ||
            IsClaimOfAnother(*found.own, said)) {
          return absl::OkStatus();
        }
        repositories.AddAlias(connection_, canonical_, number, found.own->key);
        return Mean(*found.own);
      case Meant::kNew:
        if (found.alias.has_value()) {
          NameNews news;
          news.to = said;
          news.number = number;
          news.is_answer = true;
          news.by = NumberBy();
          return Learn(news);
        }
        learnt_number_ = number;
        return absl::OkStatus();
      case Meant::kNameless:
        canonical_ = repositories.AddNameless(connection_, said, number,
                                              NumberBy(), now_);
        repositories.AskName(connection_, said, now_, now_);
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // Whether the row has its number only from a delivery of another caller,
  // which may not report for the name `said`. That caller could otherwise
  // divert the reports for this name to its own repository.
  bool IsClaimOfAnother(const NamedRepository& own,
                        const Repository& said) const {
    return state_->may_report && !own.number_by.empty() &&
           own.number_by != NumberBy() &&
           !state_->may_report(own.number_by, said, "");
  }

  // The number belongs to a repository for which the caller may not report, or
  // another caller claimed it. The server acts as if it did not know the
  // number, since the caller must not learn whether it does, and asks GitHub
  // about it. `found` has only the rows that the name leads to.
  absl::Status FollowClaim(const Repository& said, int64_t number,
                           const Whereabouts& found) {
    SqliteRepositories& repositories = state_->repositories;
    repositories.AskNumber(connection_, said, number, now_);
    const Meant meant = WhoIsMeant(number, found);
    if (meant == Meant::kNameless) {
      canonical_ = repositories.FindOrAddClaim(connection_, said, number,
                                               NumberBy(), now_);
      repositories.AskName(connection_, said, now_, now_);
      return absl::OkStatus();
    }
    if (meant == Meant::kNew && found.alias.has_value()) {
      NameNews news;
      news.to = said;
      news.is_answer = true;
      return Learn(news);
    }
    return FollowOldName(said);
  }

  // A farm may still use an old name of the repository.
  absl::Status FollowOldName(const Repository& said) {
    SqliteRepositories& repositories = state_->repositories;
    const std::string current = repositories.Resolve(connection_, canonical_);
    if (current == canonical_) return absl::OkStatus();
    const std::optional<KnownAlias> alias =
        repositories.FindAlias(connection_, canonical_);
    if (!alias.has_value()) return absl::OkStatus();
    absl::Status allowed = MayReport(alias->meant.repository);
    if (!allowed.ok()) return allowed;
    reported_as_ = std::exchange(canonical_, current);
    awaits_name_ = repositories.UseAlias(connection_, said, now_);
    return absl::OkStatus();
  }

  // The reports are about this row. GitHub's number says so, so the name need
  // not be confirmed.
  absl::Status Mean(const NamedRepository& row) {
    absl::Status allowed = MayReport(row.repository);
    if (allowed.ok()) canonical_ = row.canonical;
    return allowed;
  }

  absl::Status Learn(const NameNews& news) {
    // LearnName changes the tables, so Write must come first.
    rows_->Write();
    state_->sequence = sequence_;
    LearnName(connection_, state_, news, nullptr, now_);
    sequence_ = state_->sequence;
    return absl::OkStatus();
  }

  absl::Status MayReport(const Repository& repository) const {
    return submission_.may_report ? submission_.may_report(repository)
                                  : absl::OkStatus();
  }

  // A delivery that names the commit shows that GitHub has it. Call this before
  // a draft points to a row, because Write frees the rows.
  void SeeCommit() {
    if (!submission_.delivery.has_value() || commit_ == nullptr ||
        commit_->commit_key == 0 ||
        !HasMissing(connection_, commit_->commit_key)) {
      return;
    }
    const int64_t commit_key = commit_->commit_key;
    // ReviveMissing changes the tables, so Write must come first.
    rows_->Write();
    made_due_ = true;
    ReviveMissing(connection_, state_, commit_key, now_);
    sequence_ = state_->sequence;
    commit_ = rows_->FindCommit(repository_key_, sha_);
  }

  bool IsKnown() {
    return submission_.delivery.has_value() &&
           DeliveryIsKnown(connection_, *submission_.delivery,
                           options_.oldest_delivery);
  }

  // Whether a person had GitHub redeliver a known delivery, so that its
  // contexts run again.
  bool IsWishToRerun() {
    const std::string& id = submission_.delivery->id;
    // Called first, because the redelivery has arrived in any case.
    if (TakeRedelivery(connection_, id, now_)) return false;
    if (!submission_.redelivery_is_rerun || submission_.observed.has_value() ||
        contexts_.empty()) {
      return false;
    }
    // With another id, the delivery comes through another hook. Soon after the
    // first arrival, something between GitHub and the server repeats it.
    const std::optional<absl::Time> first = DeliveryTime(connection_, id);
    if (!first.has_value() || now_ - *first < kRedeliveryGap) return false;
    return std::none_of(
        contexts_.begin(), contexts_.end(), [this](const std::string& context) {
          const EntryRow& row = drafts_[FindDraft(context)].row;
          return row.version > 0 && StateOf(row.held.phase, row.held.result) ==
                                        CommitState::kPending;
        });
  }

  // Whether the code change has a pull request and a time, by which the heads
  // of the pull request are ordered.
  bool HasHead() const {
    return submission_.change.has_value() &&
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
    SqliteBytes head;
    query.Read(&newest, &head);
    // Older versions of the server stored times in the future.
    newest = std::min(newest, now_);
    const int64_t updated =
        absl::ToUnixMicros(HeadTime(*submission_.change, now_));
    moves_head_ = updated >= absl::ToUnixMicros(newest);
    if (moves_head_ || head.bytes == sha_) return false;
    overtaken_by_ = std::move(head.bytes);
    return true;
  }

  size_t FindDraft(const std::string& context) {
    std::string context_key = absl::AsciiStrToLower(context);
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].row.context_key == context_key) return i;
    }
    Draft& draft = drafts_.emplace_back();
    if (commit_ != nullptr) {
      draft.stored = rows_->FindEntry(commit_, context_key);
    }
    if (draft.stored != nullptr) {
      draft.row = *draft.stored;
    } else {
      draft.row.context_key = std::move(context_key);
      draft.row.context = context;
    }
    return drafts_.size() - 1;
  }

  // ABORTED: `if_sequence` forbids the report, and nothing has changed.
  absl::StatusOr<Disposition> Decide(size_t index) {
    Draft& draft = drafts_[index];
    EntryRow& row = draft.row;
    // Nobody knows what a damaged entry held, so the next report is accepted.
    const Held* const held =
        row.version == 0 || row.IsSetAside() ? nullptr : &row.held;
    Judgement judgement = Judge(held, report_);
    if (is_rerun_) {
      Report again = report_;
      again.rerun = true;
      judgement = Judge(held, again);
    }
    switch (judgement.disposition) {
      case Disposition::kAccepted:
        if (held != nullptr && submission_.if_sequence.has_value() &&
            row.report_sequence > *submission_.if_sequence) {
          return Changed(row);
        }
        Accept(&draft, judgement);
        Record(index, row.held.phase, /*accepted=*/true);
        break;
      case Disposition::kUnchanged:
        if (judgement.renews_expiry) {
          row.expire_time = now_ + report_.expires_after;
          row.expires_after = report_.expires_after;
          row.was_renewed = true;
        }
        Revive(&draft);
        break;
      case Disposition::kSuperseded:
        Record(index, PhaseOf(report_), /*accepted=*/false);
        break;
    }
    return judgement.disposition;
  }

  // The error does not give the newest sequence, because sequences count the
  // reports of all callers.
  absl::Status Changed(const EntryRow& row) const {
    return Error(
        absl::StatusCode::kAborted, "CHANGED",
        absl::StrCat(
            "if_sequence: ", *submission_.if_sequence,
            " is older than the newest report of ", contexts_.front(), " (",
            CommitStateName(StateOf(row.held.phase, row.held.result)), ")"));
  }

  // GitHub's numbers for its statuses give their order.
  Disposition Observe(Draft* draft) {
    const Observed& observed = *submission_.observed;
    EntryRow& row = draft->row;
    if (observed.status_id <= row.shown_status_id) {
      return Disposition::kUnchanged;
    }
    if (draft->stored == nullptr) {
      row.posting_state = PostingState::kObserved;
    }
    row.shown_status_id = observed.status_id;
    row.observed = &report_;
    row.change_sequence = ++sequence_;
    return Disposition::kAccepted;
  }

  void Accept(Draft* draft, const Judgement& judgement) {
    EntryRow& row = draft->row;
    const bool is_pending = !report_.result.has_value();
    absl::Time due = is_pending ? now_ + options_.pending_settle : now_;
    // An entry that still waits to be posted keeps its place. Otherwise a key
    // with frequent reports would never be posted.
    const bool waited = row.version > 0 && row.is_pending == is_pending &&
                        (row.posting_state == PostingState::kDue ||
                         row.posting_state == PostingState::kWaiting);
    if (waited) due = std::min(due, row.first_due_time);
    // GitHub must first confirm the old name that the report used.
    if (awaits_name_) due = std::max(due, now_ + kAmbiguousWait);

    if (row.IsSetAside()) row.held = Held();
    row.version++;
    row.report_sequence = row.change_sequence = ++sequence_;
    const auto others = row.held.other_runs;
    Hold(report_, judgement, &row.held);
    if (row.held.other_runs != others) row.other_runs_changed = true;
    row.posting_state = PostingState::kDue;
    row.is_pending = is_pending;
    row.first_due_time = due;
    row.reported_as = reported_as_;
    row.was_accepted = draft->was_accepted = true;
    row.expire_time.reset();
    if (judgement.renews_expiry) {
      row.expire_time = now_ + report_.expires_after;
      row.expires_after = report_.expires_after;
    }
  }

  // Makes an abandoned entry due again, although the report says the same.
  void Revive(Draft* draft) {
    EntryRow& row = draft->row;
    if (row.posting_state != PostingState::kAbandoned ||
        !MayHelp(row.posting_reason)) {
      return;
    }
    row.posting_state = PostingState::kDue;
    row.first_due_time = std::max(now_, row.first_due_time + kBetweenRevivals);
    if (awaits_name_) {
      row.first_due_time = std::max(row.first_due_time, now_ + kAmbiguousWait);
    }
    row.change_sequence = ++sequence_;
    row.was_revived = draft->was_revived = true;
  }

  void Record(size_t index, Phase phase, bool accepted) {
    const EntryRow& row = drafts_[index].row;
    Recorded& recorded = recorded_.emplace_back();
    recorded.draft = index;
    recorded.phase = phase;
    recorded.version = accepted ? row.version : 0;
    recorded.sequence = accepted ? row.report_sequence : -sequence_;
    if (accepted) recorded.expire_time = row.expire_time;
  }

  void Keep(bool overtaken) {
    KeepEntries();
    if (repository_key_ != 0 && !contexts_.empty() &&
        !submission_.observed.has_value() && !submission_.for_history) {
      // The probe of the repository may become due sooner.
      made_due_ = true;
      ParkingEvent reported;
      reported.kind = ParkingEvent::Kind::kReported;
      TellParking(connection_, state_, repository_key_, reported, now_);
    }
    if (moves_head_ && !overtaken) {
      EnsureRepository();
      SqliteQuery(connection_, kPutPullRequest)
          .Bind(repository_key_, submission_.change->pull_request_number,
                HeadTime(*submission_.change, now_), SqliteBlob{sha_})
          .Run();
    }
    if (submission_.delivery.has_value()) {
      // The number is stored even if the submission changes nothing: the server
      // finds the repository by it after a rename.
      if (repository_key_ != 0) EnsureRepository();
      TakeRedelivery(connection_, submission_.delivery->id, now_);
      NoteDelivery(connection_, state_, *submission_.delivery,
                   report_.repository.host, now_);
    }
  }

  void EnsureRepository() {
    SqliteRepositories& repositories = state_->repositories;
    repository_key_ = repositories.FindOrAdd(connection_, canonical_,
                                             report_.repository, now_);
    if (learnt_number_ != 0) {
      repositories.SetNumber(connection_, canonical_, learnt_number_,
                             NumberBy());
    }
  }

  void KeepEntries() {
    std::vector<bool> has_history(drafts_.size());
    for (const Recorded& recorded : recorded_) {
      has_history[recorded.draft] = true;
    }
    const bool changes_commit =
        !recorded_.empty() ||
        std::any_of(drafts_.begin(), drafts_.end(),
                    [](const Draft& draft) { return IsObserved(draft); });
    if (changes_commit) KeepCommit();
    for (size_t i = 0; i < drafts_.size(); ++i) {
      Draft& draft = drafts_[i];
      if (draft.was_accepted || draft.was_revived) {
        made_due_ = true;
        state_->repositories.AddDue(connection_, canonical_,
                                    draft.row.is_pending);
      }
      if (draft.stored != nullptr) {
        *draft.stored = std::move(draft.row);
      } else if (has_history[i] || IsObserved(draft)) {
        draft.stored = rows_->AddEntry(commit_, std::move(draft.row));
      }
    }
    for (const Recorded& recorded : recorded_) {
      rows_->AddHistory({drafts_[recorded.draft].stored, &report_,
                         recorded.phase, recorded.version, recorded.sequence,
                         submission_.caller,
                         submission_.delivery.has_value()
                             ? absl::string_view(submission_.delivery->id)
                             : absl::string_view(),
                         recorded.expire_time});
    }
    state_->sequence = sequence_;
  }

  void KeepCommit() {
    EnsureRepository();
    if (commit_ == nullptr) commit_ = rows_->AddCommit(repository_key_, sha_);
    if (!overtaken_by_.empty()) commit_->overtaken_by = overtaken_by_;
    for (const Draft& draft : drafts_) {
      if (!draft.was_accepted) continue;
      commit_->was_accepted = true;
      commit_->newest_sequence = sequence_;
      if (draft.stored == nullptr || draft.stored->version == 0) {
        commit_->status_count++;
      } else {
        const Held& before = draft.stored->held;
        Count(StateOf(before.phase, before.result), -1);
      }
      const Held& now = draft.row.held;
      Count(StateOf(now.phase, now.result), 1);
    }
  }

  static bool IsObserved(const Draft& draft) {
    return draft.row.observed != nullptr;
  }

  void Count(CommitState state, int by) {
    if (state == CommitState::kPending) commit_->pending_count += by;
    if (IsFailed(state)) commit_->failed_count += by;
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  AcceptedRows* const rows_;
  const Submission& submission_;
  const Report& report_;
  absl::Span<const std::string> contexts_;
  std::vector<std::string> with_reported_;  // Owns `contexts_` if not empty.
  const AcceptOptions& options_;
  const absl::Time now_;

  std::string canonical_;
  std::string reported_as_;  // The old name that was used; empty: none.
  bool awaits_name_ = false;
  int64_t learnt_number_ = 0;  // 0: none.
  std::string sha_;            // Bytes.
  int64_t repository_key_ = 0;
  CommitRow* commit_ = nullptr;  // Null: it is new.
  int64_t sequence_;
  bool moves_head_ = false;
  std::string overtaken_by_;  // Bytes of the newer head; empty: there is none.
  bool made_due_ = false;     // Something may be due sooner.
  bool is_rerun_ = false;     // A known delivery that asks for a rerun.
  std::vector<Draft> drafts_;
  std::vector<Recorded> recorded_;
};

}  // namespace

std::vector<Outcome> AcceptSubmissions(SqliteConnection* connection,
                                       SqliteWriterState* state,
                                       absl::Span<const Submission> submissions,
                                       const AcceptOptions& options) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(submissions.size());
  AcceptedRows rows(connection, options.now);
  for (const Submission& submission : submissions) {
    if (!connection->status().ok()) return outcomes;
    outcomes.push_back(
        Decision(connection, state, &rows, submission, options).Run());
  }
  rows.Write();
  return outcomes;
}

}  // namespace signalbox
