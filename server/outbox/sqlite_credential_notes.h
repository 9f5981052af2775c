#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/credential_notes.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// These functions implement the methods of CredentialNotes. They need an open
// transaction. Functions that change something need that of the writer.
void SetPause(SqliteConnection* connection, const std::string& credential,
              absl::Time until, absl::Time now);
std::vector<CredentialPause> Pauses(SqliteConnection* connection);
void SetInstallations(SqliteConnection* connection,
                      absl::Span<const CredentialInstallation> installations);
std::vector<CredentialInstallation> Installations(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_
