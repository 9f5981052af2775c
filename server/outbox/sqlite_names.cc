#include "server/outbox/sqlite_names.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "server/outbox/sqlite_chores.h"
#include "server/outbox/sqlite_parking.h"

namespace signalbox {
namespace {

// The wait after a question that GitHub did not answer.
constexpr absl::Duration kAskAgain = absl::Minutes(5);
// A time further ahead of the server's clock cannot be GitHub's.
constexpr absl::Duration kMostAhead = absl::Hours(24);
// How long the server asks GitHub about a repository that has lost its name.
constexpr absl::Duration kLookForNameless = absl::Hours(7 * 24);

constexpr char kListQuestions[] =
    "SELECT question_id, credential, host, owner, name, github_repository_id "
    "FROM name_question WHERE ask_time_us <= ? AND credential <> '' "
    "ORDER BY ask_time_us, question_id LIMIT ?";
constexpr char kNextQuestion[] =
    "SELECT ask_time_us FROM name_question WHERE ask_time_us > ? "
    "AND credential <> '' ORDER BY ask_time_us LIMIT 1";
constexpr char kGetQuestion[] =
    "SELECT host, owner, name, github_repository_id, first_time_us "
    "FROM name_question WHERE question_id = ?";
constexpr char kDeleteQuestion[] =
    "DELETE FROM name_question WHERE question_id = ?";
constexpr char kDeleteNumberQuestion[] =
    "DELETE FROM name_question WHERE host = ? AND github_repository_id = ?";
constexpr char kAskLater[] =
    "UPDATE name_question SET asked_time_us = ?, ask_time_us = ? "
    "WHERE question_id = ?";

constexpr char kListLost[] =
    "SELECT q.question_id, r.repository_key FROM name_question AS q "
    "JOIN repository AS r "
    "ON r.github_repository_id = q.github_repository_id AND r.host = q.host "
    "WHERE q.github_repository_id <> 0 AND q.first_time_us <= ? "
    "AND r.github_repository_id <> 0 AND r.has_name = 0 "
    "ORDER BY q.question_id LIMIT ?";
constexpr char kFindMeant[] =
    "SELECT r.host, r.owner, r.name FROM repository_alias AS a "
    "JOIN repository AS r ON r.repository_key = a.repository_key "
    "WHERE a.canonical = ?";

// Makes the entries due that waited for this answer.
constexpr char kRelease[] =
    "UPDATE entry SET due_time_us = ?1 WHERE entry_id IN "
    "(SELECT entry_id FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ?2 AND is_pending IN (0, 1) "
    "AND due_time_us > ?1 AND due_time_us <= ?3 AND reported_as = ?4 "
    "AND lease_version = 0 AND ambiguous_time_us IS NULL AND try_count = 0 "
    "LIMIT ?5)";
constexpr int kMostReleased = 200;

// Applies one piece of news to the rows that it is about.
class Learning {
 public:
  Learning(SqliteConnection* connection, SqliteWriterState* state,
           const NameNews& news,
           const std::function<absl::Status(const Repository&)>& may_move,
           absl::Time now)
      : connection_(connection),
        state_(state),
        repositories_(state->repositories),
        aliases_(repositories_.aliases()),
        news_(news),
        may_move_(may_move),
        now_(now),
        to_(news.to.Canonical()),
        from_(news.from.has_value() ? news.from->Canonical() : to_) {}

  void Run() {
    found_ = repositories_.FindWhereabouts(connection_, to_, news_.to.host,
                                           news_.number);
    if (from_ != to_) {
      Whereabouts old =
          repositories_.FindWhereabouts(connection_, from_, news_.to.host, 0);
      from_is_free_ = !old.holder.has_value() && !old.alias.has_value();
      former_ = FormerOf(news_, std::move(old));
    }
    if (found_.own.has_value() && !news_.is_answer && may_move_ &&
        !may_move_(found_.own->repository).ok()) {
      return Ask();
    }
    if (ClaimsNumber(news_, found_, state_->may_report) && !TakeNumber()) {
      return;
    }
    if (!found_.own.has_value()) {
      found_.own = OwnByName(news_, found_, former_);
    }
    if (!found_.own.has_value()) return MeetUnknown();
    NamedRepository& own = *found_.own;
    if (!own.has_name || own.canonical != to_) {
      const NameStep step = StepFor(news_, found_);
      if (step == NameStep::kNothing) return;
      if (step == NameStep::kAsk) return Ask();
      TakeName(step);
    }
    repositories_.SetNumber(connection_, to_, news_.number, news_.by);
    repositories_.NoteNameTime(connection_, own.key, news_.time);
    JoinFormer();
    // An event does not settle claims, so the question about them stays.
    if (news_.number != 0 &&
        (news_.is_answer ||
         repositories_.FindClaims(connection_, news_.to.host, news_.number)
             .empty())) {
      connection_->Execute(kDeleteNumberQuestion, news_.to.host, news_.number);
    }
  }

