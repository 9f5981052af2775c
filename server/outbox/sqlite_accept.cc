#include "server/outbox/sqlite_accept.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "common/error.h"
#include "server/outbox/accept_rules.h"
#include "server/outbox/sqlite_accepted_rows.h"
#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_lookups.h"
#include "server/outbox/sqlite_meant.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_posting.h"

namespace signalbox {
namespace {

// A transaction forgets at most this many deliveries more than it adds.
constexpr int kMostForgotten = 32;

constexpr char kFindPullRequest[] =
    "SELECT updated_time_us, head_sha FROM pull_request "
    "WHERE repository_key = ? AND number = ?";
constexpr char kPutPullRequest[] =
    "INSERT OR REPLACE INTO pull_request (repository_key, number, "
    "updated_time_us, head_sha) VALUES (?, ?, ?, ?)";

// Loads the rows that one submission is about, decides about all of its
// contexts by accept_rules.h, and only then stores anything, so that a refused
// submission is not stored in part.
class Accepting {
 public:
  Accepting(SqliteConnection* connection, SqliteWriterState* state,
            const Submission& submission, const AcceptOptions& options)
      : connection_(connection),
        state_(state),
        rows_(&state->accepted),
        submission_(submission),
        report_(submission.report),
        contexts_(submission.contexts),
        options_(options),
        now_(options.now) {
    found_.now = options.now;
    found_.pending_settle = options.pending_settle;
    found_.limits = state->limits;
  }

  Outcome Run() {
    Outcome outcome;
    outcome.status = FindCommit();
    if (submission_.ReportsNothing()) {
      // Without reports there is nothing to refuse.
      if (outcome.status.ok()) {
        SeeCommit();
        KeepHeadRef();
      }
      outcome.status = absl::OkStatus();
    } else if (outcome.status.ok()) {
      FindCircumstances();
      outcome.status = Decide(&outcome.receipts);
      if (outcome.status.ok() && !found_.IsRepeat()) Keep();
    }
    outcome.made_due = made_due_;
    return outcome;
  }

 private:
  absl::Status FindCommit() {
    if (report_.sha.empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_SUBMISSION",
                   "sha: \"\" is not a full SHA (40 or 64 hexadecimal digits)");
    }
    absl::StatusOr<MeantRepository> meant =
        FindMeant(connection_, state_, submission_, now_);
    if (!meant.ok()) return meant.status();
    canonical_ = std::move(meant->canonical);
    learnt_number_ = meant->learnt_number;
    found_.reported_as = std::move(meant->reported_as);
    found_.awaits_answer = meant->awaits_answer;
    repository_key_ = state_->repositories.FindKey(connection_, canonical_);
    if (repository_key_ != 0) {
      // A parking looks at the entries of its repository.
      if (state_->repositories.IsParked(connection_, repository_key_)) {
        rows_->Write(connection_);
      }
      if (IsToBeMoved(connection_, state_, repository_key_, report_.sha)) {
        rows_->Write(connection_);
        state_->due_news.changed_more = true;
        MoveFirst(connection_, state_, repository_key_, report_.sha,
                  submission_.with_all_reported
                      ? absl::Span<const std::string>()
                      : contexts_,
                  now_);
      }
      commit_ = rows_->FindCommit(connection_, repository_key_, report_.sha);
    }
    return absl::OkStatus();
  }

  // A delivery that names the commit shows that GitHub has it. Call this before
  // a draft points to a row, because Write frees the rows.
  void SeeCommit() {
    if (!submission_.delivery.has_value() || commit_ == nullptr ||
        commit_->commit_key == 0 ||
        !HasMissing(connection_, *state_, commit_->commit_key)) {
      return;
    }
    const int64_t commit_key = commit_->commit_key;
    // ReviveMissing changes the tables, so Write must come first.
    rows_->Write(connection_);
    made_due_ = true;
    state_->due_news.changed_more = true;
    ReviveMissing(connection_, state_, commit_key, now_);
    commit_ = rows_->FindCommit(connection_, repository_key_, report_.sha);
  }

  void FindCircumstances() {
    WriteWhatWasObserved();
    found_.is_known = submission_.delivery.has_value() &&
                      DeliveryIsKnown(connection_, *submission_.delivery,
                                      options_.oldest_delivery);
    if (!found_.is_known) SeeCommit();
    FindContexts();
    found_.is_overtaken = HeadIsOvertaken();
    found_.asks_rerun = found_.is_known && AsksRerun();
  }

  void WriteWhatWasObserved() {
    if (commit_ == nullptr || commit_->entries.empty()) return;
    for (const std::string& context : submission_.contexts) {
      if (!rows_->MustWriteBefore(*commit_, absl::AsciiStrToLower(context),
                                  submission_.observed.has_value())) {
        continue;
      }
      rows_->Write(connection_);
      commit_ = rows_->FindCommit(connection_, repository_key_, report_.sha);
      return;
    }
  }

