#include "server/outbox/sqlite_meant.h"

#include <optional>
#include <utility>

#include "server/outbox/naming.h"
#include "server/outbox/sqlite_names.h"

namespace signalbox {
namespace {

// Follows the names of one submission.
class Following {
 public:
  Following(SqliteConnection* connection, SqliteWriterState* state,
            const Submission& submission, absl::Time now)
      : connection_(connection),
        state_(state),
        repositories_(state->repositories),
        aliases_(repositories_.aliases()),
        submission_(submission),
        said_(submission.report.repository),
        number_(submission.TrustedNumber()),
        now_(now) {}

  absl::StatusOr<MeantRepository> Run() {
    meant_.canonical = said_.Canonical();
    absl::Status allowed = number_ == 0 ? FollowOldName() : FollowNumber();
    if (!allowed.ok()) return allowed;
    return std::move(meant_);
  }

 private:
  absl::Status FollowNumber() {
    if (repositories_.HasNumber(connection_, meant_.canonical, number_)) {
      return absl::OkStatus();
    }
    Whereabouts found = repositories_.FindWhereabouts(
        connection_, meant_.canonical, said_.host, number_);
    switch (WhoIsMeant(number_, found)) {
      case Meant::kHolder:
        meant_.learnt_number = number_;
        return absl::OkStatus();
      case Meant::kAlias:
        meant_.learnt_number = number_;
        return Mean(found.alias->meant);
      case Meant::kOwn: {
        if (!MayReport(found.own->repository).ok() ||
            IsClaimOfAnother(*found.own)) {
          found.own.reset();
          return FollowClaim(found);
        }
        absl::Status allowed = Mean(*found.own);
        if (!allowed.ok()) return allowed;
        AskNumber();
        AskName();
        return absl::OkStatus();
      }
      case Meant::kNewName:
        AskNumber();
        // Until GitHub answers, only the caller says that the name has this
        // number.
        if (!MayReport(found.own->repository).ok() ||
            IsClaimOfAnother(*found.own)) {
          return absl::OkStatus();
        }
        aliases_.Add(connection_, meant_.canonical, number_, found.own->key);
        return Mean(*found.own);
      case Meant::kNew:
        if (found.alias.has_value()) return EndOldName(number_);
        meant_.learnt_number = number_;
        return absl::OkStatus();
      case Meant::kNameless:
        meant_.canonical = repositories_.AddNameless(
            connection_, said_, number_, submission_.NumberBy(), now_);
        AskName();
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // Whether the row has its number only from a delivery of another caller,
  // which may not report for the name `said_`. That caller could otherwise
  // divert the reports for this name to its own repository.
  bool IsClaimOfAnother(const NamedRepository& own) const {
    return own.number_by != submission_.NumberBy() &&
           IsClaim(own, said_, state_->may_report);
  }

  // The number belongs to a repository for which the caller may not report, or
  // another caller claimed it. The server acts as if it did not know the
  // number, since the caller must not learn whether it does, and asks GitHub
  // about it. `found` has only the rows that the name leads to.
  absl::Status FollowClaim(const Whereabouts& found) {
    AskNumber();
    const Meant meant = WhoIsMeant(number_, found);
    if (meant == Meant::kNameless) {
      meant_.canonical = repositories_.FindOrAddClaim(
          connection_, said_, number_, submission_.NumberBy(), now_);
      AskName();
      return absl::OkStatus();
    }
    if (meant == Meant::kNew && found.alias.has_value()) return EndOldName(0);
    return FollowOldName();
  }

  // A farm may still use an old name of the repository.
  absl::Status FollowOldName() {
    const SqliteAliases::Alias* const alias =
        aliases_.Find(connection_, meant_.canonical);
    if (alias == nullptr || alias->canonical == meant_.canonical) {
      return absl::OkStatus();
    }
    const std::optional<NamedRepository> row =
        repositories_.FindRow(connection_, alias->repository_key);
    if (!row.has_value()) return absl::OkStatus();
    absl::Status allowed = MayReport(row->repository);
    if (!allowed.ok()) return allowed;
    meant_.reported_as = std::exchange(meant_.canonical, alias->canonical);
    // Use may store a question.
    state_->due_news.changed_more = true;
    meant_.awaits_answer = aliases_.Use(connection_, said_, now_);
    return absl::OkStatus();
  }

  // The reports are about this row. GitHub's number says so, so the name need
  // not be confirmed.
  absl::Status Mean(const NamedRepository& row) {
    absl::Status allowed = MayReport(row.repository);
    if (allowed.ok()) meant_.canonical = row.canonical;
    return allowed;
  }

  // The name is no old name any more: a new repository has it. `number` is that
  // repository's; 0: not known.
  absl::Status EndOldName(int64_t number) {
    NameNews news;
    news.to = said_;
    news.number = number;
    news.is_answer = true;
    if (number != 0) news.by = submission_.NumberBy();
    // LearnName changes the tables, so Write must come first.
    state_->accepted.Write(connection_);
    state_->due_news.changed_more = true;
    LearnName(connection_, state_, news, nullptr, now_);
    return absl::OkStatus();
  }

  absl::Status MayReport(const Repository& repository) const {
    return submission_.may_report ? submission_.may_report(repository)
                                  : absl::OkStatus();
  }

  void AskNumber() {
    state_->due_news.changed_more = true;
    aliases_.AskNumber(connection_, said_, number_, now_);
  }
  void AskName() {
    state_->due_news.changed_more = true;
    aliases_.AskName(connection_, said_, now_, now_);
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  SqliteRepositories& repositories_;
  SqliteAliases& aliases_;
  const Submission& submission_;
  const Repository& said_;
  const int64_t number_;
  const absl::Time now_;

  MeantRepository meant_;
};

}  // namespace

absl::StatusOr<MeantRepository> FindMeant(SqliteConnection* connection,
                                          SqliteWriterState* state,
                                          const Submission& submission,
                                          absl::Time now) {
  return Following(connection, state, submission, now).Run();
}

}  // namespace signalbox
