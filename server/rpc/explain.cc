#include "server/rpc/explain.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

struct Meaning {
  absl::string_view reason;
  absl::string_view words;
};

constexpr Meaning kMeanings[] = {
    {"ACCOUNT_SUSPENDED", "GitHub has suspended the user behind the token"},
    {"API_VERSION_REFUSED",
     "this GitHub does not speak the API version that Signalbox uses"},
    {"APP_NOT_INSTALLED",
     "the account has not installed the GitHub App; somebody must install it "
     "there"},
    {"APP_REFUSED",
     "GitHub refuses the App's private key or the clock of this machine"},
    {"APP_REQUIRED", "GitHub takes this only from a GitHub App"},
    {"BAD_CREDENTIALS",
     "GitHub refused the token (401); put a good one into its file"},
    {"BAD_REQUEST", "GitHub did not understand the request"},
    {"BUDGET_RESERVED",
     "what is left of the hourly budget is kept for results"},
    {"BUDGET_SPENT", "the credential's hourly budget at GitHub is spent"},
    {"CONFLICT", "GitHub answered with a conflict (409)"},
    {"CONNECTION_LOST",
     "the connection was lost before GitHub answered, so it is not known "
     "whether GitHub took it"},
    {"CONTEXT_REFUSED", "GitHub does not take this context"},
    {"CREDENTIAL_NOT_READY", "its credential is being fetched"},
    {"CREDENTIAL_REFUSED",
     "GitHub refused the token twice in a row, so the credential is stopped; "
     "put a good one into its file"},
    {"DESCRIPTION_REFUSED", "GitHub does not take the description"},
    {"HOST_DOWN",
     "GitHub does not answer, so it is asked with one request at a time"},
    {"INSTALLATION_SUSPENDED",
     "the installation of the GitHub App is suspended; its account's owner "
     "can resume it"},
    {"INVALID_SHA", "GitHub does not take this sha"},
    {"IP_NOT_ALLOWED",
     "the organisation's IP allow list does not have this machine's address"},
    {"JWT_REFUSED", "GitHub refuses the App's private key"},
    {"CLOCK_SKEW", "the clock of this machine is wrong"},
    {"LEGAL_BLOCK", "GitHub blocks the repository for legal reasons"},
    {"LOGIN_LOCKED",
     "GitHub refuses the user for a while after many wrong logins"},
    {"NAME_UNKNOWN",
     "another repository has its name, and GitHub has not yet said what it is "
     "called now"},
    {"NOT_SENT", "GitHub could not be reached"},
    {"NO_COMMIT_FOUND",
     "GitHub does not have the commit in this repository: it was not pushed "
     "yet, or was pushed away"},
    {"NO_CREDENTIAL",
     "the configuration names no credential for this account; add one and "
     "restart the server"},
    {"OVERTAKEN", "its pull request has a newer head"},
    {"PACE", "the configured pace makes it wait for its turn"},
    {"PERMISSION_MISSING",
     "the credential may not write commit statuses here (\"Commit statuses: "
     "write\", and for an App the repository must be in its installation)"},
    {"RATE_LIMITED", "GitHub told the credential to wait"},
    {"REDIRECT_REFUSED",
     "GitHub redirected to another host, to which no token goes"},
    {"REPOSITORY_ARCHIVED", "the repository is archived, so it is read-only"},
    {"REPOSITORY_BLOCKED", "GitHub blocks the repository"},
    {"REPOSITORY_GONE", "the repository is gone"},
    {"REPOSITORY_NOT_FOUND",
     "the repository does not exist, or the credential may not write to it: "
     "GitHub does not tell one from the other"},
    {"ROW_DAMAGED",
     "the database held what cannot be there; report it once more"},
    {"SECONDARY_RATE_LIMITED",
     "GitHub told the credential to wait (secondary limit)"},
    {"SERVER_ERROR", "GitHub had a trouble of its own (5xx)"},
    {"SLOW_REDIRECT",
     "GitHub redirected to the repository's new name, and took too long to "
     "send the status on"},
    {"SSO_REQUIRED",
     "the token must be authorised for the organisation's SAML single sign-on"},
    {"STATE_REFUSED", "GitHub does not take this state"},
    {"STATUS_LIMIT_NEAR",
     "the context has over 950 of the 1,000 statuses that GitHub allows on a "
     "commit, and the rest is kept for results"},
    {"STATUS_LIMIT_REACHED",
     "the context has all 1,000 statuses that GitHub allows on a commit; use "
     "another context or a new commit"},
    {"TARGET_URL_REFUSED", "GitHub does not take the target URL"},
    {"TIMEOUT",
     "GitHub did not answer in time, so it is not known whether it took it"},
    {"UNEXPECTED_ANSWER", "GitHub answered what nobody expects"},
    {"USER_AGENT_REFUSED", "GitHub refuses Signalbox's User-Agent"},
    {"VALIDATION_FAILED", "GitHub found the status invalid"},
};

std::string AtTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// "at 2026-06-01 10:00:00 UTC (in 2 min 30 s)".
std::string At(absl::Time time, absl::Time now) {
  const std::string clock = AtTime(time);
  const int64_t seconds = absl::ToInt64Seconds(absl::AbsDuration(time - now));
  std::string distance =
      seconds >= 3600
          ? absl::StrCat(seconds / 3600, " h ", seconds % 3600 / 60, " min")
      : seconds >= 60 ? absl::StrCat(seconds / 60, " min ", seconds % 60, " s")
                      : absl::StrCat(seconds, " s");
  return absl::StrCat("at ", clock,
                      time > now ? absl::StrCat(" (in ", distance, ")")
                                 : absl::StrCat(" (", distance, " ago)"));
}

