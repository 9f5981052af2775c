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
     "the GitHub App is not installed in this account; an owner of the account "
     "must install it"},
    {"APP_REFUSED",
     "GitHub refuses the App's private key, or the server's clock is wrong"},
    {"APP_REQUIRED", "GitHub accepts this only from a GitHub App"},
    {"BAD_CREDENTIALS",
     "GitHub refused the token (401); put a valid token into its file"},
    {"BAD_REQUEST", "GitHub did not understand the request"},
    {"BUDGET_RESERVED",
     "the server keeps the rest of the credential's hourly rate limit for "
     "results"},
    {"BUDGET_SPENT",
     "the credential has used up its hourly rate limit at GitHub"},
    {"CONFLICT", "GitHub answered with a conflict (409)"},
    {"CONNECTION_LOST",
     "the connection broke before GitHub answered, so the server does not know "
     "whether GitHub accepted the status"},
    {"CONTEXT_REFUSED", "GitHub does not accept this context"},
    {"CREDENTIAL_NOT_READY",
     "the server is still fetching the credential's token"},
    {"CREDENTIAL_REFUSED",
     "GitHub refused the token twice in a row, so the server has stopped using "
     "it; put a valid token into its file"},
    {"DESCRIPTION_REFUSED", "GitHub does not accept the description"},
    {"HOST_DOWN",
     "GitHub does not answer; the server tries one request at a time"},
    {"INSTALLATION_SUSPENDED",
     "the installation of the GitHub App is suspended; an owner of the account "
     "can unsuspend it"},
    {"INVALID_SHA", "GitHub does not accept this sha"},
    {"IP_NOT_ALLOWED",
     "the organisation's IP allow list does not have the server's address"},
    {"JWT_REFUSED", "GitHub refuses the App's private key"},
    {"CLOCK_SKEW", "the server's clock is wrong"},
    {"LEGAL_BLOCK", "GitHub blocks the repository for legal reasons"},
    {"LOGIN_LOCKED",
     "GitHub has locked the user for a while, after too many failed logins"},
    {"NAME_UNKNOWN",
     "another repository now has this name, and GitHub has not yet given the "
     "new name of this one"},
    {"NOT_SENT", "the server could not reach GitHub"},
    {"NO_COMMIT_FOUND",
     "GitHub does not have the commit in this repository: nobody has pushed it "
     "yet, or a force-push removed it"},
    {"NO_CREDENTIAL",
     "the configuration names no credential for this account; add one and "
     "restart the server"},
    {"OVERTAKEN", "its pull request has a newer head"},
    {"PACE", "the status waits for its turn at the configured pace"},
    {"PERMISSION_MISSING",
     "the credential may not write commit statuses here (\"Commit statuses: "
     "write\", and for an App the repository must be in its installation)"},
    {"RATE_LIMITED", "GitHub told the credential to wait"},
    {"REDIRECT_REFUSED",
     "GitHub redirected to another host, and the server does not send the "
     "token there"},
    {"REPOSITORY_ARCHIVED", "the repository is archived, so it is read-only"},
    {"REPOSITORY_BLOCKED", "GitHub blocks the repository"},
    {"REPOSITORY_GONE", "the repository is gone"},
    {"REPOSITORY_NOT_FOUND",
     "the repository does not exist, or the credential may not write to it: "
     "GitHub answers both cases alike"},
    {"ROW_DAMAGED",
     "the report was damaged on the server's disk; report it again"},
    {"SECONDARY_RATE_LIMITED",
     "GitHub told the credential to wait (secondary limit)"},
    {"SERVER_ERROR", "GitHub answered with a server error (5xx)"},
    {"SLOW_REDIRECT",
     "GitHub redirected to the repository's new name, and no time was left to "
     "post there"},
    {"SSO_REQUIRED",
     "the organisation requires SAML single sign-on; authorise the token for "
     "it"},
    {"STATE_REFUSED", "GitHub does not accept this state"},
    {"STATUS_LIMIT_NEAR",
     "the context has over 950 of the 1,000 statuses that GitHub allows on a "
     "commit; the server keeps the rest for results"},
    {"STATUS_LIMIT_REACHED",
     "the context has all 1,000 statuses that GitHub allows on a commit; use "
     "another context or a new commit"},
    {"TARGET_URL_REFUSED", "GitHub does not accept the target URL"},
    {"TIMEOUT",
     "GitHub did not answer in time, so the server does not know whether "
     "GitHub accepted the status"},
    {"UNEXPECTED_ANSWER",
     "the server did not understand GitHub's answer; search the server's log "
     "for the request id of the try"},
    {"USER_AGENT_REFUSED", "GitHub refuses Signalbox's User-Agent"},
    {"VALIDATION_FAILED", "GitHub calls the status invalid"},
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

