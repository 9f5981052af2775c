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

// The writer's view of the tables `repository` and `due_repository`: which
// repositories the server knows, what they are called, and which of them have
// something to post. Code that accepts reports, learns names or takes entries
// out for posting uses it. It keeps the repositories in use in memory, because
// every report needs one.
//
// Terms of this header:
// - `repository_key`: the number of a row of `repository` in this database.
// - `canonical`: the name. A row without a name has a text there that no name
//   looks like.
// - `number`: GitHub's number of a repository, which survives renames. 0: not
//   known. The server trusts a number only if a delivery or an answer of
//   GitHub's gave it.
// - A nameless row: GitHub has not yet said what the repository is called. Its
//   entries are not posted until it has a name.
// - A claim: a nameless row for the reports of one caller. The caller's
//   deliveries gave the number of a known repository, and the server does not
//   believe it, for example because the caller may not report for that
//   repository. The reports stay apart until GitHub says which repository has
//   the number.
// - The due list: the table `due_repository`. It has a row for each repository
//   and kind (results or pendings) for which an entry has a due time. A search
//   for due entries looks only at repositories in this list. Nameless and
//   parked repositories are never in it.
//
// Every method needs an open transaction of the writer. Errors stick to
// `connection` (see SqliteConnection). Not thread-safe.
class SqliteRepositories {
 public:
  // `credential_of` returns the id of the credential that posts for a
  // repository; empty text: no credential does. If the function is empty, all
  // repositories have the credential "".
  explicit SqliteRepositories(
      std::function<std::string(const Repository&)> credential_of)
      : aliases_(std::move(credential_of)), known_(kMostKnown) {}

