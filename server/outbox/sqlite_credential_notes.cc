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
    "SELECT credential, until_time_us FROM credential_pause ORDER BY "
    "credential";

constexpr char kPutInstallation[] =
    "INSERT OR REPLACE INTO installation (credential, app, installation_id) "
    "VALUES (?, ?, ?)";
constexpr char kDeleteInstallation[] =
    "DELETE FROM installation WHERE credential = ?";
constexpr char kListInstallations[] =
    "SELECT credential, app, installation_id FROM installation ORDER BY "
    "credential";

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
  SqliteQuery(connection, kPutPause).Bind(credential, until).Run();
  SqliteQuery(connection, kDeletePauses).Bind(now).Run();
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
      SqliteQuery(connection, kDeleteInstallation).Bind(one.credential).Run();
    } else {
      SqliteQuery(connection, kPutInstallation)
          .Bind(one.credential, one.app, one.installation_id)
          .Run();
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

}  // namespace signalbox
