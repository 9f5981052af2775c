#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/credential_notes.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// Notes about credentials that must survive a restart: until when a credential
// is paused, GitHub's number of the App installation behind it, and the user
// that sets its statuses. These functions implement the methods of
// CredentialNotes (credential_notes.h).
//
// All need an open transaction; those whose names begin with Set need
// that of the writer. Errors stick to the connection (see
// SqliteConnection).

// Stores that the credential must make no requests for this long, unless it has
// a longer pause already. Deletes all pauses that have ended by `now`.
void SetPause(SqliteConnection* connection, const std::string& credential,
              absl::Duration pause_for, absl::Time now);
// All stored pauses, sorted by credential. A pause may be over already.
std::vector<CredentialPause> Pauses(SqliteConnection* connection,
                                    absl::Time now);

// Stores the installations of these credentials, and leaves those of other
// credentials unchanged. An installation with the number 0 is deleted.
void SetInstallations(SqliteConnection* connection,
                      absl::Span<const CredentialInstallation> installations);
// All stored installations, sorted by credential.
std::vector<CredentialInstallation> Installations(SqliteConnection* connection);

inline constexpr char kCreatorTable[] = R"sql(
-- The user that GitHub names as the creator of a credential's statuses.
CREATE TABLE credential_creator (
  credential TEXT PRIMARY KEY,
  login TEXT NOT NULL,
  -- GitHub's number of the user; 0: not known.
  user_id INTEGER NOT NULL,
  -- GitHub's word, such as Bot.
  type TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Stores the creator in place of the credential's former one.
void SetCreator(SqliteConnection* connection, const CredentialCreator& note);
// All stored creators, sorted by credential.
std::vector<CredentialCreator> Creators(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CREDENTIAL_NOTES_H_