std::string Because(absl::string_view reason) {
  return absl::StrCat(ReasonInWords(reason), " (", reason, ")");
}

std::string NextTry(const History& history, const LaneTrouble& trouble,
                    absl::Time now) {
  const Posting& posting = history.status.posting;
  std::string step;
  if (history.parked_since.has_value()) {
    return absl::StrCat(
        "GitHub has taken nothing for this repository since ",
        AtTime(*history.parked_since), ": ", Because(posting.reason),
        ". It is asked again, with one status, ",
        At(posting.next_try_time.value_or(now), now),
        "; a report for the repository or RetryPost (`signalbox retry`) asks "
        "sooner. Once GitHub takes one, all of them are posted.");
  }
  if (!posting.reason.empty()) {
    step = absl::StrCat(
        "The last try did not succeed: ", Because(posting.reason), ". ");
  }
  if (history.lane.empty()) {
    return absl::StrCat(
        step, "It will be abandoned: ", Because("NO_CREDENTIAL"), ".");
  }
  const absl::Time due = posting.next_try_time.value_or(now);
  absl::StrAppend(&step, due > now ? absl::StrCat("It is tried ", At(due, now))
                                   : "It is due now");
  if (trouble.reason.empty()) {
    absl::StrAppend(&step, due > now ? "." : " and waits only for its turn.");
    return step;
  }
  absl::StrAppend(&step, ", but its credential ", history.lane,
                  " waits: ", Because(trouble.reason), ".");
  if (trouble.until > now && trouble.until != absl::InfiniteFuture()) {
    absl::StrAppend(&step, " It goes on ", At(trouble.until, now), ".");
  }
  return step;
}

}  // namespace

std::string ReasonInWords(absl::string_view reason) {
  const auto* const found =
      std::find_if(std::begin(kMeanings), std::end(kMeanings),
                   [reason](const Meaning& m) { return m.reason == reason; });
  return std::string(found == std::end(kMeanings) ? reason : found->words);
}

Posting Hindered(Posting posting, const LaneTrouble& trouble) {
  if (posting.state != PostingState::kDue || trouble.reason.empty()) {
    return posting;
  }
  posting.state = PostingState::kWaiting;
  posting.reason = trouble.reason;
  const bool until_is_known = trouble.until != absl::InfinitePast() &&
                              trouble.until != absl::InfiniteFuture();
  if (until_is_known) posting.next_try_time = trouble.until;
  return posting;
}

std::string DecisionAfter(const History& history, size_t index) {
  const RecordedTry& recorded = history.tries[index];
  const Try& attempted = recorded.attempted;
  if (attempted.reason == "POSTED") return "done";
  if (attempted.reason == "READ") return "gone on from what GitHub shows";
  if (index + 1 < history.tries.size()) {
    const RecordedTry& next = history.tries[index + 1];
    const absl::Duration wait = absl::Trunc(
        next.attempted.begin_time - attempted.begin_time, absl::Seconds(1));
    return absl::StrCat(
        next.sequence == recorded.sequence ? "tried again"
                                           : "a newer report was tried",
        wait > absl::ZeroDuration()
            ? absl::StrCat(" after ", absl::ToInt64Seconds(wait), " s")
            : " at once");
  }
  const Posting& posting = history.status.posting;
  const bool is_newest = !history.reports.empty() &&
                         history.reports.back().sequence == recorded.sequence;
  switch (posting.state) {
    case PostingState::kAbandoned:
      return is_newest ? "given up" : "a newer report took its place";
    case PostingState::kPosted:
      return "found to be shown already";
    case PostingState::kDue:
    case PostingState::kWaiting:
    case PostingState::kObserved:
      break;
  }
  return is_newest ? "to be tried again" : "a newer report takes its place";
}

std::string OldName(const Repository& said, const Repository& meant) {
  if (said.Canonical() == meant.Canonical()) return "";
  return absl::StrCat(said.Display(), " is an old name of ", meant.Display(),
                      ", which is meant until GitHub answers that another "
                      "repository has it.");
}

std::string NextStep(const History& history, const LaneTrouble& trouble,
                     absl::Time now) {
  const StatusView& status = history.status;
  const Posting& posting = status.posting;
  std::string step;
  switch (posting.state) {
    case PostingState::kObserved:
      return "Nothing: it was not reported here, and GitHub shows it.";
    case PostingState::kPosted:
      step = "Nothing: GitHub shows it.";
      break;
    case PostingState::kAbandoned:
      if (posting.reason == kOvertaken) {
        return absl::StrCat("Nothing: overtaken by ",
                            posting.overtaken_by.empty()
                                ? "a newer head of its pull request"
                                : posting.overtaken_by,
                            "; nothing was posted. A farm's report for this "
                            "commit is posted all the same.");
      }
      step = absl::StrCat(
          "Nothing, until something changes: ", Because(posting.reason),
          ". A report of it, the same one too, or RetryPost (`signalbox "
          "retry`) tries again.");
      break;
    case PostingState::kDue:
    case PostingState::kWaiting:
      step = history.in_flight ? "A request to GitHub is under way."
                               : NextTry(history, trouble, now);
      break;
  }
  if (status.expire_time.has_value()) {
    absl::StrAppend(&step,
                    " Without a result or another sign of life it becomes "
                    "an error ",
                    At(*status.expire_time, now), ".");
  }
  return step;
}

}  // namespace signalbox
