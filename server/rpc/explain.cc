#include "server/rpc/explain.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/report/reasons.h"

namespace signalbox {
namespace {

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

Posting WithCredentialWait(Posting posting, const CredentialTrouble& trouble) {
  if (posting.state != PostingState::kDue || trouble.reason.empty()) {
    return posting;
  }
  posting.state = PostingState::kWaiting;
  posting.reason = trouble.reason;
  if (trouble.reason == kNoCredential) posting.next_try_time.reset();
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

std::string OldNameNotice(const Repository& asked, const Repository& actual) {
  if (asked.Canonical() == actual.Canonical()) return "";
  return absl::StrCat(asked.Display(), " is an old name of ", actual.Display(),
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
                            posting.overtaken_by.Hex(),
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
  } else if (status.state == CommitState::kPending) {
    step += " The pending never expires.";
  }
  return step;
}

}  // namespace signalbox
