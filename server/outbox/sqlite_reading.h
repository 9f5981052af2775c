#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_READING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_READING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_commit_reports.h"
#include "server/outbox/sqlite_listing.h"
#include "server/outbox/sqlite_lookups.h"
#include "server/outbox/sqlite_names.h"
#include "server/outbox/sqlite_readers.h"
#include "server/outbox/sqlite_returned.h"
#include "server/outbox/sqlite_views.h"

namespace signalbox {

// Implements the methods of Statuses by reads of the tables; ChangesAfter needs
// options of the outbox, and is in the class that derives from this one. Only
// sqlite_outbox.cc uses it. Thread-safe.
class SqliteReading : public Outbox {
 public:
  absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                       const Sha& sha) override {
    return Read(signalbox::GetCommit, repository, sha);
  }

  absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) override {
    return Read(signalbox::ListCommits, repository, before_sequence, limit);
  }

  absl::StatusOr<ChangeCursor> NewestChange() override {
    return Read(signalbox::NewestChange);
  }

  absl::StatusOr<History> GetHistory(const StatusKey& key) override {
    return Read(signalbox::GetHistory, key);
  }

  absl::StatusOr<CommitReports> ListReports(const Repository& repository,
                                            const Sha& sha,
                                            int64_t before_sequence,
                                            int limit) override {
    return Read(signalbox::ListReports, repository, sha, before_sequence,
                limit);
  }

  absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) override {
    return Read(signalbox::ListStatuses, query);
  }

  absl::StatusOr<PostingCounts> CountPostings(absl::Time now) override {
    return Read(signalbox::CountPostings, now);
  }

  absl::StatusOr<ResolvedRef> ResolveRef(const Repository& repository,
                                         const std::string& ref) override {
    return Read(signalbox::ResolveRef, repository, ref);
  }

  absl::StatusOr<FoundRepository> FindRepository(
      const Repository& name) override {
    return Read<kUnfolded>(signalbox::FindRepository, name);
  }

  absl::StatusOr<FoundRepository> FindRepositoryWithNumber(
      const std::string& host, int64_t number) override {
    return Read<kUnfolded>(signalbox::FindRepositoryWithNumber, host, number);
  }

  absl::StatusOr<Repository> MeantBy(const Repository& name) override {
    return Read<kUnfolded>(signalbox::MeantBy, name);
  }

 protected:
  // For reads of tables that no report changes.
  static constexpr auto kUnfolded = &SqliteReaders::ReadUnfolded;

  // Runs `look` with these arguments, as SqliteReaders::Read does or as another
  // of its methods.
  template <auto kRead = &SqliteReaders::Read, typename Looking,
            typename... Arguments>
  Returned<Looking, SqliteConnection*, Arguments...> Read(
      const Looking& look, const Arguments&... arguments) {
    Returned<Looking, SqliteConnection*, Arguments...> seen;
    const absl::Status status = (readers()->*kRead)(
        [&](SqliteConnection* reader) { seen = look(reader, arguments...); });
    if (!status.ok()) return RunTimeError(status);
    return seen;
  }

  // Valid as long as this object.
  virtual SqliteReaders* readers() = 0;
  // What a method returns after this error of the store.
  virtual absl::Status RunTimeError(absl::Status status) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_READING_H_
