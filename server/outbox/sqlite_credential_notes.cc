#include "server/outbox/sqlite_credential_notes.h"

#include <algorithm>

namespace signalbox {
namespace {

constexpr char kGetPause[] =
    "SELECT until_time_us FROM credential_pause WHERE credential = ?";
constexpr char kPutPause[] =
    "INSERT OR REPLACE INTO credential_pause (credential, until_time_us) "
    "VALUES (?, ?)";
constexpr char kDeletePauses[] =
    "DELETE FROM credential_pause WHERE until_time_us <= ?";
constexpr char kListPauses[] =
    "SELECT credential, until_time_us FROM credential_pause "
    "ORDER BY credential";

constexpr char kPutInstallation[] =
    "INSERT OR REPLACE INTO installation (credential, app, installation_id) "
    "VALUES (?, ?, ?)";
constexpr char kDeleteInstallation[] =
    "DELETE FROM installation WHERE credential = ?";
constexpr char kListInstallations[] =
    "SELECT credential, app, installation_id FROM installation "
    "ORDER BY credential";

constexpr char kPutCreator[] =
    "INSERT OR REPLACE INTO credential_creator (credential, login, user_id, "
    "type) VALUES (?, ?, ?, ?)";
constexpr char kListCreators[] =
    "SELECT credential, login, user_id, type FROM credential_creator "
    "ORDER BY credential";

}  // namespace

void SetPause(SqliteConnection* connection, const std::string& credential,
              absl::Duration pause_for, absl::Time now) {
  absl::Time until = now + pause_for;
  {
    SqliteQuery query(connection, kGetPause);
    absl::Time stored = absl::InfinitePast();
    if (query.Bind(credential).Next()) query.Read(&stored);
    until = std::max(until, stored);
  }
  connection->Execute(kPutPause, credential, until);
  connection->Execute(kDeletePauses, now);
}

std::vector<CredentialPause> Pauses(SqliteConnection* connection,
                                    absl::Time now) {
  std::vector<CredentialPause> pauses;
  SqliteQuery query(connection, kListPauses);
  while (query.Next()) {
    CredentialPause& pause = pauses.emplace_back();
    absl::Time until;
    query.Read(&pause.credential, &until);
    pause.left = until - now;
  }
  return pauses;
}

void SetInstallations(SqliteConnection* connection,
                      absl::Span<const CredentialInstallation> installations) {
  for (const CredentialInstallation& one : installations) {
    if (one.installation_id == 0) {
      connection->Execute(kDeleteInstallation, one.credential);
    } else {
      connection->Execute(kPutInstallation, one.credential, one.app,
                          one.installation_id);
    }
  }
}

std::vector<CredentialInstallation> Installations(
    SqliteConnection* connection) {
  std::vector<CredentialInstallation> installations;
  SqliteQuery query(connection, kListInstallations);
  while (query.Next()) {
    CredentialInstallation& one = installations.emplace_back();
    query.Read(&one.credential, &one.app, &one.installation_id);
  }
  return installations;
}

void SetCreator(SqliteConnection* connection, const CredentialCreator& note) {
  connection->Execute(kPutCreator, note.credential, note.creator.login,
                      note.creator.id, note.creator.type);
}

std::vector<CredentialCreator> Creators(SqliteConnection* connection) {
  std::vector<CredentialCreator> creators;
  SqliteQuery query(connection, kListCreators);
  while (query.Next()) {
    CredentialCreator& note = creators.emplace_back();
    query.Read(&note.credential, &note.creator.login, &note.creator.id,
               &note.creator.type);
  }
  return creators;
}

}  // namespace signalbox
