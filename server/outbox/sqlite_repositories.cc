#include "server/outbox/sqlite_repositories.h"

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr char kFind[] =
    "SELECT repository_key, github_repository_id * id_is_verified, has_name, "
    "credential FROM repository WHERE canonical = ?";
constexpr char kInsert[] =
    "INSERT INTO repository (canonical, host, owner, name, "
    "github_repository_id, credential, id_is_verified, has_name, "
    "added_time_us, number_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kSetNumber[] =
    "UPDATE repository SET github_repository_id = ?, id_is_verified = 1, "
    "number_by = ? WHERE canonical = ?";
constexpr char kInsertDue[] =
    "INSERT OR IGNORE INTO due_repository (credential, is_pending, canonical, "
    "repository_key) VALUES (?, ?, ?, ?)";
constexpr char kDeleteDue[] =
    "DELETE FROM due_repository "
    "WHERE credential = ? AND is_pending = ? AND canonical = ?";
constexpr char kListAll[] =
    "SELECT repository_key, canonical, host, owner, name, credential "
    "FROM repository ORDER BY repository_key";
constexpr char kSetCredential[] =
    "UPDATE repository SET credential = ? WHERE repository_key = ?";
constexpr char kSetDueCredential[] =
    "UPDATE due_repository SET credential = ? "
    "WHERE credential = ? AND is_pending IN (0, 1) AND canonical = ?";
constexpr char kHasDue[] =
    "SELECT 1 FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND is_pending = ? AND due_time_us IS NOT NULL "
    "LIMIT 1";
constexpr char kDropDue[] = "DELETE FROM due_repository";
constexpr char kFillDue[] =
    "INSERT INTO due_repository (credential, is_pending, canonical, "
    "repository_key) "
    "SELECT r.credential, e.is_pending, r.canonical, r.repository_key FROM "
    "(SELECT DISTINCT repository_key, is_pending FROM entry "
    "INDEXED BY entry_due WHERE due_time_us IS NOT NULL) AS e "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE r.has_name = 1 AND NOT EXISTS "
    "(SELECT 1 FROM parking AS p WHERE p.repository_key = r.repository_key)";

#define SIGNALBOX_NAMED_COLUMNS                                          \
  "repository_key, canonical, host, owner, name, github_repository_id, " \
  "id_is_verified, has_name, added_time_us, name_time_us, number_by "

constexpr char kFindRow[] =
    "SELECT " SIGNALBOX_NAMED_COLUMNS "FROM repository WHERE canonical = ?";
constexpr char kFindRowByKey[] = "SELECT " SIGNALBOX_NAMED_COLUMNS
                                 "FROM repository WHERE repository_key = ?";
constexpr char kFindRowByNumber[] =
    "SELECT " SIGNALBOX_NAMED_COLUMNS
    "FROM repository WHERE github_repository_id = ? "
    "AND github_repository_id <> 0 AND host = ? AND id_is_verified = 1 "
    "ORDER BY repository_key LIMIT 1";
constexpr char kListClaims[] =
    "SELECT " SIGNALBOX_NAMED_COLUMNS
    "FROM repository WHERE github_repository_id = ? "
    "AND github_repository_id <> 0 AND host = ? AND id_is_verified = 0 "
    "AND has_name = 0 ORDER BY repository_key";
constexpr char kRename[] =
    "UPDATE repository SET canonical = ?, host = ?, owner = ?, name = ?, "
    "credential = ?, has_name = 1 WHERE repository_key = ?";
constexpr char kLoseName[] =
    "UPDATE repository SET canonical = ?, has_name = 0 "
    "WHERE repository_key = ?";
constexpr char kRetire[] =
    "UPDATE repository SET canonical = ?, host = ?, owner = ?, name = ?, "
    "github_repository_id = 0, id_is_verified = 0, has_name = 0 "
    "WHERE repository_key = ?";
constexpr char kRemoveNumber[] =
    "UPDATE repository SET github_repository_id = 0, id_is_verified = 0, "
    "number_by = '' WHERE repository_key = ?";
constexpr char kReplaceStandIn[] =
    "UPDATE repository SET canonical = ? WHERE repository_key = ?";
constexpr char kSetNameTime[] =
    "UPDATE repository SET name_time_us = MAX(name_time_us, ?) "
    "WHERE repository_key = ?";
