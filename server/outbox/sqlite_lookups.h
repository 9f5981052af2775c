#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_LOOKUPS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_LOOKUPS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/lookups.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// The table of known heads, and the lookups of lookups.h in the database. All
// functions need an open transaction. Errors of the database stick to the
// connection (see SqliteConnection).

inline constexpr char kRefHeadTable[] = R"sql(
-- The newest known head of each branch and tag, some thousands of a repository
-- at most.
CREATE TABLE ref_head (
  repository_key INTEGER NOT NULL REFERENCES repository,
  -- In full: refs/heads/main.
  name TEXT NOT NULL,
  sha BLOB NOT NULL,
  -- When it was there, by GitHub's clock.
  update_time_us INTEGER NOT NULL,
  PRIMARY KEY (repository_key, name)
) STRICT, WITHOUT ROWID;
)sql";

// Stores that the branch or tag was at the commit at `time`. Ignores it if the
// repository has a newer head of it. At most `now` is believed of the time that
// is stored. If the repository has too many, its oldest one is forgotten.
void KeepHead(SqliteConnection* connection, int64_t repository_key,
              const std::string& ref, const Sha& sha, absl::Time time,
              absl::Time now);
// Moves at most `limit` heads to the row `to_key`, where the newer one of each
// stays. Returns how many it moved.
int MoveHeads(SqliteConnection* connection, int64_t from_key, int64_t to_key,
              int limit);

// These implement the methods of Statuses with the same names.
absl::StatusOr<ResolvedRef> ResolveRef(SqliteConnection* connection,
                                       const Repository& repository,
                                       absl::string_view ref);
FoundRepository FindRepository(SqliteConnection* connection,
                               const Repository& name);
absl::StatusOr<FoundRepository> FindRepositoryWithNumber(
    SqliteConnection* connection, const std::string& host, int64_t number);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_LOOKUPS_H_
