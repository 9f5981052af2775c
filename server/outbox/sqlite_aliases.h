#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ALIASES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ALIASES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/report/status_key.h"

namespace signalbox {

// The writer's view of two tables about the names of repositories:
// - `repository_alias`: the old names. A report by an old name means the
//   repository that had the name, until GitHub gives the name to another one.
// - `name_question`: what the server has yet to ask GitHub about names. The
//   poster asks (DueWork::questions).
//
// SqliteRepositories owns the one object of this class. Renames are rare, so it
// keeps all old names in memory.
//
// A `number` is GitHub's number of a repository (0: not known).
//
// Every method needs an open transaction of the writer. Errors stick to
// `connection` (see SqliteConnection). Not thread-safe.
class SqliteAliases {
 public:
  // `credential_of` returns the id of the credential that posts for a
  // repository. If the function is empty, all repositories have the credential
  // "".
  explicit SqliteAliases(
      std::function<std::string(const Repository&)> credential_of)
      : credential_of_(std::move(credential_of)) {}

  // What the server knows of an old name.
  struct Alias {
    // The repository that the old name means: its present name and its key in
    // the table `repository`.
    CanonicalName canonical;
    int64_t repository_key = 0;
    // The number of the repository that had the name.
    int64_t number = 0;
    // When GitHub last answered who has the name; absl::UnixEpoch(): never.
    absl::Time checked_time;
    // When the stored question about the name is to be asked; nothing: there is
    // no such question.
    std::optional<absl::Time> ask_time;
  };
  // Null: `canonical` is no old name. Valid until the next call of any method.
  const Alias* Find(SqliteConnection* connection,
                    const CanonicalName& canonical);

  // Makes `canonical` an old name of the repository with this key. Replaces
  // what the old name meant before. `number`: see Alias.
  void Add(SqliteConnection* connection, const CanonicalName& canonical,
           int64_t number, int64_t repository_key);
  // Makes `canonical` an old name no longer.
  void Remove(SqliteConnection* connection, const CanonicalName& canonical);

  // Call it when a report came by the old name `said`. Makes sure that GitHub
  // is asked about the name once a day while reports use it. True: the question
  // is due now, so the report must wait for the answer. False: no need to wait,
  // or `said` is no old name.
  bool Use(SqliteConnection* connection, const Repository& said,
           absl::Time now);
  // Notes that GitHub has answered, and that `canonical` is still an old name.
  void NoteChecked(SqliteConnection* connection, const CanonicalName& canonical,
                   absl::Time now);
  // Call it when GitHub refused an entry that was reported by this old name:
  // another repository may have the name now. Stores a question about it, to be
  // asked soon (five minutes after the last answer, at the earliest).
  void Doubt(SqliteConnection* connection, const CanonicalName& canonical,
             absl::Time now);

  // Stores the question what the repository with this number is called, to be
  // asked at once. The credential of `via` asks it, at the host of `via`.
  void AskNumber(SqliteConnection* connection, const Repository& via,
                 int64_t number, absl::Time now);
  // Stores the question which repository has this name, to be asked at the time
  // `at`. A question that is stored already is asked at the earlier time.
  void AskName(SqliteConnection* connection, const Repository& name,
               absl::Time at, absl::Time now);
  // Asks `credential_of` again which credential asks each question. Call it
  // after the configuration may have changed.
  void AssignCredentials(SqliteConnection* connection);

  // Forgets the old names in memory. Call it after a rollback, and after other
  // code has changed these tables or the name of a repository.
  void Forget() { aliases_.reset(); }

  std::string CredentialOf(const Repository& repository) const {
    return credential_of_ ? credential_of_(repository) : std::string();
  }

 private:
  // Stores a question under `subject`, which is different for different
  // questions. The rest as in AskNumber and AskName.
  void Ask(SqliteConnection* connection, const std::string& subject,
           const Repository& via, int64_t number, absl::Time at,
           absl::Time now);

  const std::function<std::string(const Repository&)> credential_of_;
  // By the old name. Nothing: not read yet.
  std::optional<absl::flat_hash_map<CanonicalName, Alias>> aliases_;
};

// The text that stands in the column `canonical` while the name of the
// repository with this number is not known. No repository can have it as its
// name.
std::string StandIn(const std::string& host, int64_t number);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ALIASES_H_
