#include "server/recovery/open_pull_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/names.h"
#include "server/outbox/recovery_notes.h"
#include "server/recovery/head_pendings.h"

namespace signalbox {
namespace {

constexpr int kMostPullPages = 5;
// Pull requests that have not changed for longer do not count.
constexpr absl::Duration kCompareWindow = absl::Hours(72);
// The most questions at a time, so that those of others get their turn.
constexpr int kMostRepositories = 8;
constexpr absl::Duration kRetryRefused = absl::Hours(1);
// A list of 100 pull requests, each with two repositories in it.
constexpr size_t kMaxPage = 8 << 20;

}  // namespace

absl::Time OpenPullRequests::RunOnce(
    const std::vector<KnownRepository>& repositories) {
  const SteadyTime now = tools_.clock->Steady();
  int asking = 0;
  for (const auto& [name, one] : compared_) asking += one.asking ? 1 : 0;
  SteadyTime next = SteadyTime::InfiniteFuture();
  for (const KnownRepository& known : repositories) {
    Compared& one = compared_[known.repository.Canonical()];
    if (one.asking) continue;
    if (one.next_time > now) {
      next = std::min(next, one.next_time);
    } else if (asking < kMostRepositories) {
      ++asking;
      List(known);
    }
  }
  return tools_.clock->Now() + (next - now);
}

void OpenPullRequests::List(const KnownRepository& known) {
  Compared& one = compared_[known.repository.Canonical()];
  one.asking = true;
  one.next_time = tools_.clock->Steady() + tools_.options.every;
  tools_.questions->Ask(
      {.credential = known.credential,
       .request = {.path = absl::StrCat(
                       "/repos/", known.repository.FullName(),
                       "/pulls?state=open&sort=updated&direction=desc"
                       "&per_page=100"),
                   .etag = one.etag,
                   .max_body = kMaxPage}},
      [this, known](const GitHubReply& reply) { HavePage(known, 1, reply); });
}

void OpenPullRequests::HavePage(const KnownRepository& known, int page,
                                const GitHubReply& reply) {
  Compared& one = compared_[known.repository.Canonical()];
  one.asking = false;
  if (reply.verdict.action != Action::kDone) {
    if (IsRefused(reply.verdict)) {
      one.next_time = tools_.clock->Steady() +
                      std::max(tools_.options.every, kRetryRefused);
    }
    LogInfo(
        "cannot list the open pull requests of a repository; the server "
        "tries again later",
        {{"repository", known.repository.Display()},
         {"reason", reply.verdict.reason},
         {"message", reply.verdict.message}});
    return Fail(known, "unlisted");
  }
  if (reply.answer->status == 304) return;
  if (page == 1) one.etag = std::string(reply.answer->Header("etag"));
  const auto pulls = ReadPullRequests(reply.answer->body);
  if (!pulls.ok()) return Fail(known, "unlisted");
  const absl::Time oldest = tools_.clock->Now() - kCompareWindow;
  bool reached = false;
  for (const ListedPullRequest& pull : *pulls) {
    if (pull.change.updated_time < oldest) {
      reached = true;
    } else if (pull.open) {
      Consider(known, pull);
    }
  }
  if (reached || reply.next_path.empty() || page >= kMostPullPages) return;
  one.asking = true;
  tools_.questions->Ask(
      {.credential = known.credential,
       .request = {.path = reply.next_path, .max_body = kMaxPage}},
      [this, known, page](const GitHubReply& next) {
        HavePage(known, page + 1, next);
      });
}

void OpenPullRequests::Consider(const KnownRepository& known,
                                const ListedPullRequest& pull) {
  const absl::StatusOr<Sha> sha = ParseSha(pull.head_sha);
  if (!sha.ok()) return;
  const absl::Status heard_of =
      tools_.statuses->GetCommit(known.repository, *sha).status();
  if (heard_of.ok()) return;
  if (!absl::IsNotFound(heard_of)) return Fail(known, "unread");
  if (tools_.options.convert.rules.Expect(known.repository, &pull.change)
          .contexts.empty()) {
    return;
  }
  tools_.questions->Ask(
      {.credential = known.credential,
       .request = {.path = absl::StrCat("/repos/", known.repository.FullName(),
                                        "/commits/", sha->Hex(),
                                        "/status?per_page=100")}},
      [this, known, pull](const GitHubReply& reply) {
        HaveShown(known, pull, reply);
      });
}

void OpenPullRequests::HaveShown(const KnownRepository& known,
                                 const ListedPullRequest& pull,
                                 const GitHubReply& reply) {
  if (reply.verdict.action != Action::kDone) return Fail(known, "unread");
  const auto shown = ReadShownContexts(reply.answer->body);
  if (!shown.ok()) return Fail(known, "unread");
  std::vector<std::string> contexts =
      tools_.options.convert.rules.Expect(known.repository, &pull.change)
          .contexts;
  std::erase_if(contexts, [&shown](const std::string& context) {
    return HasName(*shown, context);
  });
  if (contexts.empty()) return Count("shown");
  Submission submission =
      HeadPendings(known.repository, pull, *ParseSha(pull.head_sha),
                   std::move(contexts), tools_.options.convert.rules);
  submission.from_github = true;
  const auto outcomes =
      tools_.acceptance->Accept({submission}, tools_.clock->Now());
  if (!outcomes.ok() || !outcomes->front().status.ok()) {
    return Fail(known, "unread");
  }
  LogInfo(
      "found a pull request of which no webhook came; the server reports "
      "pending for its head",
      {{"repository", known.repository.Display()},
       {"pull_request", pull.change.pull_request_number},
       {"sha", submission.report.sha.Hex()}});
  Count("reported");
  tools_.options.BecameDue();
}

void OpenPullRequests::Fail(const KnownRepository& known, const char* result) {
  compared_[known.repository.Canonical()].etag.clear();
  Count(result);
}

void OpenPullRequests::Count(const char* result) {
  tools_.metrics->Add("signalbox_compared_pull_requests_total",
                      "Unknown heads of open pull requests, by outcome.",
                      {{"result", result}});
}

}  // namespace signalbox
