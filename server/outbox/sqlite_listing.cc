#include "server/outbox/sqlite_listing.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "server/outbox/entry_state.h"
#include "server/outbox/sqlite_damage.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_status_row.h"

namespace signalbox {
namespace {

// One call looks at so many entries, and goes through so many repositories, at
// most: a filter that fits little must not hold up a connection.
constexpr int kMostLooked = 5000;
constexpr int kMostRepositories = 1000;
// Rows of a metric are read up to here.
constexpr int kMostCounted = 1'000'000;

constexpr char kNextWithWork[] =
    "SELECT MIN(key) FROM ("
    "SELECT (SELECT repository_key FROM entry INDEXED BY entry_due "
    "WHERE repository_key >= ?1 AND due_time_us IS NOT NULL "
    "ORDER BY repository_key LIMIT 1) AS key UNION ALL "
    "SELECT (SELECT repository_key FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key >= ?1 AND posting_state = 4 "
    "ORDER BY repository_key LIMIT 1) AS key)";
constexpr char kNextOfAll[] =
    "SELECT MIN(repository_key) FROM repository WHERE repository_key >= ?";
constexpr char kGetRepository[] =
    "SELECT host, owner, name, lane FROM repository WHERE repository_key = ? "
    "AND has_name = 1";

constexpr char kListWithWork[] =
    "SELECT e.entry_id, c.sha, c.overtaken_by, " SIGNALBOX_STATUS_COLUMNS
    "FROM entry AS e JOIN commit_summary AS c ON c.commit_key = e.commit_key "
    "WHERE e.entry_id IN ("
    "SELECT entry_id FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ?1 AND due_time_us IS NOT NULL AND entry_id > ?2 "
    "UNION SELECT entry_id FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key = ?1 AND posting_state = 4 AND entry_id > ?2 "
    "ORDER BY 1 LIMIT ?3) ORDER BY e.entry_id";
constexpr char kListAll[] =
    "SELECT e.entry_id, c.sha, c.overtaken_by, " SIGNALBOX_STATUS_COLUMNS
    "FROM entry AS e JOIN commit_summary AS c ON c.commit_key = e.commit_key "
    "WHERE e.entry_id IN (SELECT n.entry_id FROM commit_summary AS m "
    "JOIN entry AS n ON n.commit_key = m.commit_key "
    "WHERE m.repository_key = ?1 AND n.entry_id > ?2 "
    "AND (n.version > 0 OR n.shown_state IS NOT NULL) "
    "ORDER BY n.entry_id LIMIT ?3) ORDER BY e.entry_id";

constexpr char kCountWanted[] =
    "SELECT r.lane, p.reason, n.count, n.oldest_us FROM "
    "(SELECT repository_key, COUNT(*) AS count, MIN(due_time_us) AS oldest_us "
    "FROM (SELECT repository_key, due_time_us FROM entry INDEXED BY entry_due "
    "WHERE due_time_us IS NOT NULL LIMIT ?) GROUP BY repository_key) AS n "
    "JOIN repository AS r ON r.repository_key = n.repository_key "
    "LEFT JOIN parking AS p ON p.repository_key = n.repository_key";
constexpr char kCountWaiting[] =
    "SELECT r.lane, e.posting_reason, COUNT(*) "
    "FROM (SELECT repository_key, posting_reason FROM entry "
    "INDEXED BY entry_waiting WHERE posting_state = 3 LIMIT ?) AS e "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE NOT EXISTS (SELECT 1 FROM parking AS p "
    "WHERE p.repository_key = e.repository_key) "
    "GROUP BY r.lane, e.posting_reason";
constexpr char kCountAbandoned[] =
    "SELECT posting_reason, COUNT(*) FROM (SELECT posting_reason FROM entry "
    "INDEXED BY entry_abandoned WHERE posting_state = 4 LIMIT ?) "
    "GROUP BY posting_reason";

std::optional<int64_t> NextRepository(SqliteConnection* connection,
                                      bool unposted, int64_t from) {
  SqliteQuery query(connection, unposted ? kNextWithWork : kNextOfAll);
  query.Bind(from);
  std::optional<int64_t> key;
  if (query.Next()) query.Read(&key);
  return key;
}

}  // namespace

ListedPage ListStatuses(SqliteConnection* connection,
                        const StatusQuery& wanted) {
  ListedPage page;
  StatusPlace place = wanted.after;
  int looked = 0;
  for (int repositories = 0; repositories < kMostRepositories; ++repositories) {
    const std::optional<int64_t> key =
        NextRepository(connection, wanted.unposted, place.repository);
    if (!key.has_value()) return page;
    if (*key != place.repository) place = {*key, 0};
    ListedStatus listed;
    // What has no name has lost it to another repository, whose it is to show.
    bool has_name = false;
    {
      SqliteQuery query(connection, kGetRepository);
      if (query.Bind(*key).Next()) {
        has_name = true;
        query.Read(&listed.repository.host, &listed.repository.owner,
                   &listed.repository.name, &listed.lane);
      }
    }
    if (!has_name ||
        (wanted.wants_repository && !wanted.wants_repository(listed))) {
      place = {*key + 1, 0};
      continue;
    }
    const std::optional<Parking> parking = FindParking(connection, *key);
    const int most = kMostLooked - looked;
    int found = 0;
    {
      SqliteQuery query(connection, wanted.unposted ? kListWithWork : kListAll);
      query.Bind(*key, place.entry, most);
      while (query.Next()) {
        ++found;
        std::string sha;
        std::optional<std::string> overtaken_by;
        StatusRow row = ReadStatusRow(query, &place.entry, &sha, &overtaken_by);
        const std::string context = row.status.context;
        listed.status =
            connection->ForgetDamage()
                ? DamagedStatus(context)
                : std::move(row).View(ShaFromBytes(overtaken_by.value_or("")));
        listed.sha = ShaFromBytes(sha);
        if (parking.has_value()) ShowParked(*parking, &listed.status.posting);
        ListedStatus one = listed;
        if (wanted.wants && !wanted.wants(&one)) continue;
        page.statuses.push_back(std::move(one));
        if (static_cast<int>(page.statuses.size()) >= wanted.limit) {
          page.next = place;
          return page;
        }
      }
    }
    looked += found;
    if (found == most) break;
    place = {*key + 1, 0};
  }
  page.next = place;
  return page;
}

PostingCounts CountPostings(SqliteConnection* connection, absl::Time now) {
  PostingCounts counts;
  std::map<std::string, int64_t> due;  // By lane.
  {
    SqliteQuery query(connection, kCountWanted);
    query.Bind(kMostCounted);
    while (query.Next()) {
      std::string lane;
      std::optional<std::string> parked;
      int64_t count = 0;
      absl::Time oldest;
      query.Read(&lane, &parked, &count, &oldest);
      // What is no time is set aside by who searches.
      if (connection->ForgetDamage()) continue;
      if (parked.has_value()) {
        counts.by_reason[{PostingState::kWaiting, "", *parked}] += count;
        continue;
      }
      due[lane] += count;
      counts.oldest_due = std::min(counts.oldest_due, oldest);
    }
  }
  {
    SqliteQuery query(connection, kCountWaiting);
    query.Bind(kMostCounted);
    while (query.Next()) {
      std::string lane;
      std::string reason;
      int64_t count = 0;
      query.Read(&lane, &reason, &count);
      counts.by_reason[{PostingState::kWaiting, "", reason}] += count;
      due[lane] -= count;
    }
  }
  for (const auto& [lane, count] : due) {
    if (count > 0) counts.by_reason[{PostingState::kDue, lane, ""}] = count;
  }
  SqliteQuery query(connection, kCountAbandoned);
  query.Bind(kMostCounted);
  while (query.Next()) {
    std::string reason;
    int64_t count = 0;
    query.Read(&reason, &count);
    counts.by_reason[{PostingState::kAbandoned, "", reason}] += count;
  }
  if (counts.oldest_due > now) counts.oldest_due = absl::InfiniteFuture();
  return counts;
}

}  // namespace signalbox
