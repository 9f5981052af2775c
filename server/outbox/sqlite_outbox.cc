#include "server/outbox/sqlite_outbox.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/mutex.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_credential_notes.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_due_times.h"
#include "server/outbox/sqlite_events.h"
#include "server/outbox/sqlite_expiry.h"
#include "server/outbox/sqlite_listing.h"
#include "server/outbox/sqlite_names.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_posting.h"
#include "server/outbox/sqlite_retention.h"
#include "server/outbox/sqlite_store.h"
#include "server/outbox/sqlite_terms.h"
#include "server/outbox/sqlite_views.h"
#include "server/outbox/sqlite_writer.h"

namespace signalbox {
namespace {

// A transaction forgets at most this many deliveries more than it adds.
constexpr int kMostForgotten = 32;
// How many keys a transaction retries. Reports wait for its end.
constexpr size_t kMostRetriedAtOnce = 200;

// Connections that only read. A caller waits at most for another caller's
// short statements, never for the writer.
class Readers {
 public:
  explicit Readers(std::vector<std::unique_ptr<SqliteConnection>> connections)
      : idle_(std::move(connections)) {}

  std::unique_ptr<SqliteConnection> Take() {
    MutexLock lock(&mu_);
    while (idle_.empty()) returned_.Wait(&mu_);
    std::unique_ptr<SqliteConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void Return(std::unique_ptr<SqliteConnection> connection) {
    MutexLock lock(&mu_);
    idle_.push_back(std::move(connection));
    returned_.NotifyOne();
  }

 private:
  Mutex mu_;
  CondVar returned_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_ ABSL_GUARDED_BY(mu_);
};

class SqliteOutbox : public Outbox {
 public:
  SqliteOutbox(SqliteOutboxOptions options, DataDirLock lock,
               std::unique_ptr<SqliteConnection> writer,
               std::vector<std::unique_ptr<SqliteConnection>> readers)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        writer_(std::move(writer), FirstState(options_), WriterOptions()),
        readers_(std::move(readers)) {}

  // Ends the term of the process before, and assigns the credentials.
  absl::Status Begin() {
    absl::Status status =
        Write([](SqliteConnection* connection, SqliteWriterState* state) {
          // The lock on the directory shows that its process is gone.
          EndTerm(connection, state);
          const std::vector<int64_t> found =
              state->repositories.AssignCredentials(connection);
          RecheckParkings(connection, state);
          for (const int64_t key : found) {
            // None of these is parked, so the time does not matter.
            BeginRevive(connection, state, key, absl::UnixEpoch());
          }
        });
    is_open_ = status.ok();
    return status;
  }

  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    std::vector<Outcome> outcomes;
    if (submissions.empty()) return outcomes;
    const absl::Status space = CheckSpace(options_.data_dir);
    if (!space.ok()) return space;
    AcceptOptions options;
    options.pending_settle = options_.pending_settle;
    options.oldest_delivery = now - options_.delivery_memory;
    options.now = now;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          NoteTime(state, now);
          outcomes = AcceptSubmissions(connection, state, submissions, options);
          const auto deliveries =
              absl::c_count_if(submissions, [](const Submission& submission) {
                return submission.delivery.has_value();
              });
          ForgetDeliveries(connection, state, options.oldest_delivery,
                           static_cast<int>(deliveries) + kMostForgotten);
        });
    if (!status.ok()) return status;
    return outcomes;
  }

