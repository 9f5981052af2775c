#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/recent_map.h"
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

  // The name that a repository has now: another one than `canonical` if it was
  // renamed. `github_id` (0: not known) can tell that the old name is another
  // repository's by now, which is noted.
  std::string Resolve(SqliteConnection* connection,
                      const std::string& canonical, int64_t github_id);

  // The repository that has this number on the host of `canonical` and another
  // name; nothing if there is none, or `github_id` is 0.
  std::optional<Repository> FindFormer(SqliteConnection* connection,
                                       const std::string& canonical,
                                       const std::string& host,
                                       int64_t github_id);

  // The key of a repository; 0 if it was never heard of.
  int64_t Find(SqliteConnection* connection, const std::string& canonical);

  // The key of a repository, which is stored if it is new. GitHub's number for
  // it is noted; 0: not known.
  int64_t FindOrAdd(SqliteConnection* connection, const std::string& canonical,
                    const Repository& repository, int64_t github_id);

  // Makes searches for due entries look here. The repository must have been
  // found before in this transaction.
  void AddDue(SqliteConnection* connection, const std::string& canonical,
              bool is_pending);

  // Undoes AddDue, once no entry of the class has a due time.
  void RemoveDue(SqliteConnection* connection, absl::string_view lane,
                 bool is_pending, const std::string& canonical);

  // Asks `lane_of` anew for every repository. What had no lane and has one now
  // is revived: what was abandoned for that becomes due. `sequence` as in
  // Revive.
  void AssignLanes(SqliteConnection* connection, int64_t* sequence);

  // Gives the repository with this key another name, which must be free, and
  // the lane that goes with it. `github_id` 0: not known.
  void Rename(SqliteConnection* connection, int64_t repository_key,
              const Repository& to, int64_t github_id);

  // Makes an old name mean a repository, or nothing any more.
  void AddAlias(SqliteConnection* connection, const std::string& canonical,
                int64_t github_id, int64_t repository_key);
  void RemoveAlias(SqliteConnection* connection, const std::string& canonical);

  // Makes due what was abandoned because the repository could not be found, or
  // nobody could post for it, or to it. Each takes a number: `sequence` is the
  // last one given.
  void Revive(SqliteConnection* connection, int64_t repository_key,
              int64_t* sequence);

  // The same for all repositories of an account.
  void ReviveAccount(SqliteConnection* connection, const std::string& host,
                     absl::string_view account, int64_t* sequence);

  // To be called after a rollback, and when the tables were changed in another
  // way: what was learnt may be gone.
  void Forget() {
    known_.Clear();
    aliases_.reset();
  }

 private:
  // Some 200 bytes each.
  static constexpr size_t kMostKnown = 20'000;

  struct Known {
    int64_t repository_key = 0;
    int64_t github_id = 0;
    std::string lane;
    // It certainly is in due_repository: [is_pending].
    bool due[2] = {false, false};
  };

  struct Alias {
    std::string canonical;  // Where it leads.
    int64_t github_id = 0;
  };

  // Renames are rare, so all of them are kept in memory.
  const absl::flat_hash_map<std::string, Alias>& Aliases(
      SqliteConnection* connection);

  // nullptr: never heard of. Valid until the next call.
  Known* Load(SqliteConnection* connection, const std::string& canonical);
  Known* Keep(const std::string& canonical, Known known);
  std::string LaneOf(const Repository& repository) const {
    return lane_of_ ? lane_of_(repository) : std::string();
  }

  const std::function<std::string(const Repository&)> lane_of_;
  RecentMap<std::string, Known> known_;
  std::optional<absl::flat_hash_map<std::string, Alias>> aliases_;
};

// For readers: Outbox::Repositories.
std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const std::string& after,
                                              int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