constexpr char kGetCredential[] =
    "SELECT canonical, credential FROM repository WHERE repository_key = ?";

constexpr char kListParked[] = "SELECT repository_key FROM parking";
constexpr char kUnpark[] = "DELETE FROM parking WHERE repository_key = ?";

constexpr char kListKnown[] =
    "SELECT host, owner, name, github_repository_id, credential "
    "FROM repository "
    "WHERE has_name = 1 AND canonical > ? ORDER BY canonical LIMIT ?";

NamedRepository ReadNamed(const SqliteQuery& query) {
  NamedRepository row;
  query.Read(&row.key, &row.canonical, &row.repository, &row.number,
             &row.is_verified, &row.has_name, &row.added_time, &row.name_time,
             &row.number_by);
  return row;
}

std::optional<NamedRepository> ReadRow(SqliteQuery& query) {
  if (!query.Next()) return std::nullopt;
  return ReadNamed(query);
}

}  // namespace

int64_t SqliteRepositories::FindKey(SqliteConnection* connection,
                                    const CanonicalName& canonical) {
  const Known* const known = Load(connection, canonical);
  return known == nullptr ? 0 : known->repository_key;
}

int64_t SqliteRepositories::FindOrAdd(SqliteConnection* connection,
                                      const CanonicalName& canonical,
                                      const Repository& repository,
                                      absl::Time now) {
  const Known* const known = Load(connection, canonical);
  if (known != nullptr) return known->repository_key;
  Known added;
  added.credential = CredentialOf(repository);
  connection->Execute(kInsert, canonical, repository, /*number=*/0,
                      added.credential, /*id_is_verified=*/false,
                      /*has_name=*/true, now, /*number_by=*/std::string());
  added.repository_key = connection->LastInsertId();
  return known_.Put(canonical, std::move(added))->repository_key;
}

CanonicalName SqliteRepositories::AddNameless(SqliteConnection* connection,
                                              const Repository& repository,
                                              int64_t number,
                                              const std::string& by,
                                              absl::Time now) {
  CanonicalName canonical =
      CanonicalName::OfStored(StandIn(repository.host, number));
  connection->Execute(kInsert, canonical, repository, number,
                      CredentialOf(repository), /*id_is_verified=*/number != 0,
                      /*has_name=*/false, now, by);
  aliases_.AskNumber(connection, repository, number, now);
  return canonical;
}

CanonicalName SqliteRepositories::FindOrAddClaim(SqliteConnection* connection,
                                                 const Repository& repository,
                                                 int64_t number,
                                                 const std::string& by,
                                                 absl::Time now) {
  CanonicalName canonical = CanonicalName::OfStored(
      absl::StrCat(StandIn(repository.host, number), "/", by));
  if (Load(connection, canonical) == nullptr) {
    connection->Execute(kInsert, canonical, repository, number,
                        CredentialOf(repository), /*id_is_verified=*/false,
                        /*has_name=*/false, now, by);
  }
  return canonical;
}

std::vector<NamedRepository> SqliteRepositories::FindClaims(
    SqliteConnection* connection, const std::string& host, int64_t number) {
  std::vector<NamedRepository> claims;
  SqliteQuery query(connection, kListClaims);
  query.Bind(number, host);
  while (query.Next()) claims.push_back(ReadNamed(query));
  return claims;
}

void SqliteRepositories::SetNumber(SqliteConnection* connection,
                                   const CanonicalName& canonical,
                                   int64_t number, const std::string& by) {
  Known* const known = Load(connection, canonical);
  if (known == nullptr || number == 0) return;
  // A delivery with the known number does not replace GitHub as its source.
  if (known->number == number && !by.empty()) return;
  connection->Execute(kSetNumber, number, by, canonical);
  known->number = number;
}

void SqliteRepositories::RemoveNumber(SqliteConnection* connection,
                                      const NamedRepository& row) {
  connection->Execute(kRemoveNumber, row.key);
  if (!row.has_name) {
    connection->Execute(
        kReplaceStandIn,
        absl::StrCat(row.repository.host, "//unknown/", row.key), row.key);
  }
  Forget();
}

