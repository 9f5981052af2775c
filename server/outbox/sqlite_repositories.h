#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/outbox/sqlite.h"
#include "server/report/status_key.h"

namespace signalbox {

// The tables `repository` and `due_repository` as the writer sees them, with
// the repositories in use kept in memory.
//
// Every method needs an open transaction, whose errors stick to `connection`.
// Not thread-safe.
class SqliteRepositories {
 public:
  // `lane_of` may be empty: everything is in the lane "".
  explicit SqliteRepositories(
      std::function<std::string(const Repository&)> lane_of)
      : lane_of_(std::move(lane_of)) {}

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

  // Asks `lane_of` anew for every repository.
  void AssignLanes(SqliteConnection* connection);

  // To be called after a rollback: what was learnt may be gone.
  void Forget() { known_.clear(); }

 private:
  struct Known {
    int64_t repository_key = 0;
    int64_t github_id = 0;
    std::string lane;
    // It certainly is in due_repository: [is_pending].
    bool due[2] = {false, false};
  };

  // nullptr: never heard of. Valid until the next call.
  Known* Load(SqliteConnection* connection, const std::string& canonical);
  Known* Keep(const std::string& canonical, Known known);
  std::string LaneOf(const Repository& repository) const {
    return lane_of_ ? lane_of_(repository) : std::string();
  }

  const std::function<std::string(const Repository&)> lane_of_;
  absl::flat_hash_map<std::string, Known> known_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
