#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/outbox/naming.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/report/status_key.h"

namespace signalbox {

// The tables `repository`, `repository_alias` and `due_repository` as the
// writer sees them, with the repositories in use kept in memory.
//
// Every method needs an open transaction, whose errors stick to `connection`.
// Not thread-safe.
class SqliteRepositories {
 public:
  // `lane_of` may be empty: everything is in the lane "".
  explicit SqliteRepositories(
      std::function<std::string(const Repository&)> lane_of)
      : lane_of_(std::move(lane_of)), known_(kMostKnown) {}

  // Rows by name, by an old name, and by GitHub's number on a host, if a
  // delivery or GitHub said it. Nothing: there is none.
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         const std::string& canonical);
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         int64_t repository_key);
  std::optional<NamedRepository> FindNumber(SqliteConnection* connection,
                                            const std::string& host,
                                            int64_t number);
  std::optional<KnownAlias> FindAlias(SqliteConnection* connection,
                                      const std::string& canonical);
  // All of them, for a name and a number (0: not known).
  Whereabouts Find(SqliteConnection* connection, const std::string& canonical,
                   const std::string& host, int64_t number);

  // Whether the row with the name has this number, which is no alias: then
  // nothing is to be decided. Reads no row that is known.
  bool Agrees(SqliteConnection* connection, const std::string& canonical,
              int64_t number);

  // The name that a repository has now: another one than `canonical` if it was
  // renamed.
  std::string Resolve(SqliteConnection* connection,
                      const std::string& canonical);

  // The key of a repository; 0 if it was never heard of.
  int64_t Find(SqliteConnection* connection, const std::string& canonical);

  // The key of a repository, which is stored if it is new.
  int64_t FindOrAdd(SqliteConnection* connection, const std::string& canonical,
                    const Repository& repository, absl::Time now);

  // A row for a repository of which another one has the name. GitHub is asked
  // what it is called. Returns what stands for the name. `by` as in SetNumber.
  std::string AddNameless(SqliteConnection* connection,
                          const Repository& repository, int64_t number,
                          const std::string& by, absl::Time now);

  // The same for what the caller `by` reports with the number of a repository
  // that is known and not the caller's: the row is found by the caller and the
  // number, and nothing finds it by the number alone. GitHub is not asked yet.
  std::string FindOrAddClaim(SqliteConnection* connection,
                             const Repository& repository, int64_t number,
                             const std::string& by, absl::Time now);
  // All such rows of a number.
  std::vector<NamedRepository> Claims(SqliteConnection* connection,
                                      const std::string& host, int64_t number);

  // A delivery of the caller `by` said the number of the repository with this
  // name; GitHub did, if `by` is empty.
  void SetNumber(SqliteConnection* connection, const std::string& canonical,
                 int64_t number, const std::string& by);
  // Its number is another one's.
  void TakeNumber(SqliteConnection* connection, const NamedRepository& row);

  // Makes searches for due entries look here, unless the repository is parked.
  // It must have been found before in this transaction.
  void AddDue(SqliteConnection* connection, const std::string& canonical,
              bool is_pending);

  // Undoes AddDue, once no entry of the class has a due time.
  void RemoveDue(SqliteConnection* connection, absl::string_view lane,
                 bool is_pending, const std::string& canonical);

  // Searches look here for the classes in which an entry has a due time, and
  // for no other. To be called once several entries may have got or lost one.
  void ReviseDue(SqliteConnection* connection, int64_t repository_key);

  // Whether a repository, or any, has a row in `parking`.
  bool IsParked(SqliteConnection* connection, int64_t repository_key);
  bool AnyParked(SqliteConnection* connection);
  // After that row was written or deleted: searches for due entries pass the
  // repository by, or look here.
  void SetParked(SqliteConnection* connection, int64_t repository_key,
                 bool is_parked);

  // Asks `lane_of` anew for every repository. Returns those that had no lane
  // and have one now: what was abandoned for that is to be revived.
  std::vector<int64_t> AssignLanes(SqliteConnection* connection);

  // Derives anew where searches for due entries are to look. Reads all that is
  // due.
  void FillDue(SqliteConnection* connection);

  // Gives the repository with this key another name, which must be free, and
  // the lane that goes with it.
  void Rename(SqliteConnection* connection, int64_t repository_key,
              const Repository& to);
  // Another one has its name: searches for due entries pass it until it has one
  // again, which GitHub is asked for by its number. It is parked no more: what
  // was refused may have been the other's.
  void LoseName(SqliteConnection* connection, const NamedRepository& row,
                absl::Time now);
  // Its commits move to the repository that is called `to`: nothing finds it
  // by its name or number any more, and it is parked no more.
  void Retire(SqliteConnection* connection, const NamedRepository& row,
              const Repository& to);
  // GitHub said at `time` (by its clock) what the repository is called.
  void NoteNameTime(SqliteConnection* connection, int64_t repository_key,
                    absl::Time time);

  // Makes an old name mean a repository, or nothing any more.
  void AddAlias(SqliteConnection* connection, const std::string& canonical,
                int64_t github_id, int64_t repository_key);
  void RemoveAlias(SqliteConnection* connection, const std::string& canonical);
  // GitHub was asked who has the old name, and it stays one.
  void NoteChecked(SqliteConnection* connection, const std::string& canonical,
                   absl::Time now);
  // A report came by an old name. True: GitHub is still to be asked whether it
  // is one; it is asked once a day.
  bool UseAlias(SqliteConnection* connection, const Repository& said,
                absl::Time now);
  // GitHub refused what was reported by an old name: it is asked soon.
  void DoubtAlias(SqliteConnection* connection, const std::string& canonical,
                  absl::Time now);

  // Has GitHub asked, with the credential for `via`, what the repository with
  // this number is called.
  void AskNumber(SqliteConnection* connection, const Repository& via,
                 int64_t number, absl::Time now);
  // Has GitHub asked, `at` that time, which repository has the name.
  void AskName(SqliteConnection* connection, const Repository& name,
               absl::Time at, absl::Time now);

  // Makes due what was abandoned because the repository could not be found, or
  // nobody could post for it, or to it; at most `limit` entries. Each takes a
  // number: `sequence` is the last one given. Returns how many.
  int Revive(SqliteConnection* connection, int64_t repository_key, int limit,
             int64_t* sequence);

  // Of an account's repositories those that come next behind a canonical name.
  std::vector<std::pair<int64_t, std::string>> ListOfAccount(
      SqliteConnection* connection, const std::string& host,
      absl::string_view account, const std::string& behind, int limit);

  std::string LaneOf(const Repository& repository) const {
    return lane_of_ ? lane_of_(repository) : std::string();
  }

  // Questions about old names have changed.
  void ForgetAliases() { aliases_.reset(); }

  // To be called after a rollback, and when the tables were changed in another
  // way: what was learnt may be gone.
  void Forget() {
    known_.Clear();
    aliases_.reset();
    parked_.reset();
  }

 private:
  // Some 200 bytes each.
  static constexpr size_t kMostKnown = 20'000;

  struct Known {
    int64_t repository_key = 0;
    int64_t number = 0;  // 0: not known, or not verified.
    bool has_name = true;
    std::string lane;
    // It certainly is in due_repository: [is_pending].
    bool due[2] = {false, false};
  };

  struct Alias {
    std::string canonical;  // Where it leads.
    int64_t repository_key = 0;
    int64_t github_id = 0;
    absl::Time checked_time;
    // When GitHub is to be asked about it.
    std::optional<absl::Time> ask_time;
  };

  void Ask(SqliteConnection* connection, const std::string& subject,
           const Repository& via, int64_t number, absl::Time at,
           absl::Time now);
  void RemoveAllDue(SqliteConnection* connection, int64_t repository_key);

  // Renames are rare, so all of them are kept in memory.
  const absl::flat_hash_map<std::string, Alias>& Aliases(
      SqliteConnection* connection);

  // Few are parked, so all of them are kept in memory.
  absl::flat_hash_set<int64_t>& Parked(SqliteConnection* connection);

  // nullptr: never heard of. Valid until the next call.
  Known* Load(SqliteConnection* connection, const std::string& canonical);
  Known* Keep(const std::string& canonical, Known known);
  const std::function<std::string(const Repository&)> lane_of_;
  RecentMap<std::string, Known> known_;
  std::optional<absl::flat_hash_map<std::string, Alias>> aliases_;
  std::optional<absl::flat_hash_set<int64_t>> parked_;
};

// For readers: Outbox::Repositories.
std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const std::string& after,
                                              int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