std::string NextTry(const History& history, const CredentialTrouble& trouble,
                    absl::Time now) {
  const Posting& posting = history.status.posting;
  std::string step;
  if (history.parked_since.has_value()) {
    return absl::StrCat(
        "GitHub has accepted no status for this repository since ",
        AtTime(*history.parked_since), ": ", Because(posting.reason),
        ". The server tries again with one status ",
        At(posting.next_try_time.value_or(now), now),
        "; a report for the repository or RetryPost (`signalbox retry`) makes "
        "it try sooner. Once GitHub accepts one status, the server posts the "
        "others.");
  }
  if (!posting.reason.empty()) {
    step = absl::StrCat("The last try failed: ", Because(posting.reason), ". ");
  }
  if (history.credential.empty()) {
    return absl::StrCat(step, "It will not be posted: no credential for ",
                        history.repository.owner,
                        ". Add one to the server's configuration and restart "
                        "the server (NO_CREDENTIAL).");
  }
  const absl::Time due = posting.next_try_time.value_or(now);
  absl::StrAppend(&step,
                  due > now ? absl::StrCat("The server tries it ", At(due, now))
                            : "It is due now");
  if (trouble.reason.empty()) {
    absl::StrAppend(&step, due > now ? "." : " and waits for its turn.");
    return step;
  }
  absl::StrAppend(&step, ", but the credential ", history.credential,
                  " must wait: ", Because(trouble.reason), ".");
  if (trouble.until > now && trouble.until != absl::InfiniteFuture()) {
    absl::StrAppend(&step, " The credential may post again ",
                    At(trouble.until, now), ".");
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

Posting Hindered(Posting posting, const CredentialTrouble& trouble) {
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
  if (attempted.reason == "READ") {
    return "the server read what GitHub shows, and went on";
  }
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
      return is_newest ? "abandoned" : "a newer report took its place";
    case PostingState::kPosted:
      return "GitHub already shows it";
    case PostingState::kDue:
    case PostingState::kWaiting:
    case PostingState::kObserved:
      break;
  }
  return is_newest ? "the server will try again"
                   : "a newer report takes its place";
}

std::string OldName(const Repository& said, const Repository& meant) {
  if (said.Canonical() == meant.Canonical()) return "";
  return absl::StrCat(said.Display(), " is an old name of ", meant.Display(),
                      ". The server uses the new name, unless GitHub answers "
                      "that another repository has the old one.");
}

std::string NextStep(const History& history, const CredentialTrouble& trouble,
                     absl::Time now) {
  const StatusView& status = history.status;
  const Posting& posting = status.posting;
  std::string step;
  switch (posting.state) {
    case PostingState::kObserved:
      return "Nothing: another program set this status at GitHub. This server "
             "has no report of it.";
    case PostingState::kPosted:
      step = "Nothing: GitHub shows it.";
      break;
    case PostingState::kAbandoned:
      if (posting.reason == kOvertaken) {
        return absl::StrCat("Nothing: the pull request has a newer head",
                            posting.overtaken_by.empty() ? "" : ", ",
                            posting.overtaken_by,
                            ", so the server posts nothing. If a farm reports "
                            "this commit, the server posts that report.");
      }
      step = absl::StrCat(
          "Nothing, until something changes: ", Because(posting.reason),
          ". Report it again, or call RetryPost (`signalbox retry`), and the "
          "server tries again.");
      break;
    case PostingState::kDue:
    case PostingState::kWaiting:
      step = history.in_flight ? "A request to GitHub is under way."
                               : NextTry(history, trouble, now);
      break;
  }
  if (status.expire_time.has_value()) {
    absl::StrAppend(&step,
                    " If neither a result nor a renewed pending arrives, it "
                    "becomes an error ",
                    At(*status.expire_time, now), ".");
  }
  return step;
}

}  // namespace signalbox