  // Each of these four finds one row: by its name, its key, its trusted number,
  // or an old name of the repository. Nothing: there is no such row.
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         const CanonicalName& canonical);
  std::optional<NamedRepository> FindRow(SqliteConnection* connection,
                                         int64_t repository_key);
  std::optional<NamedRepository> FindNumber(SqliteConnection* connection,
                                            const std::string& host,
                                            int64_t number);
  std::optional<KnownAlias> FindAlias(SqliteConnection* connection,
                                      const CanonicalName& canonical);
  // All rows that a name and a number lead to. The functions of naming.h decide
  // by them which repository is meant.
  Whereabouts FindWhereabouts(SqliteConnection* connection,
                              const CanonicalName& canonical,
                              const std::string& host, int64_t number);

  // Whether a row has both this name and this trusted number, and the name is
  // no old name. Then it is certain which repository is meant. Cheaper than
  // FindWhereabouts.
  bool HasNumber(SqliteConnection* connection, const CanonicalName& canonical,
                 int64_t number);

  // The key of the row with this name; 0: there is no such row.
  int64_t FindKey(SqliteConnection* connection, const CanonicalName& canonical);

  // The key of the row with this name. If there is no such row, adds one, with
  // the spelling of `repository` and without a number.
  int64_t FindOrAdd(SqliteConnection* connection,
                    const CanonicalName& canonical,
                    const Repository& repository, absl::Time now);

  // Adds a nameless row, for a new number in a delivery whose name
  // (`repository`) belongs to a row with another number. Stores the question to
  // GitHub what the repository with this number is called. Returns the row's
  // `canonical`. `by`: see SetNumber.
  CanonicalName AddNameless(SqliteConnection* connection,
                            const Repository& repository, int64_t number,
                            const std::string& by, absl::Time now);

  // Finds or adds the claim of the caller `by` on this number, and returns its
  // `canonical`. Searches by the number alone do not find claims. Stores no
  // question to GitHub: the caller of this function must do that.
  CanonicalName FindOrAddClaim(SqliteConnection* connection,
                               const Repository& repository, int64_t number,
                               const std::string& by, absl::Time now);
  // The claims of all callers on this number.
  std::vector<NamedRepository> FindClaims(SqliteConnection* connection,
                                          const std::string& host,
                                          int64_t number);

  // Sets the trusted number of the row with this name. `by` is the caller whose
  // delivery gave the number; empty: GitHub itself gave it. Does nothing if
  // there is no such row, if `number` is 0, or if a delivery only repeats the
  // number.
  void SetNumber(SqliteConnection* connection, const CanonicalName& canonical,
                 int64_t number, const std::string& by);
  // Removes the number from this row, after an answer of GitHub's did not
  // confirm that the row has it.
  void RemoveNumber(SqliteConnection* connection, const NamedRepository& row);

  // Adds the repository to the due list, for results or (`is_pending`)
  // pendings. Call it after one of its entries got a due time. Returns the
  // repository's credential, valid until the next call of any method. Null, and
  // nothing is done: the repository is parked or nameless, or there is no row
  // with this name.
  const std::string* AddDue(SqliteConnection* connection,
                            const CanonicalName& canonical, bool is_pending);

  // The credentials of the repositories that AddDue was called for with a
  // result since the last call of this function. Sorted, so that a repeated
  // simulation takes entries out in the same order.
  std::set<std::string> TakeCredentialsWithResults() {
    return std::exchange(due_results_, {});
  }

  // Removes the repository from the due list, for results or pendings. Call it
  // when no entry of that kind has a due time.
  void RemoveDue(SqliteConnection* connection, absl::string_view credential,
                 bool is_pending, const CanonicalName& canonical);

  // Reads the entries of the repository, and corrects its rows in the due list.
  // Call it after several entries may have got or lost a due time.
  void ReviseDue(SqliteConnection* connection, int64_t repository_key);

  // Whether this repository, or any repository, is parked.
  bool IsParked(SqliteConnection* connection, int64_t repository_key);
  bool AnyParked(SqliteConnection* connection);
  // Call it after the row of the repository in `parking` was written
  // (`is_parked`) or deleted. Corrects the due list.
  void SetParked(SqliteConnection* connection, int64_t repository_key,
                 bool is_parked);

  // Asks `credential_of` again for every repository and every stored question,
  // because the configuration may have changed since the last start. Returns
  // the keys of the repositories that had no credential before and have one
  // now. Their abandoned entries can be revived.
  std::vector<int64_t> AssignCredentials(SqliteConnection* connection);

  // Makes the due list anew from all entries that have a due time. Slow: for
  // repairs.
  void RebuildDue(SqliteConnection* connection);

  // Gives the repository this name, which no other row may have, and the
  // credential of that name.
  void Rename(SqliteConnection* connection, int64_t repository_key,
              const Repository& to);
  // Makes the row nameless, because another repository has its name now. Stores
  // the question to GitHub what the repository with the number of `row` is
  // called. Ends its parking, because GitHub may have refused the posts for the
  // other repository.
  void LoseName(SqliteConnection* connection, const NamedRepository& row,
                absl::Time now);
  // Call it when this row and the one with the name `to` turned out to be the
  // same repository, and before BeginMerge, which moves the commits to that
  // row. Removes the name and the number of this row, so that no search finds
  // it, and ends its parking.
  void Retire(SqliteConnection* connection, const NamedRepository& row,
              const Repository& to);
  // Notes that GitHub said at `time`, by GitHub's clock, what the repository is
  // called. Later, older news about the name can be ignored. Does nothing for
  // absl::InfinitePast().
  void NoteNameTime(SqliteConnection* connection, int64_t repository_key,
                    absl::Time time);

  // The old names of repositories, and the questions to GitHub about names.
  // Lives as long as this object.
  SqliteAliases& aliases() { return aliases_; }

  // Forgets the rows in memory. Call it after a rollback, and after other code
  // has changed these tables.
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
    int64_t number = 0;  // The trusted number.
    bool has_name = true;
    std::string credential;
    // Whether the repository is certainly in the due list, by [is_pending].
    // False: it may be in it nevertheless.
    bool due[2] = {false, false};
  };

  // RemoveDue for both kinds.
  void RemoveAllDue(SqliteConnection* connection, int64_t repository_key);

  // The keys of the parked repositories. All are kept in memory, since they are
  // few.
  absl::flat_hash_set<int64_t>& Parked(SqliteConnection* connection);

  // The row with this name, from memory or from the table. nullptr: there is no
  // such row. Valid until the next call of any method.
  Known* Load(SqliteConnection* connection, const CanonicalName& canonical);

  std::string CredentialOf(const Repository& repository) const {
    return aliases_.CredentialOf(repository);
  }

  SqliteAliases aliases_;
  RecentMap<CanonicalName, Known> known_;               // By `canonical`.
  std::optional<absl::flat_hash_set<int64_t>> parked_;  // Nothing: not read.
  std::set<std::string> due_results_;  // See TakeCredentialsWithResults.
};

// At most `limit` repositories that have a name, ordered by `canonical` and
// beginning after the name `after`. A transaction that only reads is enough.
// Implements RecoveryNotes::Repositories.
std::vector<KnownRepository> ListRepositories(SqliteConnection* connection,
                                              const CanonicalName& after,
                                              int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_REPOSITORIES_H_