const std::string* SqliteRepositories::AddDue(SqliteConnection* connection,
                                              const CanonicalName& canonical,
                                              bool is_pending) {
  Known* const known = Load(connection, canonical);
  if (known == nullptr || !known->has_name) return nullptr;
  if (Parked(connection).contains(known->repository_key)) return nullptr;
  if (!is_pending) due_results_.insert(known->credential);
  if (known->due[is_pending]) return &known->credential;
  connection->Execute(kInsertDue, known->credential, is_pending, canonical,
                      known->repository_key);
  known->due[is_pending] = true;
  return &known->credential;
}

void SqliteRepositories::RemoveDue(SqliteConnection* connection,
                                   absl::string_view credential,
                                   bool is_pending,
                                   const CanonicalName& canonical) {
  connection->Execute(kDeleteDue, credential, is_pending, canonical);
  Known* const known = known_.Find(canonical);
  if (known != nullptr) known->due[is_pending] = false;
}

bool SqliteRepositories::IsParked(SqliteConnection* connection,
                                  int64_t repository_key) {
  return Parked(connection).contains(repository_key);
}

bool SqliteRepositories::AnyParked(SqliteConnection* connection) {
  return !Parked(connection).empty();
}

void SqliteRepositories::SetParked(SqliteConnection* connection,
                                   int64_t repository_key, bool is_parked) {
  absl::flat_hash_set<int64_t>& parked = Parked(connection);
  if (is_parked) {
    parked.insert(repository_key);
  } else {
    parked.erase(repository_key);
  }
  ReviseDue(connection, repository_key);
}

void SqliteRepositories::ReviseDue(SqliteConnection* connection,
                                   int64_t repository_key) {
  const auto found = connection->First<std::tuple<CanonicalName, std::string>>(
      kGetCredential, repository_key);
  if (!found.has_value()) {
    connection->NoteDamage("a row refers to a repository that is missing");
    return;
  }
  const auto& [canonical, credential] = *found;
  const bool is_parked = Parked(connection).contains(repository_key);
  for (const bool is_pending : {false, true}) {
    if (!is_parked && connection->Finds(kHasDue, repository_key, is_pending)) {
      AddDue(connection, canonical, is_pending);
    } else if (connection->status().ok()) {
      RemoveDue(connection, credential, is_pending, canonical);
    }
  }
}

std::vector<int64_t> SqliteRepositories::AssignCredentials(
    SqliteConnection* connection) {
  struct Move {
    int64_t repository_key;
    CanonicalName canonical;
    std::string from;
    std::string to;
  };
  std::vector<Move> moves;
  {
    SqliteQuery query(connection, kListAll);
    while (query.Next()) {
      Move move;
      Repository repository;
      query.Read(&move.repository_key, &move.canonical, &repository,
                 &move.from);
      move.to = CredentialOf(repository);
      if (move.to != move.from) moves.push_back(std::move(move));
    }
  }
  for (const Move& move : moves) {
    connection->Execute(kSetCredential, move.to, move.repository_key);
    connection->Execute(kSetDueCredential, move.to, move.from, move.canonical);
  }
  aliases_.AssignCredentials(connection);
  Forget();
  std::vector<int64_t> revived;
  for (const Move& move : moves) {
    if (!move.from.empty()) continue;
    revived.push_back(move.repository_key);
    for (const bool is_pending : {false, true}) {
      AddDue(connection, move.canonical, is_pending);
    }
  }
  return revived;
}

void SqliteRepositories::RebuildDue(SqliteConnection* connection) {
  connection->Execute(kDropDue);
  connection->Execute(kFillDue);
  Forget();
}

std::optional<NamedRepository> SqliteRepositories::FindRow(
    SqliteConnection* connection, const CanonicalName& canonical) {
  SqliteQuery query(connection, kFindRow);
  return ReadRow(query.Bind(canonical));
}

std::optional<NamedRepository> SqliteRepositories::FindRow(
    SqliteConnection* connection, int64_t repository_key) {
  SqliteQuery query(connection, kFindRowByKey);
  return ReadRow(query.Bind(repository_key));
}

std::optional<NamedRepository> SqliteRepositories::FindNumber(
    SqliteConnection* connection, const std::string& host, int64_t number) {
  if (number == 0) return std::nullopt;
  SqliteQuery query(connection, kFindRowByNumber);
  return ReadRow(query.Bind(number, host));
}

