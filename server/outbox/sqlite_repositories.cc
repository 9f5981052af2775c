#include "server/outbox/sqlite_repositories.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/outbox/sqlite_changes.h"

namespace signalbox {
namespace {

constexpr char kFind[] =
    "SELECT repository_key, github_repository_id, lane FROM repository "
    "WHERE canonical = ?";
constexpr char kInsert[] =
    "INSERT INTO repository (canonical, host, owner, name, "
    "github_repository_id, lane) VALUES (?, ?, ?, ?, ?, ?)";
constexpr char kSetGitHubId[] =
    "UPDATE repository SET github_repository_id = ? WHERE repository_key = ?";
constexpr char kInsertDue[] =
    "INSERT OR IGNORE INTO due_repository (lane, is_pending, canonical, "
    "repository_key) VALUES (?, ?, ?, ?)";
constexpr char kDeleteDue[] =
    "DELETE FROM due_repository "
    "WHERE lane = ? AND is_pending = ? AND canonical = ?";
constexpr char kListAll[] =
    "SELECT repository_key, canonical, host, owner, name, lane FROM repository "
    "ORDER BY repository_key";
constexpr char kSetLane[] =
    "UPDATE repository SET lane = ? WHERE repository_key = ?";
constexpr char kSetDueLane[] =
    "UPDATE due_repository SET lane = ? "
    "WHERE lane = ? AND is_pending IN (0, 1) AND canonical = ?";

constexpr char kFindByGitHubId[] =
    "SELECT host, owner, name FROM repository "
    "WHERE github_repository_id = ? AND github_repository_id <> 0 "
    "AND host = ? AND canonical <> ? ORDER BY repository_key LIMIT 1";
constexpr char kRename[] =
    "UPDATE repository SET canonical = ?, host = ?, owner = ?, name = ?, "
    "github_repository_id = CASE ?5 WHEN 0 THEN github_repository_id "
    "ELSE ?5 END, lane = ? WHERE repository_key = ?";
constexpr char kGetName[] =
    "SELECT canonical, lane FROM repository WHERE repository_key = ?";

constexpr char kListAliases[] =
    "SELECT a.canonical, r.canonical, a.github_repository_id "
    "FROM repository_alias AS a "
    "JOIN repository AS r ON r.repository_key = a.repository_key "
    "ORDER BY a.canonical";
constexpr char kPutAlias[] =
    "INSERT OR REPLACE INTO repository_alias (canonical, github_repository_id, "
    "repository_key) VALUES (?, ?, ?)";
constexpr char kDeleteAlias[] =
    "DELETE FROM repository_alias WHERE canonical = ?";

constexpr char kListRevived[] =
    "SELECT entry_id FROM entry WHERE commit_key IN "
    "(SELECT commit_key FROM commit_summary WHERE repository_key = ?) "
    "AND posting_state = ? AND lease_version = 0 AND posting_reason IN "
    "('NO_CREDENTIAL', 'REPOSITORY_NOT_FOUND', 'PERMISSION_MISSING', "
    "'REDIRECT_REFUSED', 'REPOSITORY_ARCHIVED') ORDER BY entry_id";
constexpr char kRevive[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, due_time_us = "
    "MAX(first_due_time_us, IFNULL(ambiguous_time_us + ?, 0)) "
    "WHERE entry_id = ?";
constexpr char kListOfAccount[] =
    "SELECT repository_key, canonical FROM repository "
    "WHERE host = ? AND canonical >= ? AND canonical < ? ORDER BY canonical";
constexpr char kListKnown[] =
    "SELECT host, owner, name, github_repository_id, lane FROM repository "
    "WHERE canonical > ? ORDER BY canonical LIMIT ?";

}  // namespace

int64_t SqliteRepositories::Find(SqliteConnection* connection,
                                 const std::string& canonical) {
  const Known* const known = Load(connection, canonical);
  return known == nullptr ? 0 : known->repository_key;
}

int64_t SqliteRepositories::FindOrAdd(SqliteConnection* connection,
                                      const std::string& canonical,
                                      const Repository& repository,
                                      int64_t github_id) {
  Known* const known = Load(connection, canonical);
  if (known != nullptr) {
    if (github_id != 0 && known->github_id != github_id) {
      SqliteQuery(connection, kSetGitHubId)
          .Bind(github_id, known->repository_key)
          .Run();
      known->github_id = github_id;
    }
    return known->repository_key;
  }
  Known added;
  added.github_id = github_id;
  added.lane = LaneOf(repository);
  SqliteQuery(connection, kInsert)
      .Bind(canonical, repository.host, repository.owner, repository.name,
            github_id, added.lane)
      .Run();
  added.repository_key = connection->LastInsertId();
  return Keep(canonical, std::move(added))->repository_key;
}

void SqliteRepositories::AddDue(SqliteConnection* connection,
                                const std::string& canonical, bool is_pending) {
  Known* const known = Load(connection, canonical);
  if (known == nullptr || known->due[is_pending]) return;
  SqliteQuery(connection, kInsertDue)
      .Bind(known->lane, is_pending, canonical, known->repository_key)
      .Run();
  known->due[is_pending] = true;
}

void SqliteRepositories::RemoveDue(SqliteConnection* connection,
                                   absl::string_view lane, bool is_pending,
                                   const std::string& canonical) {
  SqliteQuery(connection, kDeleteDue).Bind(lane, is_pending, canonical).Run();
  Known* const known = known_.Find(canonical);
  if (known != nullptr) known->due[is_pending] = false;
}

void SqliteRepositories::AssignLanes(SqliteConnection* connection,
                                     int64_t* sequence) {
  struct Move {
    int64_t repository_key;
    std::string canonical;
    std::string from;
    std::string to;
  };
  std::vector<Move> moves;
  {
    SqliteQuery query(connection, kListAll);
    while (query.Next()) {
      Move move;
      Repository repository;
      query.Read(&move.repository_key, &move.canonical, &repository.host,
                 &repository.owner, &repository.name, &move.from);
      move.to = LaneOf(repository);
      if (move.to != move.from) moves.push_back(std::move(move));
    }
  }
  for (const Move& move : moves) {
    SqliteQuery(connection, kSetLane).Bind(move.to, move.repository_key).Run();
    SqliteQuery(connection, kSetDueLane)
        .Bind(move.to, move.from, move.canonical)
        .Run();
  }
  Forget();
  for (const Move& move : moves) {
    if (!move.from.empty()) continue;
    Revive(connection, move.repository_key, sequence);
    for (const bool is_pending : {false, true}) {
      AddDue(connection, move.canonical, is_pending);
    }
  }
}

std::string SqliteRepositories::Resolve(SqliteConnection* connection,
                                        const std::string& canonical,
                                        int64_t github_id) {
  const auto& aliases = Aliases(connection);
  const auto it = aliases.find(canonical);
  if (it == aliases.end()) return canonical;
  const Alias& alias = it->second;
  if (github_id == 0 || alias.github_id == 0 || github_id == alias.github_id) {
    return alias.canonical;
  }
  RemoveAlias(connection, canonical);
  return canonical;
}

std::optional<Repository> SqliteRepositories::FindFormer(
    SqliteConnection* connection, const std::string& canonical,
    const std::string& host, int64_t github_id) {
  if (github_id == 0) return std::nullopt;
  SqliteQuery query(connection, kFindByGitHubId);
  query.Bind(github_id, host, canonical);
  if (!query.Next()) return std::nullopt;
  Repository former;
  query.Read(&former.host, &former.owner, &former.name);
  return former;
}

void SqliteRepositories::Rename(SqliteConnection* connection,
                                int64_t repository_key, const Repository& to,
                                int64_t github_id) {
  std::string former;
  std::string former_lane;
  {
    SqliteQuery query(connection, kGetName);
    query.Bind(repository_key);
    if (!query.Next()) return;
    query.Read(&former, &former_lane);
  }
  for (const bool is_pending : {false, true}) {
    RemoveDue(connection, former_lane, is_pending, former);
  }
  const std::string canonical = to.Canonical();
  SqliteQuery(connection, kRename)
      .Bind(canonical, to.host, to.owner, to.name, github_id, LaneOf(to),
            repository_key)
      .Run();
  Forget();
  // Whether something is due is found out by the first search.
  for (const bool is_pending : {false, true}) {
    AddDue(connection, canonical, is_pending);
  }
}

void SqliteRepositories::AddAlias(SqliteConnection* connection,
                                  const std::string& canonical,
                                  int64_t github_id, int64_t repository_key) {
  SqliteQuery(connection, kPutAlias)
      .Bind(canonical, github_id, repository_key)
      .Run();
  aliases_.reset();
}

void SqliteRepositories::RemoveAlias(SqliteConnection* connection,
                                     const std::string& canonical) {
  SqliteQuery(connection, kDeleteAlias).Bind(canonical).Run();
  aliases_.reset();
}

void SqliteRepositories::ReviveAccount(SqliteConnection* connection,
                                       const std::string& host,
                                       absl::string_view account,
                                       int64_t* sequence) {
  std::vector<std::pair<int64_t, std::string>> found;
  {
    const std::string prefix =
        absl::AsciiStrToLower(absl::StrCat(host, "/", account));
    // "0" follows "/" in ASCII: all names of the account.
    const std::string begin = absl::StrCat(prefix, "/");
    const std::string end = absl::StrCat(prefix, "0");
    SqliteQuery query(connection, kListOfAccount);
    query.Bind(host, begin, end);
    while (query.Next()) {
      auto& [key, canonical] = found.emplace_back();
      query.Read(&key, &canonical);
    }
  }
  for (const auto& [key, canonical] : found) {
    Revive(connection, key, sequence);
    for (const bool is_pending : {false, true}) {
      AddDue(connection, canonical, is_pending);
    }
  }
}

void SqliteRepositories::Revive(SqliteConnection* connection,
                                int64_t repository_key, int64_t* sequence) {
  std::vector<int64_t> entries;
  {
    SqliteQuery query(connection, kListRevived);
    query.Bind(repository_key, PostingState::kAbandoned);
    while (query.Next()) query.Read(&entries.emplace_back());
  }
  for (const int64_t entry_id : entries) {
    SqliteQuery(connection, kRevive)
        .Bind(++*sequence, PostingState::kDue,
              absl::ToInt64Microseconds(kAmbiguousWait), entry_id)
        .Run();
    NoteChange(connection, entry_id);
  }
}

std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const std::string& after,
                                              int limit) {
  std::vector<KnownRepository> repositories;
  SqliteQuery query(connection, kListKnown);
  query.Bind(after, limit);
  while (query.Next()) {
    KnownRepository& known = repositories.emplace_back();
    query.Read(&known.repository.host, &known.repository.owner,
               &known.repository.name, &known.github_id, &known.lane);
  }
  return repositories;
}

const absl::flat_hash_map<std::string, SqliteRepositories::Alias>&
SqliteRepositories::Aliases(SqliteConnection* connection) {
  if (aliases_.has_value()) return *aliases_;
  aliases_.emplace();
  SqliteQuery query(connection, kListAliases);
  while (query.Next()) {
    std::string canonical;
    Alias alias;
    query.Read(&canonical, &alias.canonical, &alias.github_id);
    aliases_->emplace(std::move(canonical), std::move(alias));
  }
  return *aliases_;
}

SqliteRepositories::Known* SqliteRepositories::Load(
    SqliteConnection* connection, const std::string& canonical) {
  if (Known* const kept = known_.Find(canonical)) return kept;
  Known known;
  SqliteQuery query(connection, kFind);
  query.Bind(canonical);
  if (!query.Next()) return nullptr;
  query.Read(&known.repository_key, &known.github_id, &known.lane);
  return Keep(canonical, std::move(known));
}

SqliteRepositories::Known* SqliteRepositories::Keep(
    const std::string& canonical, Known known) {
  return known_.Put(canonical, std::move(known));
}

}  // namespace signalbox
