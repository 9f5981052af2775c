#include "server/poster/settling.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/poster/backoff.h"

namespace signalbox {
namespace {

// Refusals of the entry, not of the credential.
bool IsRefusal(Action action) {
  return action == Action::kHold || action == Action::kRetryBriefly ||
         action == Action::kFitDescription || action == Action::kDropTargetUrl;
}

bool IsWordingRefused(Action action) {
  return action == Action::kFitDescription || action == Action::kDropTargetUrl;
}

// Troubles of the network, GitHub or the credential, which say nothing about
// the request.
bool IsTrouble(Action action) {
  return action == Action::kRetry || action == Action::kRetryAmbiguous ||
         action == Action::kReauthenticate || action == Action::kStop ||
         action == Action::kWait;
}

// Whether other requests of the server had all connections.
bool DidNotBegin(const Verdict& verdict) {
  return verdict.reason == kNoConnection;
}

// Whether the server still does not know what GitHub shows after this answer.
bool TellsNothing(const Verdict& verdict) {
  return IsTrouble(verdict.action) || verdict.action == Action::kRedirect ||
         verdict.reason == "REDIRECT_REFUSED" ||
         verdict.reason == "UNEXPECTED_ANSWER";
}

Try TryOf(const Verdict& verdict, absl::Time begin, absl::Time end) {
  return {begin,
          end,
          verdict.http_status,
          verdict.request_id,
          verdict.reason,
          verdict.message};
}

std::string InWords(const std::optional<ShownStatus>& shown) {
  if (!shown.has_value()) return "GitHub shows nothing";
  return absl::StrCat("GitHub shows ", CommitStateName(shown->state));
}

}  // namespace

Settlement Unsent(const Lease& lease, Settlement::Kind kind,
                  absl::string_view reason) {
  Settlement settlement;
  settlement.entry_id = lease.entry_id;
  settlement.version = lease.version;
  settlement.lease_epoch = lease.lease_epoch;
  settlement.lease_number = lease.lease_number;
  settlement.refusal_count = lease.refusal_count;
  settlement.kind = kind;
  settlement.reason = std::string(reason);
  return settlement;
}

Settlement AfterPost(const Lease& lease, const Shown& sent,
                     const GitHubReply& reply, absl::Time begin, absl::Time end,
                     Wording* wording) {
  const Verdict& verdict = reply.verdict;
  if (DidNotBegin(verdict)) {
    return Unsent(lease, Settlement::Kind::kReturned);
  }
  Settlement settlement = Unsent(lease, Settlement::Kind::kRetry);
  settlement.attempted = TryOf(verdict, begin, end);
  if (verdict.action == Action::kDone) {
    wording->Forget(lease.entry_id);
    settlement.kind = Settlement::Kind::kPosted;
    settlement.writable = true;
    settlement.shown = sent;
    settlement.status_id = verdict.status_id;
    return settlement;
  }

  settlement.reason = verdict.reason;
  settlement.refused = IsRefusal(verdict.action);
  settlement.ambiguous = verdict.action == Action::kRetryAmbiguous;
  if (settlement.ambiguous) {
    // Only the last request of the try may still take effect.
    settlement.attempted->begin_time += reply.last_request_after;
  }
  settlement.full = verdict.reason == "STATUS_LIMIT_REACHED";
  // GitHub checks a post's content only if the credential may post.
  settlement.writable = verdict.http_status == 422;
  const std::optional<absl::Duration> wait =
      Backoff(verdict, lease.try_count + 1,
              lease.refusal_count + (settlement.refused ? 1 : 0));
  const bool goes_on =
      wait.has_value() && (!IsWordingRefused(verdict.action) ||
                           wording->Reword(lease, sent, verdict.action));
  if (goes_on) {
    settlement.retry_in = *wait;
    return settlement;
  }
  wording->Forget(lease.entry_id);
  if (verdict.of_repository) {
    settlement.kind = Settlement::Kind::kParked;
    settlement.refused = false;
    return settlement;
  }
  settlement.kind = Settlement::Kind::kAbandoned;
  return settlement;
}

Settlement AfterRead(const Lease& lease, const GitHubReply& reply,
                     absl::Time begin, absl::Time end) {
  const Verdict& verdict = reply.verdict;
  if (DidNotBegin(verdict)) {
    return Unsent(lease, Settlement::Kind::kReturned);
  }
  Settlement settlement = Unsent(lease, Settlement::Kind::kRead);
  settlement.reading = true;
  settlement.attempted = TryOf(verdict, begin, end);
  if (verdict.action == Action::kDone) {
    settlement.attempted->message = InWords(reply.shown);
    if (reply.shown.has_value()) {
      settlement.shown = Shown{reply.shown->state, reply.shown->description,
                               reply.shown->target_url};
      settlement.status_id = reply.shown->id;
    }
    return settlement;
  }
  if (!TellsNothing(verdict)) return settlement;
  settlement.kind = Settlement::Kind::kRetry;
  settlement.reason = verdict.reason;
  settlement.ambiguous = true;
  // GitHub did not refuse a post, so this counts as a trouble.
  Verdict trouble = verdict;
  if (!IsTrouble(verdict.action)) trouble.action = Action::kRetry;
  settlement.retry_in =
      Backoff(trouble, lease.try_count + 1, lease.refusal_count)
          .value_or(absl::ZeroDuration());
  return settlement;
}

NameAnswer AfterNaming(const MovedRepositories::Question& asked,
                       const GitHubReply& reply) {
  NameAnswer answer;
  answer.question_id = asked.question_id;
  const int http_status = reply.verdict.http_status;
  if (http_status == 404 || http_status == 410 || http_status == 451) {
    answer.kind = NameAnswer::Kind::kMissing;
    return answer;
  }
  if (reply.verdict.action != Action::kDone) return answer;
  absl::StatusOr<Repository> name =
      ParseRepository(absl::StrCat(asked.old_name.host, "/", reply.full_name));
  if (!name.ok()) return answer;
  answer.kind = NameAnswer::Kind::kNamed;
  answer.name = *std::move(name);
  answer.number =
      reply.repository_id != 0 ? reply.repository_id : asked.github_id;
  answer.update_time = reply.update_time;
  return answer;
}

}  // namespace signalbox
