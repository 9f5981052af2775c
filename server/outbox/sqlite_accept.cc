#include "server/outbox/sqlite_accept.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/error.h"
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

// Nobody presses a button sooner.
constexpr absl::Duration kRedeliveryGap = absl::Seconds(10);

// One entry while a submission is being decided: `row` is `stored` with what
// the submission does to it.
struct Draft {
  EntryRow row;
  EntryRow* stored = nullptr;  // Null: it is new.
  bool was_accepted = false;   // By this submission.
  bool was_revived = false;    // Also by this submission.
};

// An abandoned entry that a report makes due again was due last so long ago.
constexpr absl::Duration kBetweenRevivals = absl::Seconds(10);

// Whether GitHub may take the same report by now.
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

// Decides about a whole submission, and keeps it only then: one that is refused
// has changed nothing.
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
      // It asks for nothing that could be refused.
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
    // It reads rows, and so must see all of them.
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

  // Whoever watches sees each change of a status. A report has a row of its own
  // that tells of it; what was observed is told of by the entry, and so its row
  // is written before and after.
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

  // GitHub's number for the repository, as far as it may be believed.
  int64_t Number() const {
    return submission_.delivery.has_value() || submission_.from_github
               ? report_.repository_id
               : 0;
  }

  // Who said it; empty: GitHub did.
  std::string NumberBy() const {
    return submission_.from_github ? std::string() : submission_.caller;
  }

  // Finds the row that the reports are about, by GitHub's number first and the
  // name second; `canonical_` is what it is called.
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
        // Until GitHub answers, the number is the caller's word alone.
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

  // Whether nobody but another caller's delivery says that the row has the
  // number, and that caller may not speak of the name which is said now: it
  // would lead what is reported for that name to a repository of its own.
  bool IsClaimOfAnother(const NamedRepository& own,
                        const Repository& said) const {
    return state_->may_report && !own.number_by.empty() &&
           own.number_by != NumberBy() &&
           !state_->may_report(own.number_by, said, "");
  }

  // The number is that of a repository to which the caller has no right, or
  // another's claim. The server answers as if it did not know the number:
  // whether it does, is not the caller's to know. GitHub is asked whose it is.
  // `found`: by the name alone.
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

  // A farm may still say the name that the repository had before.
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

  // The reports are about this row. Its number is of the delivery, and so is
  // nothing ambiguous that came by an old name.
  absl::Status Mean(const NamedRepository& row) {
    absl::Status allowed = MayReport(row.repository);
    if (allowed.ok()) canonical_ = row.canonical;
    return allowed;
  }

  absl::Status Learn(const NameNews& news) {
    // It moves rows, and so must see all of them.
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

  // A delivery that names the commit tells that GitHub has it. Called before
  // anything holds rows.
  void SeeCommit() {
    if (!submission_.delivery.has_value() || commit_ == nullptr ||
        commit_->commit_key == 0 ||
        !HasMissing(connection_, commit_->commit_key)) {
      return;
    }
    const int64_t commit_key = commit_->commit_key;
    // It changes rows, and so must see all of them.
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

  // Whether a known delivery comes again because a person had GitHub make it
  // again, to have its contexts run again.
  bool IsWishToRerun() {
    const std::string& id = submission_.delivery->id;
    // Whatever it means, it has arrived.
    if (TakeRedelivery(connection_, id, now_)) return false;
    if (!submission_.redelivery_is_rerun || submission_.observed.has_value() ||
        contexts_.empty()) {
      return false;
    }
    // Under another id it comes through another hook. Soon after the first it
    // is a repetition of somebody on the way.
    const std::optional<absl::Time> first = DeliveryTime(connection_, id);
    if (!first.has_value() || now_ - *first < kRedeliveryGap) return false;
    return std::none_of(
        contexts_.begin(), contexts_.end(), [this](const std::string& context) {
          const EntryRow& row = drafts_[FindDraft(context)].row;
          return row.version > 0 && StateOf(row.held.phase, row.held.result) ==
                                        CommitState::kPending;
        });
  }

  // Whether the change that `submission_` tells of is in a pull request and
  // placed in time, so that its heads have an order.
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
    // Older programs kept times of the future.
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

  // ABORTED: `if_sequence` forbids it, and nothing has changed.
  absl::StatusOr<Disposition> Decide(size_t index) {
    Draft& draft = drafts_[index];
    EntryRow& row = draft.row;
    // After damage nobody knows what was reported: the next report counts.
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

  // Says no number: all callers share one count.
  absl::Status Changed(const EntryRow& row) const {
    return Error(
        absl::StatusCode::kAborted, "CHANGED",
        absl::StrCat(
            "if_sequence: ", *submission_.if_sequence,
            " is older than the newest report of ", contexts_.front(), " (",
            CommitStateName(StateOf(row.held.phase, row.held.result)), ")"));
  }

  // What GitHub shows counts by GitHub's own order, which its numbers tell.
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
    // What still waited for its turn keeps its place: else a key that is
    // reported often enough would never be posted.
    const bool waited = row.version > 0 && row.is_pending == is_pending &&
                        (row.posting_state == PostingState::kDue ||
                         row.posting_state == PostingState::kWaiting);
    if (waited) due = std::min(due, row.first_due_time);
    // GitHub is asked first who has the name by which it came.
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

  // Unchanged is not to mean that nothing happens.
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
      // Its probe may be brought forward.
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
      // A number is learnt even from what changes nothing: by it the
      // repository is found again under its next name.
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
  std::vector<std::string> with_reported_;  // `contexts_`, if it asks for all.
  const AcceptOptions& options_;
  const absl::Time now_;

  std::string canonical_;
  std::string reported_as_;  // The old name that was said; empty: none was.
  bool awaits_name_ = false;
  int64_t learnt_number_ = 0;  // 0: none.
  std::string sha_;            // Bytes.
  int64_t repository_key_ = 0;
  CommitRow* commit_ = nullptr;  // Null: it is new.
  int64_t sequence_;
  bool moves_head_ = false;
  std::string overtaken_by_;  // Bytes of the newer head; empty: there is none.
  bool made_due_ = false;     // Something may be due sooner.
  bool is_rerun_ = false;     // A known delivery that counts again.
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
