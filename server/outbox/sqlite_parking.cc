#include "server/outbox/sqlite_parking.h"

#include <algorithm>
#include <map>
#include <utility>

#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_views.h"

namespace signalbox {
namespace {

// How many repositories one search for a probe looks at, plus one for each held
// entry.
constexpr int kMostProbesLooked = 16;

#define SIGNALBOX_PARKING_COLUMNS                                           \
  "credential, reason, since_time_us, step, next_time_us, refuse_time_us, " \
  "report_time_us, probe_entry_id, gives_up"

constexpr char kGet[] = "SELECT " SIGNALBOX_PARKING_COLUMNS
                        ", due_time_us FROM parking WHERE repository_key = ?";
constexpr char kPut[] =
    "INSERT OR REPLACE INTO parking (repository_key, "
    "due_time_us, " SIGNALBOX_PARKING_COLUMNS
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kDelete[] = "DELETE FROM parking WHERE repository_key = ?";
constexpr char kSetDue[] =
    "UPDATE parking SET due_time_us = ?, probe_entry_id = ? "
    "WHERE repository_key = ?";
constexpr char kFindCredential[] =
    "SELECT credential FROM repository WHERE repository_key = ?";
constexpr char kHasName[] =
    "SELECT 1 FROM repository WHERE repository_key = ? AND has_name = 1";
constexpr char kFindReportTime[] =
    "SELECT update_time_us FROM commit_summary INDEXED BY commit_by_repository "
    "WHERE repository_key = ? ORDER BY newest_sequence DESC LIMIT 1";

constexpr char kListOfCredential[] =
    "SELECT repository_key FROM parking WHERE credential = ? "
    "AND repository_key > ? ORDER BY repository_key LIMIT ?";
constexpr char kListElsewhere[] =
    "SELECT p.repository_key FROM parking AS p JOIN repository AS r "
    "ON r.repository_key = p.repository_key WHERE r.credential <> p.credential";

constexpr char kListDue[] =
    "SELECT repository_key, next_time_us, probe_entry_id "
    "FROM parking INDEXED BY parking_due "
    "WHERE credential = ?1 AND due_time_us <= ?2 AND gives_up = 0 "
    "AND (?3 OR EXISTS (SELECT 1 FROM entry AS e INDEXED BY entry_due "
    "WHERE e.repository_key = parking.repository_key AND e.is_pending = 0 "
    "AND e.due_time_us IS NOT NULL)) "
    "ORDER BY due_time_us, repository_key LIMIT ?4";
constexpr char kGetDueTime[] =
    "SELECT due_time_us FROM entry WHERE entry_id = ? AND repository_key = ? "
    "AND is_pending <= ? AND due_time_us IS NOT NULL";
constexpr char kFindDue[] =
    "SELECT entry_id, due_time_us FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND is_pending = ? AND due_time_us IS NOT NULL "
    "ORDER BY due_time_us, entry_id LIMIT 1";

constexpr char kListCredentials[] =
    "SELECT DISTINCT credential FROM parking ORDER BY credential";

constexpr char kListHopeless[] =
    "SELECT repository_key, reason, gives_up FROM parking WHERE gives_up <> 0 "
    "ORDER BY repository_key LIMIT ?";
constexpr char kListWanted[] =
    "SELECT entry_id FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND due_time_us IS NOT NULL "
    "AND lease_version = 0 LIMIT ?";
constexpr char kIsWanted[] =
    "SELECT 1 FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND due_time_us IS NOT NULL LIMIT 1";
constexpr char kListOld[] =
    "SELECT r.repository_key, e.entry_id "
    "FROM repository AS r CROSS JOIN entry AS e INDEXED BY entry_due "
    "ON e.repository_key = r.repository_key "
    "WHERE r.repository_key IN "
    "(SELECT repository_key FROM due_repository WHERE credential = ?1 "
    "UNION SELECT repository_key FROM parking WHERE credential = ?1) "
    "AND e.is_pending IN (0, 1) AND e.due_time_us < ?2 "
    "AND e.report_time_us < ?2 AND e.lease_version = 0 LIMIT ?3";
constexpr char kDescribe[] =
    "SELECT r.host, r.owner, r.name, c.sha, e.context, e.version "
    "FROM entry AS e "
    "JOIN commit_summary AS c ON c.commit_key = e.commit_key "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE e.entry_id = ?";
constexpr char kAbandon[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = ?, due_time_us = NULL, abandon_time_us = ? "
    "WHERE entry_id = ?";

struct Row {
  Parking parking;
  absl::Time due_time;  // Later than `next_time` while its entry must wait.
};

std::optional<Row> Get(SqliteConnection* connection, int64_t repository_key) {
  SqliteQuery query(connection, kGet);
  query.Bind(repository_key);
  if (!query.Next()) return std::nullopt;
  Row row;
  Parking& parking = row.parking;
  query.Read(&parking.credential, &parking.reason, &parking.since,
             &parking.step, &parking.next_time, &parking.refuse_time,
             &parking.report_time, &parking.probe_entry, &parking.gives_up,
             &row.due_time);
  return row;
}

std::string CredentialOf(SqliteConnection* connection, int64_t repository_key) {
  return connection->First<std::string>(kFindCredential, repository_key)
      .value_or("");
}

void Put(SqliteConnection* connection, SqliteWriterState* state,
         int64_t repository_key, const Parking& parking, absl::Time due_time) {
  connection->Execute(
      kPut, repository_key, due_time, parking.credential, parking.reason,
      parking.since, parking.step, parking.next_time, parking.refuse_time,
      parking.report_time, parking.probe_entry, parking.gives_up);
  state->repositories.SetParked(connection, repository_key, true);
}

// Ends the parking. All entries are due at their own times again.
void End(SqliteConnection* connection, SqliteWriterState* state,
         int64_t repository_key) {
  connection->Execute(kDelete, repository_key);
  state->repositories.SetParked(connection, repository_key, false);
}

// No probe begins before `due_time`; nothing: no such limit.
void Apply(SqliteConnection* connection, SqliteWriterState* state,
           int64_t repository_key, const std::optional<Row>& row,
           const ParkingEvent& event, std::optional<absl::Time> due_time,
           absl::Time now) {
  std::optional<Parking> before;
  if (row.has_value()) before = row->parking;
  const std::optional<Parking> after = After(before, event, now);
  if (!after.has_value()) {
    if (before.has_value()) End(connection, state, repository_key);
    return;
  }
  Put(connection, state, repository_key, *after,
      std::max(after->next_time, due_time.value_or(after->next_time)));
}

// IsParked says that the row exists, so the table is damaged.
void LoseParking(SqliteConnection* connection) {
  connection->NoteDamage("table parking has no row for a parked repository");
}

int AbandonAll(SqliteConnection* connection, SqliteWriterState* state,
               int64_t repository_key, absl::string_view reason, absl::Time now,
               int limit) {
  const std::vector<int64_t> entries =
      connection->All<int64_t>(kListWanted, repository_key, limit);
  AbandonEntries(connection, state, repository_key, entries, reason, now);
  if (!connection->Finds(kIsWanted, repository_key)) {
    End(connection, state, repository_key);
  }
  return static_cast<int>(entries.size());
}

// The columns of kListHopeless. The last one is read only to find damage.
using Hopeless = std::tuple<int64_t, std::string, bool>;

struct Probe {
  int64_t entry_id = 0;
  absl::Time due_time;
};

// The entry that probes for a parked repository, and its due time. Nothing:
// none is to be posted any more.
std::optional<Probe> FindProbe(SqliteConnection* connection,
                               int64_t repository_key, int64_t probe_entry,
                               bool pendings) {
  if (probe_entry != 0) {
    const auto due_time = connection->First<absl::Time>(
        kGetDueTime, probe_entry, repository_key, pendings);
    if (due_time.has_value()) return Probe{probe_entry, *due_time};
  }
  for (const bool is_pending : {false, true}) {
    if (is_pending && !pendings) break;
    const auto due = connection->First<std::tuple<int64_t, absl::Time>>(
        kFindDue, repository_key, is_pending);
    if (due.has_value()) return Probe{std::get<0>(*due), std::get<1>(*due)};
  }
  return std::nullopt;
}

// For the log.
void NoteAbandoned(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t entry_id, absl::string_view reason) {
  AbandonedStatus status;
  int64_t version = 0;
  {
    SqliteQuery query(connection, kDescribe);
    if (!query.Bind(entry_id).Next()) return;
    query.Read(&status.repository, &status.sha, &status.context, &version);
  }
  Sender sender = SenderOf(connection, entry_id, version);
  status.caller = std::move(sender.caller);
  status.request_id = std::move(sender.request_id);
  status.reason = std::string(reason);
  state->abandoned.push_back(std::move(status));
}

}  // namespace

std::optional<Parking> FindParking(SqliteConnection* connection,
                                   int64_t repository_key) {
  std::optional<Row> row = Get(connection, repository_key);
  if (!row.has_value()) return std::nullopt;
  return std::move(row->parking);
}

void ShowParked(const Parking& parking, Posting* posting) {
  if (posting->state != PostingState::kDue &&
      posting->state != PostingState::kWaiting) {
    return;
  }
  posting->state = PostingState::kWaiting;
  posting->reason = parking.reason;
  posting->next_try_time = parking.next_time;
}

void ApplyParkingEvent(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, const ParkingEvent& event,
                       absl::Time now) {
  if (!state->repositories.IsParked(connection, repository_key)) return;
  const std::optional<Row> row = Get(connection, repository_key);
  if (!row.has_value()) return LoseParking(connection);
  const bool waits = row->due_time > row->parking.next_time;
  Apply(connection, state, repository_key, row, event,
        waits ? std::optional<absl::Time>(row->due_time) : std::nullopt, now);
}

void BringProbeForward(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, absl::Time now) {
  ApplyParkingEvent(connection, state, repository_key, ParkingEvent(), now);
}

void RecheckParking(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Time now) {
  const std::optional<Parking> parking =
      FindParking(connection, repository_key);
  if (!parking.has_value()) return;
  if (parking->credential != CredentialOf(connection, repository_key)) {
    return End(connection, state, repository_key);
  }
  BringProbeForward(connection, state, repository_key, now);
}

int64_t BringCredentialForward(SqliteConnection* connection,
                               SqliteWriterState* state,
                               absl::string_view credential, int64_t after,
                               absl::Time now, int limit) {
  const std::vector<int64_t> keys =
      connection->All<int64_t>(kListOfCredential, credential, after, limit);
  for (const int64_t key : keys) {
    BringProbeForward(connection, state, key, now);
  }
  return static_cast<int>(keys.size()) < limit ? 0 : keys.back();
}

void RecheckParkings(SqliteConnection* connection, SqliteWriterState* state) {
  for (const int64_t key : connection->All<int64_t>(kListElsewhere)) {
    End(connection, state, key);
  }
}

void SettleParking(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t repository_key, const Settlement& settlement,
                   std::optional<absl::Time> due_time, absl::Time now) {
  const bool refused = settlement.kind == Settlement::Kind::kParked;
  const bool was_parked =
      state->repositories.IsParked(connection, repository_key);
  if (!refused && !was_parked) return;
  // The refused post used a name that the repository has lost since. Without a
  // name it gets no posts, and so no probes.
  if (!was_parked && !connection->Finds(kHasName, repository_key)) return;
  std::optional<Row> row;
  if (was_parked) {
    row = Get(connection, repository_key);
    if (!row.has_value()) return LoseParking(connection);
  }
  const bool is_probe =
      row.has_value() && row->parking.probe_entry == settlement.entry_id;

  ParkingEvent event;
  if (settlement.writable) {
    event.kind = ParkingEvent::Kind::kTaken;
  } else if (refused) {
    event.kind = ParkingEvent::Kind::kRefused;
    event.reason = settlement.reason;
    event.entry = settlement.entry_id;
    event.credential = CredentialOf(connection, repository_key);
    event.report_time =
        connection->First<absl::Time>(kFindReportTime, repository_key)
            .value_or(now);
  } else if (is_probe) {
    // The probe showed nothing, so it is repeated once its entry may be tried.
    connection->Execute(kSetDue,
                        std::max(row->parking.next_time,
                                 due_time.value_or(row->parking.next_time)),
                        due_time.has_value() ? settlement.entry_id : 0,
                        repository_key);
    return;
  } else {
    return;
  }
  std::optional<absl::Time> not_before = due_time;
  if (row.has_value() && !is_probe && row->due_time > row->parking.next_time) {
    not_before = row->due_time;
  }
  Apply(connection, state, repository_key, row, event, not_before, now);
}

int64_t TakeProbe(SqliteConnection* connection, SqliteWriterState* state,
                  const LeaseRequest& request, absl::Time now) {
  if (!state->repositories.AnyParked(connection)) return 0;
  const int64_t held =
      request.held == nullptr ? 0 : static_cast<int64_t>(request.held->size());
  for (const auto& [repository_key, next_time, probe_entry] :
       connection->All<std::tuple<int64_t, absl::Time, int64_t>>(
           kListDue, request.credential, now, request.pendings,
           kMostProbesLooked + held)) {
    const std::optional<Probe> probe =
        FindProbe(connection, repository_key, probe_entry, request.pendings);
    if (!probe.has_value()) {
      End(connection, state, repository_key);
      continue;
    }
    // A request for this entry is in flight or ambiguous. Its end tells more
    // than another probe.
    if (held > 0 && request.held->contains(probe->entry_id)) continue;
    const bool may_begin = probe->due_time <= now;
    // A result that must wait does not take the place of the row's own probe.
    if (!may_begin && probe_entry != 0 && probe_entry != probe->entry_id) {
      continue;
    }
    connection->Execute(kSetDue,
                        may_begin ? now + request.lease_time : probe->due_time,
                        probe->entry_id, repository_key);
    if (may_begin) return probe->entry_id;
  }
  return 0;
}

void EndParking(SqliteConnection* connection, SqliteWriterState* state,
                int64_t repository_key) {
  if (!state->repositories.IsParked(connection, repository_key)) return;
  End(connection, state, repository_key);
}

std::vector<std::string> CredentialsOfParked(SqliteConnection* connection) {
  return connection->All<std::string>(kListCredentials);
}

void AbandonEntries(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Span<const int64_t> entries,
                    absl::string_view reason, absl::Time now) {
  for (const int64_t entry_id : entries) {
    NoteAbandoned(connection, state, entry_id, reason);
    connection->Execute(kAbandon, ++state->sequence, PostingState::kAbandoned,
                        reason, now, entry_id);
    NoteChange(connection, entry_id);
  }
  state->repositories.ReviseDue(connection, repository_key);
}

bool HasHopelessParking(SqliteConnection* connection) {
  return connection->First<Hopeless>(kListHopeless, 1).has_value();
}

int AbandonParked(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time now, int limit) {
  int abandoned = 0;
  for (const auto& [key, reason, gives_up] :
       connection->All<Hopeless>(kListHopeless, limit)) {
    if (abandoned >= limit) break;
    abandoned +=
        AbandonAll(connection, state, key, reason, now, limit - abandoned);
  }
  return abandoned;
}

int AbandonHeld(SqliteConnection* connection, SqliteWriterState* state,
                absl::string_view credential, absl::string_view reason,
                absl::Time before, absl::Time now, int limit) {
  int abandoned = 0;
  std::map<int64_t, std::vector<int64_t>> entries;  // By repository.
  for (const auto& [repository_key, entry_id] :
       connection->All<std::tuple<int64_t, int64_t>>(kListOld, credential,
                                                     before, limit)) {
    entries[repository_key].push_back(entry_id);
    ++abandoned;
  }
  for (const auto& [repository_key, of_repository] : entries) {
    AbandonEntries(connection, state, repository_key, of_repository, reason,
                   now);
  }
  return abandoned;
}

}  // namespace signalbox