  void FindContexts() {
    if (!submission_.with_all_reported || commit_ == nullptr) return;
    // ReportedContexts reads the tables, so Write must come first.
    rows_->Write(connection_);
    commit_ = rows_->FindCommit(connection_, repository_key_, report_.sha);
    if (commit_ == nullptr) return;
    with_reported_ = WithReported(
        submission_, rows_->ReportedContexts(connection_, *commit_));
    contexts_ = with_reported_;
  }

  bool HeadIsOvertaken() {
    if (!HasHead(submission_)) return false;
    moves_head_ = true;
    if (repository_key_ == 0) return false;
    SqliteQuery query(connection_, kFindPullRequest);
    query.Bind(repository_key_, submission_.change->pull_request_number);
    if (!query.Next()) return false;
    KnownHead newest;
    query.Read(&newest.updated_time, &newest.sha);
    const HeadOrder order =
        OrderOf(*submission_.change, report_.sha, newest, now_);
    moves_head_ = order == HeadOrder::kNewest;
    if (order != HeadOrder::kOvertaken) return false;
    overtaken_by_ = newest.sha;
    return true;
  }

  bool AsksRerun() {
    const std::string& id = submission_.delivery->id;
    // Called first, because the redelivery has arrived in any case.
    if (TakeRedelivery(connection_, id, now_)) return false;
    return MayAskRerun(submission_, contexts_) &&
           ComesAgain(DeliveryTime(connection_, id), now_) &&
           std::none_of(contexts_.begin(), contexts_.end(),
                        [this](const std::string& context) {
                          return IsPending(FindDraft(context).row);
                        });
  }

  // The draft moves when another is found.
  Draft& FindDraft(const std::string& context) {
    std::string context_key = absl::AsciiStrToLower(context);
    for (Draft& draft : drafts_) {
      if (draft.row.context_key == context_key) return draft;
    }
    Draft& draft = drafts_.emplace_back();
    if (commit_ != nullptr) {
      draft.stored = rows_->FindEntry(connection_, commit_, context_key);
    }
    if (draft.stored != nullptr) {
      draft.row = *draft.stored;
    } else {
      draft.row.context_key = std::move(context_key);
      draft.row.context = context;
      draft.row.report_time = now_;
    }
    return draft;
  }

  absl::Status Decide(std::vector<Receipt>* receipts) {
    sequence_ = state_->sequence;
    receipts->reserve(contexts_.size());
    for (const std::string& context : contexts_) {
      Draft& draft = FindDraft(context);
      const absl::StatusOr<Decided> decided =
          DecideEntry(submission_, found_, context, &sequence_, &draft);
      if (!decided.ok()) {
        receipts->clear();
        return decided.status();
      }
      if (decided->is_recorded) {
        recorded_.emplace_back(&draft - drafts_.data(), *decided);
      }
      receipts->push_back(
          ReceiptFor(submission_, context, draft.row, decided->disposition));
    }
    return absl::OkStatus();
  }

  void Keep() {
    KeepEntries();
    if (repository_key_ != 0 && !contexts_.empty() &&
        !submission_.observed.has_value() && !submission_.for_history) {
      // The probe of the repository may become due sooner.
      made_due_ = true;
      if (state_->repositories.IsParked(connection_, repository_key_)) {
        state_->due_news.changed_more = true;
      }
      ParkingEvent reported;
      reported.kind = ParkingEvent::Kind::kReported;
      ApplyParkingEvent(connection_, state_, repository_key_, reported, now_);
    }
    if (moves_head_) {
      EnsureRepository();
      connection_->Execute(kPutPullRequest, repository_key_,
                           submission_.change->pull_request_number,
                           HeadTime(*submission_.change, now_), report_.sha);
    }
    KeepHeadRef();
    if (submission_.delivery.has_value()) {
      // The number is stored even if the submission changes nothing: the server
      // finds the repository by it after a rename.
      if (repository_key_ != 0) EnsureRepository();
      TakeRedelivery(connection_, submission_.delivery->id, now_);
      NoteDelivery(connection_, state_, *submission_.delivery,
                   report_.repository.host, now_);
    }
  }

  // A delivery or an answer of GitHub's says where a branch or tag is. The
  // server keeps no heads of a repository that has no row: nothing was reported
  // for it.
  void KeepHeadRef() {
    const bool github_says =
        submission_.delivery.has_value() || submission_.from_github;
    if (!github_says || !submission_.change.has_value() ||
        repository_key_ == 0) {
      return;
    }
    const std::string ref = HeadRefOf(*submission_.change);
    if (ref.empty()) return;
    KeepHead(connection_, repository_key_, ref, report_.sha,
             HeadRefTime(*submission_.change, now_), now_);
  }

