#include "server/recovery/open_pull_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "server/outbox/recovery_notes.h"
#include "server/recovery/head_pendings.h"

namespace signalbox {
namespace {

constexpr int kMostPullPages = 5;
// The most questions at a time, so that those of others get their turn.
constexpr int kMostRepositories = 8;
constexpr absl::Duration kRetryRefused = absl::Hours(1);
// A list of 100 pull requests, each with two repositories in it.
constexpr size_t kMaxPage = 8 << 20;

}  // namespace

OpenPullRequests::OpenPullRequests(const Options* options,
                                   Acceptance* acceptance, Statuses* statuses,
                                   Questions* questions, Metrics* metrics,
                                   Clock* clock)
    : options_(options),
      acceptance_(acceptance),
      statuses_(statuses),
      questions_(questions),
      metrics_(metrics),
      clock_(clock) {}

absl::Time OpenPullRequests::RunOnce(
    const std::vector<KnownRepository>& repositories) {
  const absl::Time now = clock_->Steady();
  int asking = 0;
  for (const auto& [name, one] : compared_) asking += one.asking ? 1 : 0;
  absl::Time next = absl::InfiniteFuture();
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
  return clock_->Now() + (next - now);
}

void OpenPullRequests::List(const KnownRepository& known) {
  Compared& one = compared_[known.repository.Canonical()];
  one.asking = true;
  one.next_time = clock_->Steady() + options_->every;
  Question question;
  question.credential = known.credential;
  question.request.path = absl::StrCat(
      "/repos/", known.repository.FullName(),
      "/pulls?state=open&sort=updated&direction=desc&per_page=100");
  question.request.etag = one.etag;
  question.request.max_body = kMaxPage;
  questions_->Ask(std::move(question), [this, known](const GitHubReply& reply) {
    HavePage(known, 1, reply);
  });
}

void OpenPullRequests::HavePage(const KnownRepository& known, int page,
                                const GitHubReply& reply) {
  Compared& one = compared_[known.repository.Canonical()];
  one.asking = false;
  if (reply.verdict.action != Action::kDone) {
    if (IsRefused(reply.verdict)) {
      one.next_time =
          clock_->Steady() + std::max(options_->every, kRetryRefused);
    }
    LogInfo("cannot list the open pull requests of a repository",
            {{"repository", known.repository.Display()},
             {"reason", reply.verdict.reason},
             {"message", reply.verdict.message}});
    return Fail(known, "unlisted");
  }
  if (reply.answer->status == 304) return;
  if (page == 1) one.etag = std::string(reply.answer->Header("etag"));
  const auto pulls = ReadPullRequests(reply.answer->body);
  if (!pulls.ok()) return Fail(known, "unlisted");
  const absl::Time oldest = clock_->Now() - options_->window;
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
  Question question;
  question.credential = known.credential;
  question.request.path = reply.next_path;
  question.request.max_body = kMaxPage;
  questions_->Ask(std::move(question),
                  [this, known, page](const GitHubReply& next) {
                    HavePage(known, page + 1, next);
                  });
}

void OpenPullRequests::Consider(const KnownRepository& known,
                                const ListedPullRequest& pull) {
  const absl::StatusOr<std::string> sha = ParseSha(pull.head_sha);
  if (!sha.ok()) return;
  const absl::Status heard_of =
      statuses_->GetCommit(known.repository, *sha).status();
  if (heard_of.ok()) return;
  if (!absl::IsNotFound(heard_of)) return Fail(known, "unread");
  if (options_->rules.Expect(known.repository, &pull.change).contexts.empty()) {
    return;
  }
  Question question;
  question.credential = known.credential;
  question.request.path =
      absl::StrCat("/repos/", known.repository.FullName(), "/commits/", *sha,
                   "/status?per_page=100");
  questions_->Ask(std::move(question),
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
      options_->rules.Expect(known.repository, &pull.change).contexts;
  std::erase_if(contexts, [&shown](const std::string& context) {
    return std::ranges::any_of(*shown, [&context](const std::string& one) {
      return absl::EqualsIgnoreCase(one, context);
    });
  });
  if (contexts.empty()) return Count("shown");
  Submission submission =
      HeadPendings(known.repository, pull, *ParseSha(pull.head_sha),
                   std::move(contexts), options_->rules);
  submission.from_github = true;
  const auto outcomes = acceptance_->Accept({submission}, clock_->Now());
  if (!outcomes.ok() || !outcomes->front().status.ok()) {
    return Fail(known, "unread");
  }
  LogInfo("found a pull request for which no webhook came",
          {{"repository", known.repository.Display()},
           {"pull_request", pull.change.pull_request_number},
           {"sha", submission.report.sha}});
  Count("reported");
  if (options_->became_due != nullptr) options_->became_due->Wake();
}

void OpenPullRequests::Fail(const KnownRepository& known, const char* result) {
  compared_[known.repository.Canonical()].etag.clear();
  Count(result);
}

void OpenPullRequests::Count(const char* result) {
  metrics_->Add("signalbox_compared_pull_requests_total",
                "Unknown heads of open pull requests, by outcome.",
                {{"result", result}});
}

}  // namespace signalbox
