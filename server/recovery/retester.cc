#include "server/recovery/retester.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log.h"
#include "common/names.h"
#include "common/text.h"
#include "server/base/doubling_wait.h"
#include "server/recovery/head_pendings.h"

namespace signalbox {
namespace {

constexpr int kAtOnce = 20;
// Between tries. Questions has repeated what failed in each of them, so the
// waits are longer than those between requests. 28 tries take 21 hours.
constexpr absl::Duration kFirstRerunWait = absl::Seconds(30);
constexpr absl::Duration kMaxRerunWait = absl::Hours(1);
constexpr int kMostTries = 28;
// The most tries if GitHub refuses. Few refusals pass, but GitHub's servers do
// not all know a new App at once.
constexpr int kMostRerunRefusals = 5;
// The most words in the name of a context.
constexpr size_t kMostWords = 12;

bool IsTrusted(absl::string_view association) {
  return association == "OWNER" || association == "MEMBER" ||
         association == "COLLABORATOR";
}

// The contexts of `known` that the words name. Spaces separate contexts in a
// comment, but a context may also contain spaces. So several words can be one
// name; the longest known name counts.
std::vector<std::string> ChooseContexts(const std::vector<std::string>& words,
                                        const std::vector<std::string>& known) {
  std::vector<std::string> chosen;
  for (size_t i = 0; i < words.size();) {
    size_t count = std::min(words.size() - i, kMostWords);
    const auto name = [&] {
      return absl::StrJoin(words.begin() + i, words.begin() + i + count, " ");
    };
    while (count > 1 && !HasName(known, name())) --count;
    if (HasName(known, name()) && !HasName(chosen, name()))
      chosen.push_back(name());
    i += count;
  }
  return chosen;
}

std::string PathOf(const Repository& repository) {
  return absl::StrCat("/repos/", repository.FullName());
}

// Whether a person can have this login. A program's login ends in "[bot]".
bool IsLogin(absl::string_view login) {
  return !login.empty() && std::ranges::all_of(login, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

}  // namespace

absl::Time Retester::RunOnce() {
  const absl::Time now = tools_.clock->Now();
  // At most kAtOnce of these are under way already.
  const absl::StatusOr<std::vector<Rerun>> reruns =
      tools_.notes->Reruns(now, 2 * kAtOnce);
  if (!reruns.ok()) return now + kStoreRetry;
  absl::Time next = absl::InfiniteFuture();
  for (const Rerun& rerun : *reruns) {
    if (under_way_.contains(rerun.id)) continue;
    if (under_way_.size() >= kAtOnce) break;
    if (rerun.due_in > absl::ZeroDuration()) {
      next = std::min(next, now + rerun.due_in);
      continue;
    }
    under_way_.insert(rerun.id);
    Begin(rerun);
  }
  return next;
}

Question Retester::About(const Rerun& rerun, std::string path) const {
  return {.credential = tools_.credentials->Find(rerun.wanted.repository),
          .request = {.path = std::move(path)}};
}

void Retester::Begin(const Rerun& rerun) {
  tools_.questions->Ask(
      About(rerun, absl::StrCat(PathOf(rerun.wanted.repository), "/pulls/",
                                rerun.wanted.pull_request_number)),
      [this, rerun](const GitHubReply& reply) { HaveHead(rerun, reply); });
}

void Retester::HaveHead(const Rerun& rerun, const GitHubReply& reply) {
  if (IsRefused(reply.verdict) && rerun.try_count + 1 >= kMostRerunRefusals) {
    return Drop(rerun, reply.verdict.reason);
  }
  if (reply.verdict.action != Action::kDone) {
    return TryLater(rerun, reply.verdict.reason);
  }
  const absl::StatusOr<ListedPullRequest> pull =
      ReadPullRequest(reply.answer->body);
  if (!pull.ok()) return TryLater(rerun, pull.status().message());
  if (!pull->open) {
    return Refuse(rerun, *pull, "the pull request is not open");
  }
  if (!IsLogin(rerun.wanted.login)) {
    return Refuse(rerun, *pull, "the comment's author has no login");
  }
  tools_.questions->Ask(
      About(rerun,
            absl::StrCat(PathOf(rerun.wanted.repository), "/collaborators/",
                         rerun.wanted.login, "/permission")),
      [this, rerun, pull = *pull](const GitHubReply& reply) {
        HavePermission(rerun, pull, reply);
      });
}

void Retester::HavePermission(const Rerun& rerun, const ListedPullRequest& pull,
                              const GitHubReply& reply) {
  if (reply.verdict.action == Action::kDone) {
    const absl::StatusOr<std::string> permission =
        ReadPermission(reply.answer->body);
    if (!permission.ok()) return TryLater(rerun, permission.status().message());
    if (*permission == "admin" || *permission == "write") {
      return Report(rerun, pull);
    }
    return Refuse(
        rerun, pull,
        absl::StrCat(rerun.wanted.login, " may not write to the repository"));
  }
  // 403 or 404: the credential may not ask this.
  const bool is_secret =
      IsRefused(reply.verdict) &&
      (reply.verdict.http_status == 403 || reply.verdict.http_status == 404);
  if (!is_secret) return TryLater(rerun, reply.verdict.reason);
  if (IsTrusted(rerun.wanted.author_association)) return Report(rerun, pull);
  Refuse(rerun, pull,
         absl::StrCat(
             rerun.wanted.login,
             " is not an owner, member or collaborator of the repository, and "
             "the server's credential may not read the permissions of users"));
}

std::vector<std::string> Retester::ContextsOf(const Rerun& rerun,
                                              const ListedPullRequest& pull,
                                              const Sha& sha) const {
  const RerunRequested& wanted = rerun.wanted;
  std::vector<std::string> known =
      tools_.options.convert.rules.Expect(wanted.repository, &pull.change)
          .contexts;
  if (wanted.contexts.empty()) return known;
  const absl::StatusOr<CommitView> commit =
      tools_.statuses->GetCommit(wanted.repository, sha);
  if (commit.ok()) {
    for (const StatusView& status : commit->statuses) {
      if (IsReported(status)) known.push_back(status.context);
    }
  }
  return ChooseContexts(wanted.contexts, known);
}

void Retester::Report(const Rerun& rerun, const ListedPullRequest& pull) {
  const absl::StatusOr<Sha> sha = ParseSha(pull.head_sha);
  if (!sha.ok()) return TryLater(rerun, sha.status().message());
  const Repository& repository = rerun.wanted.repository;
  Submission submission =
      HeadPendings(repository, pull, *sha, ContextsOf(rerun, pull, *sha),
                   tools_.options.convert.rules);
  if (submission.contexts.empty() && !rerun.wanted.contexts.empty()) {
    return Refuse(
        rerun, pull,
        absl::StrCat("no rule and no report has any of these contexts: ",
                     absl::StrJoin(rerun.wanted.contexts, " ")));
  }
  submission.report.rerun = true;
  submission.with_all_reported = rerun.wanted.contexts.empty();
  submission.may_report_context = [this, &rerun](absl::string_view context) {
    return tools_.options
        .MayReport(rerun.caller, rerun.wanted.repository,
                   {std::string(context)})
        .ok();
  };
  const absl::Status allowed =
      tools_.options.MayReport(rerun.caller, repository, submission.contexts);
  if (!allowed.ok()) return Refuse(rerun, pull, allowed.message());
  submission.may_report =
      [this, &rerun, names = submission.contexts](const Repository& meant) {
        return tools_.options.MayReport(rerun.caller, meant, names);
      };
  submission.caller = rerun.caller;
  // After a crash below, the server repeats the rerun. The id then keeps it
  // from counting twice.
  submission.delivery = Delivery{absl::StrCat(rerun.delivery_id, "#rerun"), "",
                                 "issue_comment", "created", 0};
  const auto outcomes =
      tools_.acceptance->Accept({submission}, tools_.clock->Now());
  if (!outcomes.ok()) return TryLater(rerun, outcomes.status().message());
  const absl::Status& accepted = outcomes->front().status;
  if (!accepted.ok()) return Drop(rerun, accepted.message());
  std::vector<std::string> names;
  for (const Receipt& receipt : outcomes->front().receipts) {
    names.push_back(receipt.context);
  }
  if (names.empty()) {
    return Refuse(rerun, pull,
                  "no rule and no report has a context for the pull request");
  }
  LogInfo("a /retest comment made contexts pending again",
          {{"repository", repository.Display()},
           {"pull_request", rerun.wanted.pull_request_number},
           {"sha", sha->Hex()},
           {"contexts", absl::StrJoin(names, " ")},
           {"login", rerun.wanted.login}});
  End(rerun, "reported");
  tools_.options.BecameDue();
}

void Retester::Refuse(const Rerun& rerun, const ListedPullRequest& pull,
                      absl::string_view why) {
  const absl::StatusOr<Sha> sha = ParseSha(pull.head_sha);
  const absl::StatusOr<CommitView> commit =
      sha.ok() ? tools_.statuses->GetCommit(rerun.wanted.repository, *sha)
               : sha.status();
  if (commit.ok()) {
    Submission told;
    for (const StatusView& status : commit->statuses) {
      if (IsReported(status)) told.contexts.push_back(status.context);
    }
    told.report.repository = rerun.wanted.repository;
    told.report.sha = *sha;
    told.report.description =
        KeepDescription(absl::StrCat("the server refused /retest by ",
                                     rerun.wanted.login, ": ", why))
            .text;
    told.report.rerun = true;
    told.report.from_webhook = true;
    told.for_history = true;
    told.caller = rerun.caller;
    told.delivery = Delivery{absl::StrCat(rerun.delivery_id, "#refusal"), "",
                             "issue_comment", "created", 0};
    if (!told.contexts.empty()) {
      const auto outcomes =
          tools_.acceptance->Accept({told}, tools_.clock->Now());
      if (!outcomes.ok()) return TryLater(rerun, outcomes.status().message());
    }
  }
  Drop(rerun, why);
}

void Retester::Drop(const Rerun& rerun, absl::string_view why) {
  LogInfo("the server refused or dropped a /retest comment",
          {{"repository", rerun.wanted.repository.Display()},
           {"pull_request", rerun.wanted.pull_request_number},
           {"login", rerun.wanted.login},
           {"why", why}});
  End(rerun, "dropped");
}

void Retester::End(const Rerun& rerun, const char* result) {
  tools_.metrics->Add("signalbox_reruns_total",
                      "Requests to run contexts again, by outcome.",
                      {{"result", result}});
  Settle(rerun, std::nullopt);
}

void Retester::TryLater(const Rerun& rerun, absl::string_view why) {
  if (rerun.try_count + 1 >= kMostTries) return Drop(rerun, why);
  Settle(rerun,
         DoublingWait(kFirstRerunWait, kMaxRerunWait, rerun.try_count + 1));
}

void Retester::Settle(const Rerun& rerun,
                      std::optional<absl::Duration> retry_in) {
  under_way_.erase(rerun.id);
  const Term term = tools_.held_term->Get();
  const absl::Status settled =
      tools_.notes->SettleRerun(term, rerun.id, retry_in, tools_.clock->Now());
  if (settled.ok() || tools_.held_term->NoteOver(term, settled)) return;
  LogError(
      "the database did not store what became of a /retest comment; the "
      "server acts on it again",
      {{"repository", rerun.wanted.repository.Display()},
       {"pull_request", rerun.wanted.pull_request_number},
       {"error", settled.ToString()}});
}

}  // namespace signalbox