  void EnsureRepository() {
    SqliteRepositories& repositories = state_->repositories;
    repository_key_ = repositories.FindOrAdd(connection_, canonical_,
                                             report_.repository, now_);
    if (learnt_number_ != 0) {
      repositories.SetNumber(connection_, canonical_, learnt_number_,
                             submission_.NumberBy());
    }
  }

  void KeepEntries() {
    const bool has_news =
        std::any_of(drafts_.begin(), drafts_.end(),
                    [](const Draft& draft) { return draft.HasNews(); });
    if (has_news) KeepCommit();
    for (Draft& draft : drafts_) {
      if (draft.was_accepted || draft.was_revived) {
        made_due_ = true;
        NoteDue(draft);
      }
      if (draft.stored != nullptr) {
        *draft.stored = std::move(draft.row);
      } else if (draft.HasNews()) {
        draft.stored =
            rows_->AddEntry(connection_, commit_, std::move(draft.row));
      }
    }
    Record();
    state_->sequence = sequence_;
  }

  // Adds what has changed to the journal, so that the tables can be written
  // later. The journal does not hold everything: see WriteAtEnd.
  void Record() {
    for (const auto& [index, decided] : recorded_) {
      Record(drafts_[index], decided);
    }
    for (const Draft& draft : drafts_) {
      if (draft.stored == nullptr) continue;
      const EntryRow& row = *draft.stored;
      if (draft.was_renewed) {
        Record(draft,
               {Disposition::kUnchanged, /*is_recorded=*/false, row.held.phase,
                row.version, row.report_sequence, row.expire_time});
      }
      if (row.version == 0 || row.observed != nullptr ||
          row.other_runs_changed || draft.was_revived) {
        rows_->WriteAtEnd();
      }
    }
  }
  void Record(const Draft& draft, const Decided& decided) {
    rows_->Record(connection_, commit_, draft.stored, submission_, decided,
                  now_);
  }

  void NoteDue(const Draft& draft) {
    const EntryRow& row = draft.row;
    const std::string* const credential =
        state_->repositories.AddDue(connection_, canonical_, row.is_pending);
    // A try that failed can be ambiguous, and delay the entry.
    const bool has_failed =
        draft.stored != nullptr &&
        (draft.stored->posting_state == PostingState::kWaiting ||
         draft.stored->posting_state == PostingState::kAbandoned);
    if (credential == nullptr || has_failed) {
      state_->due_news.changed_more = true;
      return;
    }
    // As the store rounds it.
    const absl::Time time =
        absl::FromUnixMicros(absl::ToUnixMicros(row.first_due_time));
    state_->due_news.accepted[time][*credential] |= !row.is_pending;
  }

  void KeepCommit() {
    EnsureRepository();
    if (commit_ == nullptr) {
      commit_ = rows_->AddCommit(repository_key_, report_.sha, now_);
    }
    if (!overtaken_by_.empty()) {
      commit_->overtaken_by = overtaken_by_;
      rows_->WriteAtEnd();
    }
    for (const Draft& draft : drafts_) {
      if (!draft.was_accepted) continue;
      commit_->was_accepted = true;
      commit_->update_time = now_;
      CountAccepted(draft, sequence_, &commit_->counts);
    }
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

  CanonicalName canonical_;
  int64_t learnt_number_ = 0;  // 0: none.
  int64_t repository_key_ = 0;
  CommitRow* commit_ = nullptr;  // Null: it is new.
  Circumstances found_;
  int64_t sequence_ = 0;     // The last one given, once Decide has begun.
  bool moves_head_ = false;  // The commit is the newest head.
  Sha overtaken_by_;         // The newer head; empty: there is none.
  bool made_due_ = false;    // Something may be due sooner.
  std::vector<Draft> drafts_;
  std::vector<std::pair<size_t, Decided>> recorded_;  // By index of `drafts_`.
};

}  // namespace

std::vector<Outcome> AcceptSubmissions(SqliteConnection* connection,
                                       SqliteWriterState* state,
                                       absl::Span<const Submission> submissions,
                                       const AcceptOptions& options) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(submissions.size());
  for (const Submission& submission : submissions) {
    if (!connection->status().ok()) return outcomes;
    outcomes.push_back(Accepting(connection, state, submission, options).Run());
  }
  const auto deliveries =
      absl::c_count_if(submissions, [](const Submission& submission) {
        return submission.delivery.has_value();
      });
  ForgetDeliveries(connection, state, options.oldest_delivery,
                   static_cast<int>(deliveries) + kMostForgotten);
  return outcomes;
}

}  // namespace signalbox