std::optional<KnownAlias> SqliteRepositories::FindAlias(
    SqliteConnection* connection, const CanonicalName& canonical) {
  const SqliteAliases::Alias* const alias =
      aliases_.Find(connection, canonical);
  if (alias == nullptr) return std::nullopt;
  std::optional<NamedRepository> row =
      FindRow(connection, alias->repository_key);
  if (!row.has_value()) return std::nullopt;
  return KnownAlias{*std::move(row), alias->number};
}

Whereabouts SqliteRepositories::FindWhereabouts(SqliteConnection* connection,
                                                const CanonicalName& canonical,
                                                const std::string& host,
                                                int64_t number) {
  Whereabouts found;
  found.own = FindNumber(connection, host, number);
  found.alias = FindAlias(connection, canonical);
  if (!found.alias.has_value()) found.holder = FindRow(connection, canonical);
  return found;
}

bool SqliteRepositories::HasNumber(SqliteConnection* connection,
                                   const CanonicalName& canonical,
                                   int64_t number) {
  if (aliases_.Find(connection, canonical) != nullptr) return false;
  const Known* const known = Load(connection, canonical);
  return known != nullptr && known->number == number && known->has_name;
}

void SqliteRepositories::RemoveAllDue(SqliteConnection* connection,
                                      int64_t repository_key) {
  const auto found = connection->First<std::tuple<CanonicalName, std::string>>(
      kGetCredential, repository_key);
  if (!found.has_value()) return;
  const auto& [canonical, credential] = *found;
  for (const bool is_pending : {false, true}) {
    RemoveDue(connection, credential, is_pending, canonical);
  }
}

void SqliteRepositories::Rename(SqliteConnection* connection,
                                int64_t repository_key, const Repository& to) {
  RemoveAllDue(connection, repository_key);
  const CanonicalName canonical = to.Canonical();
  connection->Execute(kRename, canonical, to, CredentialOf(to), repository_key);
  Forget();
  ReviseDue(connection, repository_key);
}

void SqliteRepositories::LoseName(SqliteConnection* connection,
                                  const NamedRepository& row, absl::Time now) {
  RemoveAllDue(connection, row.key);
  connection->Execute(kUnpark, row.key);
  connection->Execute(kLoseName, StandIn(row.repository.host, row.number),
                      row.key);
  Forget();
  aliases_.AskNumber(connection, row.repository, row.number, now);
}

void SqliteRepositories::Retire(SqliteConnection* connection,
                                const NamedRepository& row,
                                const Repository& to) {
  RemoveAllDue(connection, row.key);
  connection->Execute(kUnpark, row.key);
  connection->Execute(kRetire, absl::StrCat(to.host, "//moving/", row.key), to,
                      row.key);
  Forget();
}

void SqliteRepositories::NoteNameTime(SqliteConnection* connection,
                                      int64_t repository_key, absl::Time time) {
  if (time == absl::InfinitePast()) return;
  connection->Execute(kSetNameTime, time, repository_key);
}

std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const CanonicalName& after,
                                              int limit) {
  std::vector<KnownRepository> repositories;
  SqliteQuery query(connection, kListKnown);
  query.Bind(after, limit);
  while (query.Next()) {
    KnownRepository& known = repositories.emplace_back();
    query.Read(&known.repository, &known.github_id, &known.credential);
  }
  return repositories;
}

absl::flat_hash_set<int64_t>& SqliteRepositories::Parked(
    SqliteConnection* connection) {
  if (parked_.has_value()) return *parked_;
  const std::vector<int64_t> keys = connection->All<int64_t>(kListParked);
  return parked_.emplace(keys.begin(), keys.end());
}

SqliteRepositories::Known* SqliteRepositories::Load(
    SqliteConnection* connection, const CanonicalName& canonical) {
  if (Known* const kept = known_.Find(canonical)) return kept;
  Known known;
  SqliteQuery query(connection, kFind);
  query.Bind(canonical);
  if (!query.Next()) return nullptr;
  query.Read(&known.repository_key, &known.number, &known.has_name,
             &known.credential);
  return known_.Put(canonical, std::move(known));
}

}  // namespace signalbox
