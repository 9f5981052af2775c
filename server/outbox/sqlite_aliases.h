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

// The writer's view of the tables `repository_alias` and `name_question`: the
// old names of repositories, and the questions to GitHub about names. Renames
// are rare, so it keeps all old names in memory.
//
// Every method needs an open transaction. Errors stick to `connection`. Not
// thread-safe.
class SqliteAliases {
 public:
  // `credential_of` may be empty: all repositories are in the credential "".
  explicit SqliteAliases(
      std::function<std::string(const Repository&)> credential_of)
      : credential_of_(std::move(credential_of)) {}

  struct Alias {
    std::string canonical;  // The present name.
    int64_t repository_key = 0;
    // The number of the repository that had the name; 0: not known.
    int64_t number = 0;
    absl::Time checked_time;
    // When GitHub is to be asked about it.
    std::optional<absl::Time> ask_time;
  };
  // Null: it is no old name. Valid until the next call of any other method.
  const Alias* Find(SqliteConnection* connection, const std::string& canonical);

  // Add makes an old name mean a repository; Remove ends that.
  void Add(SqliteConnection* connection, const std::string& canonical,
           int64_t number, int64_t repository_key);
  void Remove(SqliteConnection* connection, const std::string& canonical);

  // A report came by an old name. True: GitHub must first confirm that the name
  // is still an old one. GitHub is asked once a day.
  bool Use(SqliteConnection* connection, const Repository& said,
           absl::Time now);
  // GitHub was asked which repository has the old name, and it is still an old
  // name.
  void NoteChecked(SqliteConnection* connection, const std::string& canonical,
                   absl::Time now);
  // GitHub refused an entry that was reported by an old name: GitHub is asked
  // soon.
  void Doubt(SqliteConnection* connection, const std::string& canonical,
             absl::Time now);

  // Stores a question to GitHub for the name of the repository with this
  // number. The credential for `via` asks it.
  void AskNumber(SqliteConnection* connection, const Repository& via,
                 int64_t number, absl::Time now);
  // Stores a question to GitHub, to be asked `at` that time: which repository
  // has the name?
  void AskName(SqliteConnection* connection, const Repository& name,
               absl::Time at, absl::Time now);
  // Asks `credential_of` again for every question.
  void AssignCredentials(SqliteConnection* connection);

  // Call it after a rollback, and after other code has changed the tables or
  // the name of a repository: the memory may be wrong.
  void Forget() { aliases_.reset(); }

  std::string CredentialOf(const Repository& repository) const {
    return credential_of_ ? credential_of_(repository) : std::string();
  }

 private:
  void Ask(SqliteConnection* connection, const std::string& subject,
           const Repository& via, int64_t number, absl::Time at,
           absl::Time now);

  const std::function<std::string(const Repository&)> credential_of_;
  std::optional<absl::flat_hash_map<std::string, Alias>> aliases_;
};

// Replaces the unknown name of the repository with this number in `canonical`;
// no name looks like it.
std::string StandIn(const std::string& host, int64_t number);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ALIASES_H_