 private:
  // Removes the number from the row, since `to_` has it. False: no row is or
  // was called `to_`.
  bool TakeNumber() {
    const NamedRepository own = *std::exchange(found_.own, std::nullopt);
    repositories_.RemoveNumber(connection_, own);
    if (own.has_name) {
      // If GitHub redirects this name, the answer moves the whole row.
      aliases_.AskName(connection_, own.repository, now_, now_);
    } else {
      BeginAbandon(connection_, state_, own.key, now_);
    }
    if (former_.has_value() && former_->key == own.key) former_.reset();
    return found_.holder.has_value() || found_.alias.has_value();
  }

  void Ask() {
    if (news_.number != 0) {
      aliases_.AskNumber(connection_, news_.to, news_.number, now_);
    }
    aliases_.AskName(connection_, news_.to, now_, now_);
    if (news_.from.has_value() && from_ != to_) {
      aliases_.AskName(connection_, *news_.from, now_, now_);
    }
  }

  // No row is of this repository.
  void MeetUnknown() {
    if (found_.holder.has_value() || found_.alias.has_value()) {
      if (!news_.is_answer) return Ask();
      if (found_.holder.has_value()) {
        repositories_.LoseName(connection_, *found_.holder, now_);
      }
    } else if (from_ == to_) {
      return;
    }
    const int64_t key =
        repositories_.FindOrAdd(connection_, to_, news_.to, now_);
    EndAlias(key);
    repositories_.SetNumber(connection_, to_, news_.number, news_.by);
    repositories_.NoteNameTime(connection_, key, news_.time);
    if (from_ != to_ && from_is_free_) {
      aliases_.Add(connection_, from_, news_.number, key);
    }
  }

  // The new name was taken for an old one of another repository. The entries
  // that were reported by it move to the repository that has the name.
  void EndAlias(int64_t key) {
    if (!found_.alias.has_value()) return;
    aliases_.Remove(connection_, to_);
    if (found_.alias->meant.key == key) return;
    BeginMoveBack(connection_, state_, found_.alias->meant.key, key, to_, now_);
  }

  void TakeName(NameStep step) {
    const NamedRepository& own = *found_.own;
    // Both rows are one repository: if one is not parked, GitHub accepts posts.
    const bool is_writable =
        step == NameStep::kMerge &&
        !repositories_.IsParked(connection_, found_.holder->key);
    if (step == NameStep::kDisplace) {
      repositories_.LoseName(connection_, *found_.holder, now_);
    } else if (step == NameStep::kMerge) {
      repositories_.Retire(connection_, *found_.holder, news_.to);
    }
    aliases_.Remove(connection_, to_);
    repositories_.Rename(connection_, own.key, news_.to);
    const int64_t number = news_.number != 0 ? news_.number : own.KnownNumber();
    if (own.has_name) {
      aliases_.Add(connection_, own.canonical, number, own.key);
    }
    if (from_ != to_ && from_is_free_) {
      aliases_.Add(connection_, from_, number, own.key);
    }
    EndAlias(own.key);
    if (step == NameStep::kMerge) {
      repositories_.SetNumber(connection_, to_, found_.holder->KnownNumber(),
                              found_.holder->number_by);
      BeginMerge(connection_, state_, found_.holder->key, own.key,
                 /*target_had_old_name=*/true, now_);
    }
    if (is_writable) EndParking(connection_, state_, own.key);
    // Another credential may post for the new name.
    RecheckParking(connection_, state_, own.key, now_);
    BeginRevive(connection_, state_, own.key, now_);
  }

