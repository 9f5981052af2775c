#include "server/outbox/sqlite_listing.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_status_row.h"

namespace signalbox {
namespace {

// The most entries, commits and repositories that one call looks at, so that a
// filter with few matches does not hold up a connection.
constexpr int kMostLooked = 5000;
constexpr int kMostRepositories = 1000;
// The most reasons that are read for a repository. A few dozen exist.
constexpr int kMostReasons = 100;
// A metric counts at most this many rows.
constexpr int kMostCounted = 1'000'000;
// The reason why the statuses of a repository without a name wait.
constexpr char kNameUnknown[] = "NAME_UNKNOWN";

constexpr char kNextDue[] =
    "SELECT repository_key FROM entry INDEXED BY entry_due "
    "WHERE repository_key >= ? AND due_time_us IS NOT NULL "
    "ORDER BY repository_key LIMIT 1";
constexpr char kNextAbandoned[] =
    "SELECT repository_key FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key >= ? AND posting_state = 4 "
    "ORDER BY repository_key LIMIT 1";
constexpr char kNextOfAll[] =
    "SELECT repository_key FROM repository WHERE repository_key >= ? "
    "ORDER BY repository_key LIMIT 1";
constexpr char kGetRepository[] =
    "SELECT host, owner, name, credential FROM repository "
    "WHERE repository_key = ? AND has_name = 1";

// Reads the due entries of one repository from their index alone.
constexpr char kListDueEntries[] =
    "SELECT entry_id FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND due_time_us IS NOT NULL AND entry_id > ? "
    "ORDER BY entry_id LIMIT ?";
// 3 and 4 are kWaiting and kAbandoned: SQLite uses a partial index only if the
// statement repeats its condition.
static_assert(static_cast<int>(PostingState::kWaiting) == 3);
static_assert(static_cast<int>(PostingState::kAbandoned) == 4);
struct ByReason {
  const char* next_reason;
  const char* list;
};
constexpr ByReason kWaitingByReason = {
    "SELECT posting_reason FROM entry INDEXED BY entry_waiting "
    "WHERE repository_key = ? AND posting_state = 3 AND posting_reason > ? "
    "ORDER BY posting_reason LIMIT 1",
    "SELECT entry_id FROM entry INDEXED BY entry_waiting "
    "WHERE repository_key = ? AND posting_state = 3 AND posting_reason = ? "
    "AND entry_id > ? ORDER BY entry_id LIMIT ?"};
constexpr ByReason kAbandonedByReason = {
    "SELECT posting_reason FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key = ? AND posting_state = 4 AND posting_reason > ? "
    "ORDER BY posting_reason LIMIT 1",
    "SELECT entry_id FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key = ? AND posting_state = 4 AND posting_reason = ? "
    "AND entry_id > ? ORDER BY entry_id LIMIT ?"};
constexpr char kGetListed[] =
    "SELECT c.sha, c.overtaken_by, " SIGNALBOX_STATUS_COLUMNS
    "FROM entry AS e JOIN commit_summary AS c ON c.commit_key = e.commit_key "
    "WHERE e.entry_id = ?";

constexpr char kListStatusCommits[] =
    "SELECT commit_key, sha FROM commit_summary "
    "WHERE repository_key = ? AND sha >= ? ORDER BY sha";
constexpr char kListStatusesOfCommit[] =
    "SELECT entry_id FROM entry WHERE commit_key = ? AND entry_id > ? "
    "ORDER BY entry_id LIMIT ?";

constexpr char kCountWanted[] =
    "SELECT r.credential, r.has_name, p.reason, n.count, n.oldest_us FROM "
    "(SELECT repository_key, COUNT(*) AS count, MIN(due_time_us) AS oldest_us "
    "FROM (SELECT repository_key, due_time_us FROM entry INDEXED BY entry_due "
    "WHERE due_time_us IS NOT NULL LIMIT ?) GROUP BY repository_key) AS n "
    "JOIN repository AS r ON r.repository_key = n.repository_key "
    "LEFT JOIN parking AS p ON p.repository_key = n.repository_key";
constexpr char kCountWaiting[] =
    "SELECT r.credential, e.posting_reason, COUNT(*) "
    "FROM (SELECT repository_key, posting_reason FROM entry "
    "INDEXED BY entry_waiting WHERE posting_state = 3 LIMIT ?) AS e "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE r.has_name = 1 AND NOT EXISTS (SELECT 1 FROM parking AS p "
    "WHERE p.repository_key = e.repository_key) "
    "GROUP BY r.credential, e.posting_reason";
constexpr char kCountAbandoned[] =
    "SELECT posting_reason, COUNT(*) FROM (SELECT posting_reason FROM entry "
    "INDEXED BY entry_abandoned WHERE posting_state = 4 LIMIT ?) "
    "GROUP BY posting_reason";

std::optional<int64_t> First(SqliteConnection* connection, const char* sql,
                             int64_t from) {
  return connection->First<std::optional<int64_t>>(sql, from).value_or(
      std::nullopt);
}

// Lists a page. Not thread-safe.
class Lister {
 public:
  Lister(SqliteConnection* connection, const StatusQuery& wanted)
      : connection_(connection),
        wanted_(wanted),
        by_commits_(Wants(PostingState::kPosted) ||
                    Wants(PostingState::kObserved)),
        place_(wanted.after) {}

  ListedPage List() && {
    for (int count = 0; count < kMostRepositories; ++count) {
      const std::optional<int64_t> key = NextRepository();
      if (!key.has_value()) return std::move(page_);
      if (*key != place_.repository) place_ = {*key, Sha(), 0};
      ListedStatus listed;
      if (IsWanted(&listed) && !ListRepository(std::move(listed))) break;
      // Only damage makes a key so large; no key follows it.
      if (*key == std::numeric_limits<int64_t>::max()) return std::move(page_);
      place_ = {*key + 1, Sha(), 0};
    }
    page_.next = place_;
    return std::move(page_);
  }

 private:
  bool Wants(PostingState state) const {
    return wanted_.states.contains(state);
  }

  std::optional<int64_t> NextRepository() {
    const int64_t from = place_.repository;
    if (by_commits_) return First(connection_, kNextOfAll, from);
    std::optional<int64_t> next;
    if (Wants(PostingState::kDue) || Wants(PostingState::kWaiting)) {
      next = First(connection_, kNextDue, from);
    }
    if (Wants(PostingState::kAbandoned)) {
      const auto abandoned = First(connection_, kNextAbandoned, from);
      if (!next.has_value() || (abandoned.has_value() && *abandoned < *next)) {
        next = abandoned;
      }
    }
    return next;
  }

  // Whether the repository at `place_` is wanted. Sets `listed`.
  bool IsWanted(ListedStatus* listed) {
    auto found = connection_->First<std::tuple<Repository, std::string>>(
        kGetRepository, place_.repository);
    // A repository without a name has lost it to another one, which is listed
    // under it.
    if (!found.has_value()) return false;
    std::tie(listed->repository, listed->credential) = *std::move(found);
    if (wanted_.wants_repository && !wanted_.wants_repository(*listed)) {
      return false;
    }
    parking_ = FindParking(connection_, place_.repository);
    listed->is_parked = parking_.has_value();
    return true;
  }

  // False: the page ends at `place_`, and more may follow.
  bool ListRepository(ListedStatus listed) {
    if (by_commits_) return ListByCommits(std::move(listed));
    const int most = kMostLooked - looked_;
    for (const int64_t entry_id : Unposted(listed, most)) {
      place_.entry = entry_id;
      if (!Look(listed)) return false;
    }
    return looked_ < kMostLooked;
  }

  bool ListByCommits(ListedStatus listed) {
    SqliteQuery commits(connection_, kListStatusCommits);
    const Sha from = place_.sha;
    commits.Bind(place_.repository, from);
    while (commits.Next()) {
      int64_t key = 0;
      Sha sha;
      commits.Read(&key, &sha);
      // A damaged sha names no commit, and no page can end there.
      if (sha.empty()) continue;
      if (sha != place_.sha) place_ = {place_.repository, sha, 0};
      for (const int64_t entry_id :
           connection_->All<int64_t>(kListStatusesOfCommit, key, place_.entry,
                                     kMostLooked - looked_)) {
        place_.entry = entry_id;
        if (!Look(listed)) return false;
      }
      if (++looked_ >= kMostLooked) return false;
    }
    return looked_ < kMostLooked;
  }

  // The first `most` entries of the repository after `place_` that may be
  // wanted, in order.
  std::vector<int64_t> Unposted(const ListedStatus& listed, int most) {
    std::vector<int64_t> entries;
    const bool all_wait =
        listed.is_parked || (wanted_.credential_waits &&
                             wanted_.credential_waits(listed.credential));
    if (Wants(all_wait ? PostingState::kWaiting : PostingState::kDue)) {
      entries = connection_->All<int64_t>(kListDueEntries, place_.repository,
                                          place_.entry, most);
    } else if (!all_wait && Wants(PostingState::kWaiting)) {
      AddByReason(kWaitingByReason, most, &entries);
    }
    if (Wants(PostingState::kAbandoned)) {
      AddByReason(kAbandonedByReason, most, &entries);
    }
    std::sort(entries.begin(), entries.end());
    // A damaged entry can be in both lists.
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    if (entries.size() > static_cast<size_t>(most)) entries.resize(most);
    return entries;
  }

  void AddByReason(const ByReason& by_reason, int most,
                   std::vector<int64_t>* entries) {
    std::vector<std::string> reasons(wanted_.reasons.begin(),
                                     wanted_.reasons.end());
    if (reasons.empty()) {
      // Seeks from reason to reason in the index: few reasons have many entries
      // each.
      reasons.emplace_back();
      while (reasons.size() < kMostReasons) {
        SqliteQuery query(connection_, by_reason.next_reason);
        if (!query.Bind(place_.repository, reasons.back()).Next()) break;
        query.Read(&reasons.emplace_back());
      }
    }
    for (const std::string& reason : reasons) {
      SqliteQuery query(connection_, by_reason.list);
      query.Bind(place_.repository, reason, place_.entry, most);
      while (query.Next()) query.Read(&entries->emplace_back());
    }
  }

  // Puts the entry at `place_` on the page if it is wanted. False: the page is
  // complete.
  bool Look(const ListedStatus& of) {
    ++looked_;
    ListedStatus listed = of;
    if (Read(&listed) && (!wanted_.wants || wanted_.wants(&listed))) {
      listed.place = place_;
      page_.statuses.push_back(std::move(listed));
    }
    return looked_ < kMostLooked &&
           static_cast<int>(page_.statuses.size()) < wanted_.limit;
  }

  // False: there is no such entry, or it has nothing to show.
  bool Read(ListedStatus* listed) {
    SqliteQuery query(connection_, kGetListed);
    if (!query.Bind(place_.entry).Next()) return false;
    std::optional<Sha> overtaken_by;
    StatusRow row = ReadStatusRow(query, &listed->sha, &overtaken_by);
    // A damaged sha names no commit.
    if (listed->sha.empty()) return false;
    if (row.version == 0 && !row.shown_state.has_value()) return false;
    listed->status = std::move(row).View(overtaken_by.value_or(Sha()));
    if (parking_.has_value()) ShowParked(*parking_, &listed->status.posting);
    return true;
  }

  SqliteConnection* const connection_;
  const StatusQuery& wanted_;
  // Posted and observed statuses are in no index, so the search goes through
  // the commits.
  const bool by_commits_;
  StatusPlace place_;
  std::optional<Parking> parking_;  // Of the repository at `place_`.
  int looked_ = 0;
  ListedPage page_;
};

}  // namespace

ListedPage ListStatuses(SqliteConnection* connection,
                        const StatusQuery& wanted) {
  return Lister(connection, wanted).List();
}

PostingCounts CountPostings(SqliteConnection* connection, absl::Time now) {
  PostingCounts counts;
  std::map<std::string, int64_t> due;  // By credential.
  for (auto& [credential, has_name, parked, count, oldest] :
       connection->All<std::tuple<std::string, bool, std::optional<std::string>,
                                  int64_t, absl::Time>>(kCountWanted,
                                                        kMostCounted)) {
    if (!has_name) {
      parked = kNameUnknown;
    } else if (!parked.has_value() && credential.empty()) {
      parked = kNoCredential;
    }
    if (parked.has_value()) {
      counts.by_reason[{PostingState::kWaiting, "", *parked}] += count;
      continue;
    }
    due[credential] += count;
    if (oldest > now) continue;
    const auto first = counts.oldest_due.emplace(credential, oldest).first;
    first->second = std::min(first->second, oldest);
  }
  for (const auto& [credential, reason, count] :
       connection->All<std::tuple<std::string, std::string, int64_t>>(
           kCountWaiting, kMostCounted)) {
    if (credential.empty()) continue;  // Counted above.
    counts.by_reason[{PostingState::kWaiting, "", reason}] += count;
    due[credential] -= count;
  }
  for (const auto& [credential, count] : due) {
    if (count > 0)
      counts.by_reason[{PostingState::kDue, credential, ""}] = count;
  }
  for (const auto& [reason, count] :
       connection->All<std::tuple<std::string, int64_t>>(kCountAbandoned,
                                                         kMostCounted)) {
    counts.by_reason[{PostingState::kAbandoned, "", reason}] += count;
  }
  return counts;
}

}  // namespace signalbox
