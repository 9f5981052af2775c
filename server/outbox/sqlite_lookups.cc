#include "server/outbox/sqlite_lookups.h"

#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "server/outbox/sqlite_views.h"

namespace signalbox {
namespace {

constexpr int64_t kMostHeads = 2000;

constexpr char kHasHead[] =
    "SELECT 1 FROM ref_head WHERE repository_key = ? AND name = ?";
constexpr char kHasManyHeads[] =
    "SELECT 1 FROM ref_head WHERE repository_key = ? LIMIT 1 OFFSET ?";
constexpr char kDropOldestHead[] =
    "DELETE FROM ref_head WHERE repository_key = ?1 AND name = "
    "(SELECT name FROM ref_head WHERE repository_key = ?1 "
    "ORDER BY update_time_us, name LIMIT 1)";
constexpr char kPutHead[] =
    "INSERT INTO ref_head (repository_key, name, sha, update_time_us) "
    "VALUES (?, ?, ?, ?) ON CONFLICT (repository_key, name) DO UPDATE SET "
    "sha = excluded.sha, update_time_us = excluded.update_time_us "
    "WHERE excluded.update_time_us >= MIN(update_time_us, ?)";

constexpr char kListHeads[] =
    "SELECT name FROM ref_head WHERE repository_key = ? ORDER BY name LIMIT ?";
constexpr char kMoveHead[] =
    "INSERT INTO ref_head (repository_key, name, sha, update_time_us) "
    "SELECT ?2, name, sha, update_time_us FROM ref_head "
    "WHERE repository_key = ?1 AND name = ?3 "
    "ON CONFLICT (repository_key, name) DO UPDATE SET sha = excluded.sha, "
    "update_time_us = excluded.update_time_us "
    "WHERE excluded.update_time_us > update_time_us";
constexpr char kDropHead[] =
    "DELETE FROM ref_head WHERE repository_key = ? AND name = ?";

// Only numbers of deliveries and of GitHub's answers count.
constexpr char kFindNamed[] =
    "SELECT repository_key, host, owner, name, "
    "github_repository_id * id_is_verified FROM repository "
    "WHERE repository_key = " SIGNALBOX_REPOSITORY_NAMED("?1");
constexpr char kFindNumbered[] =
    "SELECT host, owner, name FROM repository "
    "WHERE github_repository_id = ?1 AND github_repository_id <> 0 "
    "AND host = ?2 AND id_is_verified = 1 AND has_name = 1 "
    "ORDER BY repository_key LIMIT 1";
constexpr char kFindHead[] =
    "SELECT sha, update_time_us FROM ref_head "
    "WHERE repository_key = ? AND name = ?";
// Two are as good as many.
constexpr char kListShas[] =
    "SELECT sha FROM (SELECT sha FROM commit_summary "
    "WHERE repository_key = ?1 AND sha BETWEEN ?2 AND ?3 ORDER BY sha LIMIT 2) "
    "UNION SELECT sha FROM (SELECT DISTINCT sha FROM ref_head "
    "WHERE repository_key = ?1 AND sha BETWEEN ?2 AND ?3 ORDER BY sha LIMIT 2) "
    "ORDER BY sha LIMIT 2";

}  // namespace

void KeepHead(SqliteConnection* connection, int64_t repository_key,
              const std::string& ref, const Sha& sha, absl::Time time,
              absl::Time now) {
  if (!connection->Finds(kHasHead, repository_key, ref) &&
      connection->Finds(kHasManyHeads, repository_key, kMostHeads - 1)) {
    connection->Execute(kDropOldestHead, repository_key);
  }
  connection->Execute(kPutHead, repository_key, ref, sha, time, now);
}

int MoveHeads(SqliteConnection* connection, int64_t from_key, int64_t to_key,
              int limit) {
  const auto names = connection->All<std::string>(kListHeads, from_key, limit);
  for (const std::string& name : names) {
    connection->Execute(kMoveHead, from_key, to_key, name);
    connection->Execute(kDropHead, from_key, name);
  }
  return static_cast<int>(names.size());
}

absl::StatusOr<ResolvedRef> ResolveRef(SqliteConnection* connection,
                                       const Repository& repository,
                                       absl::string_view ref) {
  ResolvedRef resolved;
  resolved.repository = repository;
  int64_t repository_key = 0;
  {
    int64_t number = 0;
    const CanonicalName canonical = repository.Canonical();
    SqliteQuery query(connection, kFindNamed);
    query.Bind(canonical);
    if (query.Next()) {
      query.Read(&repository_key, &resolved.repository, &number);
    }
  }
  const absl::StatusOr<Sha> full = ParseSha(ref);
  if (full.ok()) {
    resolved.sha = *full;
    return resolved;
  }
  for (std::string& name : FullRefsOf(ref)) {
    const auto head = connection->First<std::tuple<Sha, absl::Time>>(
        kFindHead, repository_key, name);
    if (!head.has_value() || std::get<Sha>(*head).empty()) continue;
    resolved.sha = std::get<Sha>(*head);
    resolved.update_time = std::get<absl::Time>(*head);
    resolved.full_ref = std::move(name);
    return resolved;
  }
  const std::optional<ShaRange> range = ShasBeginningWith(ref);
  if (!range.has_value()) return RefUnknown(repository, ref);
  const std::vector<Sha> shas =
      connection->All<Sha>(kListShas, repository_key, SqliteBlob{range->first},
                           SqliteBlob{range->last});
  if (shas.size() != 1 || shas.front().empty())
    return RefUnknown(repository, ref);
  resolved.sha = shas.front();
  return resolved;
}

FoundRepository FindRepository(SqliteConnection* connection,
                               const Repository& name) {
  FoundRepository found;
  found.repository = name;
  const CanonicalName canonical = name.Canonical();
  SqliteQuery query(connection, kFindNamed);
  query.Bind(canonical);
  if (!query.Next()) return found;
  int64_t repository_key = 0;
  query.Read(&repository_key, &found.repository, &found.number);
  return found;
}

absl::StatusOr<FoundRepository> FindRepositoryWithNumber(
    SqliteConnection* connection, const std::string& host, int64_t number) {
  const auto named = connection->First<Repository>(kFindNumbered, number, host);
  if (!named.has_value()) return RepositoryUnknown(host, number);
  return FoundRepository{*named, number};
}

}  // namespace signalbox
