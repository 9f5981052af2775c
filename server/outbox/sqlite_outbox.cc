#include "server/outbox/sqlite_outbox.h"

#include <algorithm>
#include <atomic>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/error.h"
#include "server/outbox/due_board.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_credential_notes.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_due_times.h"
#include "server/outbox/sqlite_events.h"
#include "server/outbox/sqlite_expiry.h"
#include "server/outbox/sqlite_names.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_posting.h"
#include "server/outbox/sqlite_readers.h"
#include "server/outbox/sqlite_reading.h"
#include "server/outbox/sqlite_retention.h"
#include "server/outbox/sqlite_returned.h"
#include "server/outbox/sqlite_store.h"
#include "server/outbox/sqlite_terms.h"
#include "server/outbox/sqlite_views.h"
#include "server/outbox/sqlite_writer.h"

namespace signalbox {
namespace {

// How many keys a transaction retries. Reports wait for its end.
constexpr size_t kMostRetriedAtOnce = 200;

class SqliteOutbox : public SqliteReading {
 public:
  SqliteOutbox(SqliteOutboxOptions options, DataDirLock lock,
               std::unique_ptr<SqliteConnection> writer, bool is_sound,
               std::vector<std::unique_ptr<SqliteConnection>> readers)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        is_sound_(is_sound),
        writer_(std::move(writer), FirstState(options_), WriterOptions()),
        readers_(std::move(readers), &writer_) {}

  ~SqliteOutbox() override {
    if (is_open_) writer_.Close(is_sound_ && !met_damage_);
  }

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
    if (submissions.empty()) return std::vector<Outcome>();
    const absl::Status space = CheckSpace(options_.data_dir);
    if (!space.ok()) return space;
    AcceptOptions options;
    options.pending_settle = options_.pending_settle;
    options.oldest_delivery = now - options_.delivery_memory;
    options.now = now;
    return Apply(
        [&](SqliteConnection* connection, SqliteWriterState* state) {
          NoteTime(state, now);
          return AcceptSubmissions(connection, state, submissions, options);
        },
        SqliteWriter::Kind::kReports);
  }

  absl::StatusOr<bool> TidyUp() override {
    absl::StatusOr<bool> more = writer_.FoldSome();
    if (!more.ok()) return RunTimeError(more.status());
    return more;
  }

  absl::StatusOr<DueWork> FindDueWork(absl::Time now) override {
    return due_board_.Find(now,
                           [&] { return Read(signalbox::FindDueWork, now); });
  }

  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) override {
    using Leases = std::vector<std::optional<Lease>>;
    return Write([&](SqliteConnection* connection,
                     SqliteWriterState* state) -> absl::StatusOr<Leases> {
      NoteTime(state, now);
      absl::Status checked;
      if (!wanted.empty()) checked = CheckTerm(*state, term);
      if (!checked.ok()) return checked;
      for (const Settlement& settlement : ended) {
        signalbox::Settle(connection, state, settlement, now);
      }
      return TakeAllDue(connection, state, wanted, now);
    });
  }

  void LeaveRequests(StandingRequests requests) override {
    standing_.Leave(std::move(requests));
  }

  StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) override {
    StandingRequests requests = standing_.TakeBack(leases);
    if (leases->empty()) return requests;
    // After an error, IsNewest is false: then the lease is returned.
    Read([&](SqliteConnection* reader) {
      for (StandingLease& standing : *leases) {
        standing.is_outdated = !IsNewest(reader, standing.lease);
      }
      return absl::OkStatus();
    }).IgnoreError();
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

  absl::StatusOr<bool> BringForward(const Term& term, absl::Duration farthest,
                                    absl::Time now, int most) override {
    // The settle time of a pending may be longer than any other wait.
    farthest = std::max(farthest, options_.pending_settle);
    return Write(InTerm(term, signalbox::BringForward), now + farthest, now,
                 most);
  }

  absl::StatusOr<std::vector<StatusChange>> ChangesAfter(ChangeCursor after,
                                                         int limit) override {
    return Read(signalbox::ChangesAfter, after, limit, options_.changes_kept);
  }

  absl::Status Retry(const StatusKey& key, absl::Time now) override {
    return Write(signalbox::Retry, key, now);
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

  absl::StatusOr<std::vector<std::string>> CredentialsOfParked() override {
    return Read<kUnfolded>(signalbox::CredentialsOfParked);
  }

  absl::StatusOr<int64_t> BringProbesForward(const Term& term,
                                             const std::string& credential,
                                             int64_t after, absl::Time now,
                                             int limit) override {
    return Write(InTerm(term, BringCredentialForward), credential, after, now,
                 limit);
  }

  absl::StatusOr<int> AbandonParked(const Term& term, absl::Time now,
                                    int limit) override {
    // Usually there is none, and a read does not hold up the writer.
    const absl::StatusOr<bool> any = Read([&](SqliteConnection* reader) {
      return HasHopelessParking(reader) || HasLostRepository(reader, now);
    });
    if (!any.ok()) return any.status();
    if (!*any) return 0;
    const auto abandon = [&](SqliteConnection* connection,
                             SqliteWriterState* state) {
      const int abandoned =
          signalbox::AbandonParked(connection, state, now, limit);
      AbandonLost(connection, state, now, limit);
      return abandoned;
    };
    return Write(InTerm(term, abandon));
  }

  absl::StatusOr<int> AbandonHeld(const Term& term,
                                  const std::string& credential,
                                  const std::string& reason, absl::Duration age,
                                  absl::Time now, int limit) override {
    return Write(InTerm(term, signalbox::AbandonHeld), credential, reason,
                 now - age, now, limit);
  }

  absl::StatusOr<int> ExpirePendings(const Term& term, absl::Time now,
                                     int limit) override {
    return Write(InTerm(term, signalbox::ExpirePendings), now, limit);
  }

  absl::Status LearnName(const Term& term, const Repository& from,
                         const NameAnswer& answer, absl::Time now) override {
    return Write(InTerm(term, LearnAnswer), from, answer, now);
  }

  absl::Status AnswerName(const Term& term, const NameAnswer& answer,
                          absl::Time now) override {
    return Write(InTerm(term, signalbox::AnswerName), answer, now);
  }

  absl::StatusOr<bool> DoChores(const Term& term, absl::Time now) override {
    // Usually there are none, and a read does not hold up the writer.
    const absl::StatusOr<bool> any = Read<kUnfolded>(HasChores);
    if (!any.ok() || !*any) return any;
    return Write(InTerm(term, signalbox::DoChores), now);
  }

  absl::Status Checkpoint() override {
    return RunTimeError(writer_.Checkpoint());
  }

  bool NeedsCheck() override { return !is_sound_; }
  absl::Status CheckFile(std::function<bool()> cancelled) override {
    const absl::Status checked =
        QuickCheckSqliteOutbox(options_.data_dir, std::move(cancelled));
    if (checked.ok()) is_sound_ = true;
    return checked;
  }

  absl::StatusOr<bool> ForgetOlderThan(const Term& term, absl::Duration age,
                                       absl::Time now) override {
    return Write(InTerm(term, ForgetBefore), now - age, options_.changes_kept);
  }

  absl::Status SetPause(const std::string& credential, absl::Duration pause_for,
                        absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState*) {
      signalbox::SetPause(connection, credential, pause_for, now);
    });
  }

  absl::StatusOr<std::vector<CredentialPause>> Pauses(absl::Time now) override {
    return Read<kUnfolded>(signalbox::Pauses, now);
  }

  absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                   absl::Time now) override {
    const absl::Status space = CheckSpace(options_.data_dir);
    if (!space.ok()) return space;
    return Write(signalbox::AcceptEvent, submission,
                 now - options_.delivery_memory, now);
  }

  absl::StatusOr<std::vector<Rerun>> Reruns(absl::Time now,
                                            int limit) override {
    return Read<kUnfolded>(signalbox::Reruns, now, limit);
  }

  absl::Status SettleRerun(const Term& term, int64_t id,
                           std::optional<absl::Duration> retry_in,
                           absl::Time now) override {
    return Write(InTerm(term, signalbox::SettleRerun), id, retry_in, now);
  }

  absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) override {
    return Read<kUnfolded>(signalbox::KnownDeliveries, ids);
  }

  absl::Status AwaitRedelivery(const Term& term, const std::string& id,
                               bool cancelled, absl::Time now) override {
    return Write(InTerm(term, signalbox::AwaitRedelivery), id, cancelled, now);
  }

  absl::StatusOr<std::vector<SeenHook>> SeenHooks() override {
    return Read<kUnfolded>(signalbox::SeenHooks);
  }

  absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const CanonicalName& after, int limit) override {
    return Read<kUnfolded>(ListRepositories, after, limit);
  }

  absl::Status SetInstallations(
      const Term& term,
      absl::Span<const CredentialInstallation> installations) override {
    return Write(InTerm(term, signalbox::SetInstallations), installations);
  }

  absl::StatusOr<std::vector<CredentialInstallation>> Installations() override {
    return Read<kUnfolded>(signalbox::Installations);
  }

  absl::StatusOr<std::vector<CredentialCreator>> Creators() override {
    return Read<kUnfolded>(signalbox::Creators);
  }

  absl::Status SetNamedTime(const Term& term, const std::string& name,
                            absl::Time time) override {
    return Write(InTerm(term, signalbox::SetNamedTime), name, time);
  }

  absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) override {
    return Read<kUnfolded>(signalbox::GetNamedTime, name);
  }

  absl::StatusOr<TermLook> Look() override {
    return Read<kUnfolded>(LookAtTerm);
  }

  absl::StatusOr<Term> Claim(const TermLook& seen, const std::string& owner,
                             const std::string& holder,
                             absl::Time now) override {
    return Write(ClaimTerm, seen, owner, holder, now);
  }

  absl::Status Beat(const Term& term, absl::Time now) override {
    return Write([&](SqliteConnection* connection, SqliteWriterState* state) {
      return signalbox::Beat(connection, *state, term, now);
    });
  }

  absl::Status GiveBack(const Term& term) override {
    return Write(signalbox::GiveBack, term);
  }

 private:
  static SqliteWriterState FirstState(const SqliteOutboxOptions& options) {
    SqliteWriterState state(options.limits, options.credential_of);
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
    options.after_commit = [this](const DueNews& news, bool is_durable) {
      due_board_.End(news, is_durable);
      standing_.End(is_durable);
    };
    options.on_abandoned = options_.on_abandoned;
    options.on_damaged_row = [this](const std::string& what) {
      met_damage_ = true;
      if (options_.on_damaged_row) options_.on_damaged_row(what);
    };
    return options;
  }

  // Runs `change` as SqliteWriter::Write does, with these arguments.
  template <typename Changing, typename... Arguments>
  Returned<Changing, SqliteConnection*, SqliteWriterState*, Arguments...> Write(
      const Changing& change, const Arguments&... arguments) {
    return Apply([&](SqliteConnection* connection, SqliteWriterState* state) {
      state->due_news.changed_more = true;
      return change(connection, state, arguments...);
    });
  }

  // The same for a change that sets `due_news` itself.
  template <typename Changing>
  Returned<Changing, SqliteConnection*, SqliteWriterState*> Apply(
      const Changing& change,
      SqliteWriter::Kind kind = SqliteWriter::Kind::kOther) {
    Returned<Changing, SqliteConnection*, SqliteWriterState*> result;
    const absl::Status status = writer_.Write(
        [&](SqliteConnection* connection, SqliteWriterState* state) {
          result = ReturnedBy(change, connection, state);
        },
        kind);
    if (!status.ok()) return RunTimeError(status);
    return result;
  }

  SqliteReaders* readers() override { return &readers_; }

  static void NoteTime(SqliteWriterState* state, absl::Time now) {
    state->now = std::max(state->now, now);
  }

  // The file of an open store does not become unwritable in normal operation:
  // then PERMISSION_DENIED is INTERNAL.
  absl::Status RunTimeError(absl::Status status) override {
    if (absl::IsPermissionDenied(status)) {
      status = Error(absl::StatusCode::kInternal, ReasonOf(status),
                     status.message());
    }
    if (absl::IsInternal(status) && is_open_) {
      met_damage_ = true;
      if (options_.on_failure) options_.on_failure(status);
    }
    return status;
  }

  const SqliteOutboxOptions options_;
  const DataDirLock lock_;
  bool is_open_ = false;  // Constant after Begin.
  // The file is new, was closed in order before, or was checked.
  std::atomic<bool> is_sound_;
  std::atomic<bool> met_damage_ = false;  // The next start checks the file.

  StandingDesk standing_;
  DueBoard due_board_;
  SqliteWriter writer_;

  // Closed before the writer, which then checkpoints a last time.
  SqliteReaders readers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> OpenSqliteOutbox(
    SqliteOutboxOptions options) {
  absl::StatusOr<DataDirLock> lock =
      DataDirLock::Acquire(options.data_dir, DataDirLock::IfMissing::kCreate);
  if (!lock.ok()) return lock.status();
  bool is_sound = false;
  auto writer = OpenWriter(options.data_dir, &is_sound);
  if (!writer.ok()) return writer.status();
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (int i = 0; i < options.readers; ++i) {
    auto reader = OpenReader(options.data_dir);
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  auto outbox = std::make_unique<SqliteOutbox>(
      std::move(options), *std::move(lock), *std::move(writer), is_sound,
      std::move(readers));
  const absl::Status begun = outbox->Begin();
  if (!begun.ok()) return OpenError(begun);
  return outbox;
}

}  // namespace signalbox
