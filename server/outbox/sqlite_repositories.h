#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/outbox/naming.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_aliases.h"
#include "server/report/status_key.h"

namespace signalbox {

// The writer's view of the tables `repository` and `due_repository`. It keeps
// the repositories in use in memory.
//
// Every method needs an open transaction. Errors stick to `connection`. Not
// thread-safe.
class SqliteRepositories {
 public:
  // `credential_of` may be empty: all repositories are in the credential "".
  explicit SqliteRepositories(
      std::function<std::string(const Repository&)> credential_of)
      : aliases_(std::move(credential_of)), known_(kMostKnown) {}

  // Rows by name, by key, by GitHub's number on a host, and by an old name. A
  // row has a number only if a delivery or GitHub gave it. Nothing: there is
  // none.
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         const std::string& canonical);
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         int64_t repository_key);
  std::optional<NamedRepository> FindNumber(SqliteConnection* connection,
                                            const std::string& host,
                                            int64_t number);
  std::optional<KnownAlias> FindAlias(SqliteConnection* connection,
                                      const std::string& canonical);
  // All of these rows, for a name and a number (0: not known).
  Whereabouts Find(SqliteConnection* connection, const std::string& canonical,
                   const std::string& host, int64_t number);

  // Whether the row with this name, which must not be an alias, has this
  // number. Then no decision is necessary. Uses the memory if it holds the row.
  bool Agrees(SqliteConnection* connection, const std::string& canonical,
              int64_t number);

  // The key of a repository; 0: there is no such row.
  int64_t Find(SqliteConnection* connection, const std::string& canonical);

  // The key of a repository; adds a row if there is none.
  int64_t FindOrAdd(SqliteConnection* connection, const std::string& canonical,
                    const Repository& repository, absl::Time now);

  // Adds a row for a repository whose name another repository has, and stores a
  // question to GitHub for its present name. Returns the text that replaces the
  // name. `by` as in SetNumber.
  std::string AddNameless(SqliteConnection* connection,
                          const Repository& repository, int64_t number,
                          const std::string& by, absl::Time now);

  // Finds or adds a row for reports of the caller `by`, with the number of a
  // known repository that the caller may not report for. Only the pair of
  // caller and number leads to this row, not the number alone. Stores no
  // question to GitHub.
  std::string FindOrAddClaim(SqliteConnection* connection,
                             const Repository& repository, int64_t number,
                             const std::string& by, absl::Time now);
  // All rows of FindOrAddClaim with this number.
  std::vector<NamedRepository> Claims(SqliteConnection* connection,
                                      const std::string& host, int64_t number);

  // Sets the number of the repository with this name, which a delivery of the
  // caller `by` gave. If `by` is empty, GitHub gave it.
  void SetNumber(SqliteConnection* connection, const std::string& canonical,
                 int64_t number, const std::string& by);
  // Removes the number of this row, because it is another repository's.
  void TakeNumber(SqliteConnection* connection, const NamedRepository& row);

  // Makes searches for due entries look at the repository, unless it is parked.
  // The transaction must have found the repository before.
  void AddDue(SqliteConnection* connection, const std::string& canonical,
              bool is_pending);

  // The credentials for which AddDue was called with results, since the last
  // call. Sorted, so that a simulation takes leases in the same order again.
  std::set<std::string> TakeDueResults() {
    return std::exchange(due_results_, {});
  }

  // Undoes AddDue. Call it when no entry of the class has a due time.
  void RemoveDue(SqliteConnection* connection, absl::string_view credential,
                 bool is_pending, const std::string& canonical);

  // Makes searches look at the repository for the classes in which an entry has
  // a due time, and for no other. Call it after several entries may have got or
  // lost a due time.
  void ReviseDue(SqliteConnection* connection, int64_t repository_key);

  // Whether this repository, or any repository, has a row in `parking`.
  bool IsParked(SqliteConnection* connection, int64_t repository_key);
  bool AnyParked(SqliteConnection* connection);
  // Call it after that row was written or deleted: searches for due entries
  // skip the repository, or look at it again.
  void SetParked(SqliteConnection* connection, int64_t repository_key,
                 bool is_parked);

  // Asks `credential_of` again for every repository. Returns the repositories
  // that had no credential and have one now: entries that were abandoned for
  // lack of one can be revived.
  std::vector<int64_t> AssignCredentials(SqliteConnection* connection);

  // Rebuilds the rows of `due_repository`. Reads all due entries.
  void FillDue(SqliteConnection* connection);

  // Gives the repository with this key another name, which must be free, and
  // the credential of that name.
  void Rename(SqliteConnection* connection, int64_t repository_key,
              const Repository& to);
  // Another repository has its name now. Searches for due entries skip it until
  // it has a name again; a question to GitHub, by its number, is stored. Its
  // parking ends, since the refusal may have been about the other repository.
  void LoseName(SqliteConnection* connection, const NamedRepository& row,
                absl::Time now);
  // Removes its name and number, so that nothing leads to it any more, and ends
  // its parking. Its commits move to the repository that is called `to`.
  void Retire(SqliteConnection* connection, const NamedRepository& row,
              const Repository& to);
  // Notes that GitHub gave the name of the repository at `time`, by GitHub's
  // clock.
  void NoteNameTime(SqliteConnection* connection, int64_t repository_key,
                    absl::Time time);

  // The old names of repositories, and the questions to GitHub about names.
  SqliteAliases& aliases() { return aliases_; }

  // Call it after a rollback, and after other code has changed the tables: the
  // memory may be wrong.
  void Forget() {
    known_.Clear();
    aliases_.Forget();
    parked_.reset();
  }

 private:
  // Some 200 bytes each.
  static constexpr size_t kMostKnown = 20'000;

  struct Known {
    int64_t repository_key = 0;
    int64_t number = 0;  // 0: not known, or not verified.
    bool has_name = true;
    std::string credential;
    // Certainly in due_repository, by class: [is_pending].
    bool due[2] = {false, false};
  };

  void RemoveAllDue(SqliteConnection* connection, int64_t repository_key);

  // Few repositories are parked, so all of them are kept in memory.
  absl::flat_hash_set<int64_t>& Parked(SqliteConnection* connection);

  // nullptr: there is no such row. Valid until the next call.
  Known* Load(SqliteConnection* connection, const std::string& canonical);

  std::string CredentialOf(const Repository& repository) const {
    return aliases_.CredentialOf(repository);
  }

  SqliteAliases aliases_;
  RecentMap<std::string, Known> known_;
  std::optional<absl::flat_hash_set<int64_t>> parked_;
  std::set<std::string> due_results_;
};

// For readers: RecoveryNotes::Repositories.
std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const std::string& after,
                                              int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