  absl::StatusOr<std::vector<DueCredential>> DueCredentials(
      absl::Time now) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<DueCredential>>(
          signalbox::DueCredentials(reader, now));
    });
  }

  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) override {
    std::vector<std::optional<Lease>> leases;
    absl::Status checked;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          NoteTime(state, now);
          if (!wanted.empty()) checked = CheckTerm(*state, term);
          if (!checked.ok()) return;
          for (const Settlement& settlement : ended) {
            signalbox::Settle(connection, state, settlement, now);
          }
          leases = TakeAllDue(connection, state, wanted, now);
        });
    if (!status.ok()) return status;
    if (!checked.ok()) return checked;
    return leases;
  }

  void LeaveRequests(StandingRequests requests) override {
    standing_.Leave(std::move(requests));
  }

  StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) override {
    StandingRequests requests = standing_.TakeBack(leases);
    for (StandingLease& standing : *leases) {
      const absl::StatusOr<bool> is_newest =
          Read([&](SqliteConnection* reader) {
            return absl::StatusOr<bool>(IsNewest(reader, standing.lease));
          });
      standing.is_outdated = !is_newest.value_or(false);
    }
    return requests;
  }

  absl::Status Confess(absl::Span<const int64_t> entries,
                       absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState* state) {
      NoteTime(state, now);
      for (const int64_t entry_id : entries) {
        signalbox::Confess(connection, state, entry_id, now);
      }
    });
  }

  absl::StatusOr<bool> BringForward(absl::Time limit, absl::Time now,
                                    int most) override {
    // The settle time of a pending may be longer than any other wait.
    limit = std::max(limit, now + options_.pending_settle);
    bool more = false;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          more = signalbox::BringForward(connection, state, limit, now, most);
        });
    if (!status.ok()) return status;
    return more;
  }

  absl::StatusOr<absl::Time> NextDueTime(absl::Time now) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<absl::Time>(std::min(
          signalbox::NextDueTime(reader, now), NextQuestionTime(reader, now)));
    });
  }

  absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                       absl::string_view sha) override {
    return Read([&](SqliteConnection* reader) {
      return signalbox::GetCommit(reader, repository, sha);
    });
  }

  absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<CommitSummary>>(
          signalbox::ListCommits(reader, repository, before_sequence, limit));
    });
  }

  absl::StatusOr<int64_t> NewestSequence() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<int64_t>(signalbox::NewestSequence(reader));
    });
  }

  absl::StatusOr<std::vector<StatusChange>> ChangesAfter(int64_t after_sequence,
                                                         int limit) override {
    return Read([&](SqliteConnection* reader) {
      return signalbox::ChangesAfter(reader, after_sequence, limit,
                                     options_.changes_kept);
    });
  }

  absl::StatusOr<History> GetHistory(const StatusKey& key) override {
    return Read([&](SqliteConnection* reader) {
      return signalbox::GetHistory(reader, key);
    });
  }

  absl::Status Retry(const StatusKey& key, absl::Time now) override {
    absl::Status found;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          found = signalbox::Retry(connection, state, key, now);
        });
    return status.ok() ? found : status;
  }

  absl::Status RetryAll(absl::Span<const StatusKey> keys,
                        absl::Time now) override {
    for (size_t i = 0; i < keys.size(); i += kMostRetriedAtOnce) {
      const absl::Status retried =
          Write([&](SqliteConnection* connection, SqliteWriterState* state) {
            for (const StatusKey& key : keys.subspan(i, kMostRetriedAtOnce)) {
              // Skips a key that was forgotten meanwhile or is damaged.
              signalbox::Retry(connection, state, key, now).IgnoreError();
            }
          });
      if (!retried.ok()) return retried;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<ListedPage>(signalbox::ListStatuses(reader, query));
    });
  }

  absl::StatusOr<PostingCounts> CountPostings(absl::Time now) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<PostingCounts>(
          signalbox::CountPostings(reader, now));
    });
  }

  absl::StatusOr<std::vector<std::string>> CredentialsOfParked() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<std::string>>(
          signalbox::CredentialsOfParked(reader));
    });
  }

  absl::StatusOr<int64_t> BringProbesForward(const std::string& credential,
                                             int64_t after, absl::Time now,
                                             int limit) override {
    int64_t last = 0;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          last = BringCredentialForward(connection, state, credential, after,
                                        now, limit);
        });
    if (!status.ok()) return status;
    return last;
  }

  absl::StatusOr<int> AbandonParked(absl::Time now, int limit) override {
    // Usually there is none, and a read does not hold up the writer.
    const absl::StatusOr<bool> any = Read([&](SqliteConnection* reader) {
      return absl::StatusOr<bool>(HasHopelessParking(reader) ||
                                  HasLostRepository(reader, now));
    });
    if (!any.ok()) return any.status();
    if (!*any) return 0;
    int abandoned = 0;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          abandoned = signalbox::AbandonParked(connection, state, now, limit);
          AbandonLost(connection, state, now, limit);
        });
    if (!status.ok()) return status;
    return abandoned;
  }

  absl::StatusOr<int> AbandonHeld(const std::string& credential,
                                  const std::string& reason, absl::Time before,
                                  absl::Time now, int limit) override {
    int abandoned = 0;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          abandoned = signalbox::AbandonHeld(connection, state, credential,
                                             reason, before, now, limit);
        });
    if (!status.ok()) return status;
    return abandoned;
  }

  absl::StatusOr<int> ExpirePendings(absl::Time now, int limit) override {
    int expired = 0;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          expired = signalbox::ExpirePendings(connection, state, now, limit);
        });
    if (!status.ok()) return status;
    return expired;
  }

  absl::Status LearnName(const Repository& from, const NameAnswer& answer,
                         absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState* state) {
      NameNews news;
      news.from = from;
      news.to = answer.name;
      news.number = answer.number;
      news.time = answer.update_time;
      news.is_answer = true;
      signalbox::LearnName(connection, state, std::move(news), nullptr, now);
    });
  }

  absl::StatusOr<Repository> MeantBy(const Repository& name) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<Repository>(signalbox::MeantBy(reader, name));
    });
  }

  absl::StatusOr<std::vector<NameQuestion>> NameQuestions(absl::Time now,
                                                          int limit) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<NameQuestion>>(
          signalbox::NameQuestions(reader, now, limit));
    });
  }

  absl::Status AnswerName(const NameAnswer& answer, absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState* state) {
      signalbox::AnswerName(connection, state, answer, now);
    });
  }

  absl::StatusOr<bool> DoChores(absl::Time now) override {
    // Usually there are none, and a read does not hold up the writer.
    const absl::StatusOr<bool> any = Read([&](SqliteConnection* reader) {
      return absl::StatusOr<bool>(HasChores(reader));
    });
    if (!any.ok() || !*any) return any;
    bool more = false;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          more = signalbox::DoChores(connection, state, now);
        });
    if (!status.ok()) return status;
    return more;
  }

  absl::Status Checkpoint() override {
    const absl::Status status = writer_.Checkpoint();
    return status.ok() ? status : RunTimeError(status);
  }

  absl::StatusOr<bool> ForgetBefore(absl::Time before) override {
    bool more = false;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          more = signalbox::ForgetBefore(connection, state, before,
                                         options_.changes_kept);
        });
    if (!status.ok()) return status;
    return more;
  }

  absl::Status SetPause(const std::string& credential, absl::Time until,
                        absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::SetPause(connection, credential, until, now);
    });
  }

  absl::StatusOr<std::vector<CredentialPause>> Pauses() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<CredentialPause>>(
          signalbox::Pauses(reader));
    });
  }

  absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                   absl::Time now) override {
    const absl::Status space = CheckSpace(options_.data_dir);
    if (!space.ok()) return space;
    absl::StatusOr<bool> accepted = false;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          accepted =
              signalbox::AcceptEvent(connection, state, submission,
                                     now - options_.delivery_memory, now);
        });
    if (!status.ok()) return status;
    return accepted;
  }

  absl::StatusOr<std::vector<Rerun>> Reruns(int limit) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<Rerun>>(
          signalbox::Reruns(reader, limit));
    });
  }

  absl::Status SettleRerun(int64_t id,
                           std::optional<absl::Time> next_try_time) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::SettleRerun(connection, id, next_try_time);
    });
  }

  absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<bool>>(
          signalbox::KnownDeliveries(reader, ids));
    });
  }

  absl::Status AwaitRedelivery(const std::string& id, bool cancelled,
                               absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::AwaitRedelivery(connection, id, cancelled, now);
    });
  }

  absl::StatusOr<std::vector<SeenHook>> SeenHooks() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<SeenHook>>(
          signalbox::SeenHooks(reader));
    });
  }

  absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const std::string& after, int limit) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<KnownRepository>>(
          ListRepositories(reader, after, limit));
    });
  }

  absl::Status SetInstallations(
      absl::Span<const CredentialInstallation> installations) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::SetInstallations(connection, installations);
    });
  }

  absl::StatusOr<std::vector<CredentialInstallation>> Installations() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<std::vector<CredentialInstallation>>(
          signalbox::Installations(reader));
    });
  }

  absl::Status SetNamedTime(const std::string& name, absl::Time time) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::SetNamedTime(connection, name, time);
    });
  }

  absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) override {
    return Read([&](SqliteConnection* reader) {
      return absl::StatusOr<std::optional<absl::Time>>(
          signalbox::GetNamedTime(reader, name));
    });
  }

  absl::StatusOr<TermLook> Look() override {
    return Read([](SqliteConnection* reader) {
      return absl::StatusOr<TermLook>(LookAtTerm(reader));
    });
  }

  absl::StatusOr<Term> Claim(const TermLook& seen, const std::string& owner,
                             const std::string& holder,
                             absl::Time now) override {
    absl::StatusOr<Term> claimed;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          claimed = ClaimTerm(connection, state, seen, owner, holder, now);
        });
    if (!status.ok()) return status;
    return claimed;
  }

  absl::Status Beat(const Term& term, absl::Time now) override {
    absl::Status beaten;
    const absl::Status status =
        Write([&](SqliteConnection* connection, SqliteWriterState* state) {
          beaten = signalbox::Beat(connection, *state, term, now);
        });
    return status.ok() ? beaten : status;
  }

  absl::Status GiveBack(const Term& term) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState* state) {
      signalbox::GiveBack(connection, state, term);
    });
  }

 private:
  static SqliteWriterState FirstState(const SqliteOutboxOptions& options) {
    SqliteWriterState state(options.credential_of);
    state.may_report = options.may_report;
    return state;
  }

  SqliteWriter::Options WriterOptions() {
    SqliteWriter::Options options;
    options.on_change = options_.on_change;
    options.before_commit = [this](SqliteConnection* connection,
                                   SqliteWriterState* state) {
      TakeForStanding(connection, state, &standing_);
    };
    options.after_commit = [this](bool is_durable) {
      standing_.End(is_durable);
    };
    options.on_damaged_row = options_.on_damaged_row;
    return options;
  }

  absl::Status Write(SqliteWriter::Change change) {
    const absl::Status status = writer_.Write(change);
    return status.ok() ? status : RunTimeError(status);
  }

  static void NoteTime(SqliteWriterState* state, absl::Time now) {
    state->now = std::max(state->now, now);
  }

  // The file of an open store does not become unwritable in normal operation:
  // then PERMISSION_DENIED is INTERNAL.
  absl::Status RunTimeError(absl::Status status) {
    if (absl::IsPermissionDenied(status)) {
      status = Error(absl::StatusCode::kInternal, ReasonOf(status),
                     status.message());
    }
    if (absl::IsInternal(status) && is_open_ && options_.on_failure) {
      options_.on_failure(status);
    }
    return status;
  }

  // Runs `look` on one unchanging view of the data. If it meets damaged rows,
  // they are set aside, and it runs again.
  template <typename Looking>
  auto Read(Looking look) -> decltype(look(nullptr)) {
    bool may_repair = false;
    absl::Status failure;
    auto seen = TryToRead(look, &failure, &may_repair);
    if (may_repair) {
      const absl::StatusOr<bool> repaired = writer_.RepairForReader();
      if (!repaired.ok()) {
        failure = repaired.status();
      } else if (*repaired) {
        seen = TryToRead(look, &failure, &may_repair);
        if (may_repair) writer_.NoteRepairedInVain();
      }
    }
    if (!failure.ok()) return RunTimeError(failure);
    return seen;
  }

  // `failure` is an error of the store, not one that `look` returns.
  template <typename Looking>
  auto TryToRead(const Looking& look, absl::Status* failure, bool* may_repair)
      -> decltype(look(nullptr)) {
    std::unique_ptr<SqliteConnection> reader = readers_.Take();
    auto seen = [&]() -> decltype(look(nullptr)) {
      SqliteTransaction transaction(reader.get(),
                                    SqliteTransaction::Kind::kRead);
      auto looked = look(reader.get());
      *failure = transaction.Commit();
      *may_repair = !failure->ok() && reader->MayRepair();
      return looked;
    }();
    readers_.Return(std::move(reader));
    return seen;
  }

  const SqliteOutboxOptions options_;
  const DataDirLock lock_;
  bool is_open_ = false;  // Constant after Begin.

  StandingDesk standing_;
  SqliteWriter writer_;

  // Closed before the writer, which then checkpoints a last time.
  Readers readers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> OpenSqliteOutbox(
    SqliteOutboxOptions options) {
  absl::StatusOr<DataDirLock> lock =
      DataDirLock::Acquire(options.data_dir, DataDirLock::IfMissing::kCreate);
  if (!lock.ok()) return lock.status();
  auto writer = OpenWriter(options.data_dir);
  if (!writer.ok()) return writer.status();
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (int i = 0; i < options.readers; ++i) {
    auto reader = OpenReader(options.data_dir);
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  auto outbox =
      std::make_unique<SqliteOutbox>(std::move(options), *std::move(lock),
                                     *std::move(writer), std::move(readers));
  const absl::Status begun = outbox->Begin();
  if (!begun.ok()) return OpenError(begun);
  return outbox;
}

}  // namespace signalbox