  // Merges the row of the old name, which was taken for another repository.
  void JoinFormer() {
    if (!former_.has_value()) return;
    const NameStep step = StepForFormer(news_, *former_, found_.own->key);
    if (step == NameStep::kNothing) return;
    if (step == NameStep::kAsk) {
      return aliases_.AskName(connection_, *news_.from, now_, now_);
    }
    repositories_.Retire(connection_, *former_, news_.to);
    aliases_.Add(connection_, from_, news_.number, found_.own->key);
    BeginMerge(connection_, state_, former_->key, found_.own->key,
               /*target_had_old_name=*/false, now_);
    BeginRevive(connection_, state_, found_.own->key, now_);
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  SqliteRepositories& repositories_;
  SqliteAliases& aliases_;
  const NameNews& news_;
  const std::function<absl::Status(const Repository&)>& may_move_;
  const absl::Time now_;
  const CanonicalName to_;
  const CanonicalName from_;  // `to_` if there is no old name.

  Whereabouts found_;
  std::optional<NamedRepository> former_;
  bool from_is_free_ = false;
};

// GitHub has answered what the repository with this number is called, or that
// there is none. A claim holds what a caller reported with this number without
// a right to the repository as it was known. If the caller has a right to the
// repository by its present name, the claim is merged into it. Otherwise it is
// abandoned.
void SettleClaims(SqliteConnection* connection, SqliteWriterState* state,
                  const std::string& host, int64_t number, absl::Time now) {
  SqliteRepositories& repositories = state->repositories;
  for (const NamedRepository& claim :
       repositories.FindClaims(connection, host, number)) {
    const auto own = repositories.FindNumber(connection, host, number);
    if (own.has_value() && own->has_name &&
        !IsClaim(claim, own->repository, state->may_report)) {
      repositories.Retire(connection, claim, own->repository);
      BeginMerge(connection, state, claim.key, own->key,
                 /*target_had_old_name=*/false, now);
    } else {
      repositories.RemoveNumber(connection, claim);
      BeginAbandon(connection, state, claim.key, now);
    }
  }
}

}  // namespace

void LearnName(SqliteConnection* connection, SqliteWriterState* state,
               NameNews news,
               const std::function<absl::Status(const Repository&)>& may_move,
               absl::Time now) {
  // News from the future would outrank later news. The limit allows for a
  // server clock that is wrong by some hours.
  if (news.time > now + kMostAhead) news.time = absl::InfinitePast();
  Learning(connection, state, news, may_move, now).Run();
  if (news.is_answer && news.number != 0) {
    SettleClaims(connection, state, news.to.host, news.number, now);
  }
}

void LearnAnswer(SqliteConnection* connection, SqliteWriterState* state,
                 std::optional<Repository> from, const NameAnswer& answer,
                 absl::Time now) {
  NameNews news;
  news.from = std::move(from);
  news.to = answer.name;
  news.number = answer.number;
  news.time = answer.update_time;
  news.is_answer = true;
  LearnName(connection, state, std::move(news), nullptr, now);
}

void AnswerName(SqliteConnection* connection, SqliteWriterState* state,
                const NameAnswer& answer, absl::Time now) {
  const auto question =
      connection->First<std::tuple<Repository, int64_t, absl::Time>>(
          kGetQuestion, answer.question_id);
  if (!question.has_value()) return;
  const auto& [asked, number, first_time] = *question;
  SqliteRepositories& repositories = state->repositories;
  const auto ask_after = [&](absl::Duration wait) {
    connection->Execute(kAskLater, now, now + wait, answer.question_id);
    repositories.aliases().Forget();
  };
  if (answer.kind == NameAnswer::Kind::kUnanswered) return ask_after(kAskAgain);
  if (answer.kind == NameAnswer::Kind::kMissing && number != 0) {
    const auto row = repositories.FindNumber(connection, asked.host, number);
    if (row.has_value() && !row->has_name) {
      return ask_after(
          std::clamp(now - first_time, absl::Minutes(1), absl::Hours(1)));
    }
  }
  connection->Execute(kDeleteQuestion, answer.question_id);
  repositories.aliases().Forget();
  if (answer.kind == NameAnswer::Kind::kNamed) {
    LearnAnswer(connection, state,
                number == 0 ? std::optional(asked) : std::nullopt, answer, now);
  }
  if (number != 0) {
    return SettleClaims(connection, state, asked.host, number, now);
  }
  const CanonicalName canonical = asked.Canonical();
  const auto alias = repositories.FindAlias(connection, canonical);
  if (!alias.has_value()) return;
  repositories.aliases().NoteChecked(connection, canonical, now);
  connection->Execute(kRelease, now, alias->meant.key,
                      now + state->limits.ambiguous_wait, canonical,
                      kMostReleased);
}

bool HasLostRepository(SqliteConnection* connection, absl::Time now) {
  return connection->Finds(kListLost, now - kLookForNameless, 1);
}

void AbandonLost(SqliteConnection* connection, SqliteWriterState* state,
                 absl::Time now, int limit) {
  for (const auto& [question, repository] :
       connection->All<std::tuple<int64_t, int64_t>>(
           kListLost, now - kLookForNameless, limit)) {
    connection->Execute(kDeleteQuestion, question);
    BeginAbandon(connection, state, repository, now);
  }
}

std::vector<NameQuestion> NameQuestions(SqliteConnection* connection,
                                        absl::Time now, int limit) {
  std::vector<NameQuestion> questions;
  SqliteQuery query(connection, kListQuestions);
  query.Bind(now, std::max(limit, 0));
  while (query.Next()) {
    NameQuestion& question = questions.emplace_back();
    query.Read(&question.id, &question.credential, &question.repository,
               &question.number);
  }
  return questions;
}

Repository MeantBy(SqliteConnection* connection, const Repository& name) {
  return connection->First<Repository>(kFindMeant, name.Canonical())
      .value_or(name);
}

absl::Time NextQuestionTime(SqliteConnection* connection, absl::Time now) {
  return connection->First<absl::Time>(kNextQuestion, now)
      .value_or(absl::InfiniteFuture());
}

}  // namespace signalbox
