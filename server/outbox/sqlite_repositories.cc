#include "server/outbox/sqlite_repositories.h"

#include <utility>
#include <vector>

namespace signalbox {
namespace {

// Some 200 bytes each. At the bound all are dropped, and read again as needed.
constexpr size_t kMostKnown = 10'000;

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
    "SELECT repository_key, host, owner, name, lane FROM repository "
    "ORDER BY repository_key";
constexpr char kSetLane[] =
    "UPDATE repository SET lane = ? WHERE repository_key = ?";
constexpr char kSetDueLane[] =
    "UPDATE due_repository SET lane = ? "
    "WHERE lane = ? AND is_pending IN (0, 1) AND canonical = "
    "(SELECT canonical FROM repository WHERE repository_key = ?)";

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
  const auto it = known_.find(canonical);
  if (it != known_.end()) it->second.due[is_pending] = false;
}

void SqliteRepositories::AssignLanes(SqliteConnection* connection) {
  struct Move {
    int64_t repository_key;
    std::string from;
    std::string to;
  };
  std::vector<Move> moves;
  {
    SqliteQuery query(connection, kListAll);
    while (query.Next()) {
      Move move;
      Repository repository;
      query.Read(&move.repository_key, &repository.host, &repository.owner,
                 &repository.name, &move.from);
      move.to = LaneOf(repository);
      if (move.to != move.from) moves.push_back(std::move(move));
    }
  }
  for (const Move& move : moves) {
    SqliteQuery(connection, kSetLane).Bind(move.to, move.repository_key).Run();
    SqliteQuery(connection, kSetDueLane)
        .Bind(move.to, move.from, move.repository_key)
        .Run();
  }
  Forget();
}

SqliteRepositories::Known* SqliteRepositories::Load(
    SqliteConnection* connection, const std::string& canonical) {
  const auto it = known_.find(canonical);
  if (it != known_.end()) return &it->second;
  Known known;
  SqliteQuery query(connection, kFind);
  query.Bind(canonical);
  if (!query.Next()) return nullptr;
  query.Read(&known.repository_key, &known.github_id, &known.lane);
  return Keep(canonical, std::move(known));
}

SqliteRepositories::Known* SqliteRepositories::Keep(
    const std::string& canonical, Known known) {
  if (known_.size() >= kMostKnown) known_.clear();
  return &known_.insert_or_assign(canonical, std::move(known)).first->second;
}

}  // namespace signalbox
