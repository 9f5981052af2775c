#include "server/outbox/sqlite_events.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/outbox/naming.h"
#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_deliveries.h"
#include "server/outbox/sqlite_names.h"

namespace signalbox {
namespace {

constexpr char kInsertRerun[] =
    "INSERT INTO rerun (repository_key, pull_request_number, contexts, login, "
    "author_association, caller, delivery_id, try_count, due_time_us) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)";
constexpr char kListReruns[] =
    "SELECT n.rerun_id, r.host, r.owner, r.name, n.pull_request_number, "
    "n.contexts, n.login, n.author_association, n.caller, n.delivery_id, "
    "n.try_count, n.due_time_us FROM rerun AS n "
    "JOIN repository AS r ON r.repository_key = n.repository_key "
    "ORDER BY n.due_time_us, n.rerun_id LIMIT ?";
constexpr char kDeleteRerun[] = "DELETE FROM rerun WHERE rerun_id = ?";
constexpr char kRetryRerun[] =
    "UPDATE rerun SET try_count = try_count + 1, due_time_us = ? "
    "WHERE rerun_id = ?";

constexpr char kPutNamedTime[] =
    "INSERT OR REPLACE INTO named_time (name, time_us) VALUES (?, ?)";
constexpr char kGetNamedTime[] =
    "SELECT time_us FROM named_time WHERE name = ?";

// Applies each kind of event to the tables.
class Effect {
 public:
  Effect(SqliteConnection* connection, SqliteWriterState* state,
         const EventSubmission& submission, absl::Time now)
      : connection_(connection),
        state_(state),
        submission_(submission),
        now_(now) {}

  // The host that the event is about.
  const std::string& host() const { return host_; }

  absl::Status operator()(const RepositoryMoved& moved) {
    host_ = moved.to.host;
    for (const Repository* side : {&moved.from, &moved.to}) {
      const absl::StatusOr<Repository> current = Current(*side);
      if (!current.ok()) return current.status();
    }
    NameNews news;
    news.from = moved.from;
    news.to = moved.to;
    news.number = moved.repository_id;
    news.time = moved.update_time;
    news.by = submission_.caller;
    LearnName(connection_, state_, news, submission_.may_report, now_);
    return absl::OkStatus();
  }

  absl::Status operator()(const RepositoryArchived& archived) {
    host_ = archived.repository.host;
    const absl::StatusOr<Repository> current = Current(archived.repository);
    if (!current.ok()) return current.status();
    // Nothing to do: GitHub will refuse the next post, and the server then
    // parks the repository.
    if (archived.archived) return absl::OkStatus();
    const Whereabouts found = state_->repositories.FindWhereabouts(
        connection_, current->Canonical(), host_, archived.repository_id);
    // The caller must not learn whether the server knows a repository for which
    // the caller may not report.
    const bool is_own = found.own.has_value() &&
                        (!submission_.may_report ||
                         submission_.may_report(found.own->repository).ok());
    if (is_own) {
      BeginRevive(connection_, state_, found.own->key, now_);
    } else if (found.holder.has_value() && found.holder->KnownNumber() == 0) {
      BeginRevive(connection_, state_, found.holder->key, now_);
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const InstallationChanged& changed) {
    host_ = changed.host;
    if (changed.action == "deleted" || changed.action == "suspend" ||
        changed.action == "removed") {
      return absl::OkStatus();
    }
    BeginReviveAccount(connection_, state_, changed.host, changed.account,
                       now_);
    return absl::OkStatus();
  }

  absl::Status operator()(const RerunRequested& rerun) {
    host_ = rerun.repository.host;
    const absl::StatusOr<Repository> current = Current(rerun.repository);
    if (!current.ok()) return current.status();
    const int64_t key = state_->repositories.FindOrAdd(
        connection_, current->Canonical(), *current, now_);
    connection_->Execute(kInsertRerun, key, rerun.pull_request_number,
                         absl::StrJoin(rerun.contexts, "\n"), rerun.login,
                         rerun.author_association, submission_.caller,
                         submission_.delivery.id, now_);
    return absl::OkStatus();
  }

 private:
  // The present name of a repository. An error if the caller may not report for
  // it.
  absl::StatusOr<Repository> Current(const Repository& said) {
    Repository current = said;
    const std::optional<KnownAlias> alias =
        state_->repositories.FindAlias(connection_, said.Canonical());
    // An old name does not lead to a repository that has lost its name.
    if (alias.has_value() && alias->meant.has_name) {
      current = alias->meant.repository;
    }
    if (submission_.may_report) {
      const absl::Status allowed = submission_.may_report(current);
      if (!allowed.ok()) return allowed;
    }
    return current;
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  const EventSubmission& submission_;
  const absl::Time now_;
  std::string host_;
};

}  // namespace

absl::StatusOr<bool> AcceptEvent(SqliteConnection* connection,
                                 SqliteWriterState* state,
                                 const EventSubmission& submission,
                                 absl::Time oldest_delivery, absl::Time now) {
  if (DeliveryIsKnown(connection, submission.delivery, oldest_delivery)) {
    return false;
  }
  Effect effect(connection, state, submission, now);
  const absl::Status done = std::visit(effect, submission.event);
  if (!done.ok()) return done;
  NoteDelivery(connection, state, submission.delivery, effect.host(), now);
  return true;
}

std::vector<Rerun> Reruns(SqliteConnection* connection, absl::Time now,
                          int limit) {
  std::vector<Rerun> reruns;
  SqliteQuery query(connection, kListReruns);
  // SQLite takes a negative limit as no limit.
  query.Bind(std::max(limit, 0));
  while (query.Next()) {
    Rerun& rerun = reruns.emplace_back();
    std::string contexts;
    absl::Time due_time;
    query.Read(&rerun.id, &rerun.wanted.repository,
               &rerun.wanted.pull_request_number, &contexts,
               &rerun.wanted.login, &rerun.wanted.author_association,
               &rerun.caller, &rerun.delivery_id, &rerun.try_count, &due_time);
    rerun.due_in = due_time - now;
    rerun.wanted.contexts = absl::StrSplit(contexts, '\n', absl::SkipEmpty());
  }
  return reruns;
}

void SettleRerun(SqliteConnection* connection, int64_t id,
                 std::optional<absl::Duration> retry_in, absl::Time now) {
  if (retry_in.has_value()) {
    connection->Execute(kRetryRerun, now + *retry_in, id);
  } else {
    connection->Execute(kDeleteRerun, id);
  }
}

void SetNamedTime(SqliteConnection* connection, const std::string& name,
                  absl::Time time) {
  connection->Execute(kPutNamedTime, name, time);
}

std::optional<absl::Time> GetNamedTime(SqliteConnection* connection,
                                       const std::string& name) {
  return connection->First<absl::Time>(kGetNamedTime, name);
}

}  // namespace signalbox
