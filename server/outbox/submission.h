#ifndef SIGNALBOX_SERVER_OUTBOX_SUBMISSION_H_
#define SIGNALBOX_SERVER_OUTBOX_SUBMISSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/code_change.h"
#include "server/report/event.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {

// What callers give to the outbox, and what it answers: a Submission (reports)
// gets an Outcome with Receipts, an EventSubmission (an event that is no
// report) gets a yes or no.

// The webhook request that a submission comes from.
struct Delivery {
  std::string id;      // GitHub's; a redelivery has the same.
  std::string digest;  // SHA-256 of the JSON, 32 bytes; empty: not known.
  std::string event;   // GitHub's name, such as "pull_request".
  std::string action;  // GitHub's, such as "opened"; empty: none.
  // GitHub's number for the hook that sent the request; 0: not known.
  int64_t hook_id = 0;
};

// A status that GitHub shows already. Any program may have set it.
struct Observed {
  int64_t status_id = 0;      // GitHub's number for the status.
  std::string creator_login;  // The GitHub user or App that set it.
};

// A call that is about all contexts of a commit covers at most this many.
inline constexpr size_t kMostReportedContexts = 1000;

// One call: the same report for each of its contexts. The outbox accepts all of
// them or none.
struct Submission {
  Report report;
  // As spelled. A delivery without contexts reports nothing. It only shows that
  // GitHub has the commit.
  std::vector<std::string> contexts;
  // Also report every other context of the commit that was reported here
  // before, if `may_report_context` allows it. An empty function allows every
  // context.
  bool with_all_reported = false;
  std::function<bool(absl::string_view context)> may_report_context;
  std::optional<Delivery> delivery;  // Nothing: it comes from no webhook.
  std::optional<CodeChange> change;  // Nothing: not known.
  // Set if the report describes what GitHub shows. The outbox remembers it and
  // posts nothing.
  std::optional<Observed> observed;
  // For pendings with a delivery: a person can press "Redeliver" at GitHub to
  // have the contexts run again. If true, a redelivery means that, provided
  // that it arrives at least 10 s after the delivery, this server has not asked
  // GitHub for it, and none of the contexts is pending.
  bool redelivery_is_rerun = false;
  // Only record the report in the history, as SUPERSEDED, to explain to people
  // why the server did nothing.
  bool for_history = false;
  // The server itself asked GitHub, so the number in the report is GitHub's.
  bool from_github = false;
  // Compare and set: a report that Judge would accept is refused with ABORTED,
  // reason CHANGED, if the entry holds a report with a larger sequence than
  // this. 0: if it holds any report. Only with one context, and without
  // `delivery` and `observed`.
  std::optional<int64_t> if_sequence;
  // The authenticated name; empty: the configuration names no callers.
  std::string caller;
  // The id of the call, for people who search the logs for it; empty: none.
  std::string request_id;
  // Whether the caller may report for a repository. The outbox calls it if the
  // report turns out to be about another repository than it names, because of a
  // rename. An error means no: the outbox accepts nothing, and the error is the
  // outcome. Must not block. Empty: everything is allowed.
  std::function<absl::Status(const Repository&)> may_report;

  // GitHub's number for the repository if a delivery or GitHub itself gave it;
  // 0: none of them gave one. The outbox believes no other numbers.
  int64_t TrustedNumber() const {
    return delivery.has_value() || from_github ? report.repository_id : 0;
  }
  // The caller that gave this number; empty: GitHub gave it.
  std::string NumberBy() const { return from_github ? std::string() : caller; }

  // Whether it reports no context.
  bool ReportsNothing() const { return contexts.empty() && !with_all_reported; }
  // Whether it can change nothing at all.
  bool IsEmpty() const { return ReportsNothing() && !delivery.has_value(); }
};

// What the outbox did with the report for one context.
struct Receipt {
  std::string context;  // As the submission spelled it.
  // The report's sequence if it was accepted, else the sequence of the report
  // that the entry holds; 0: the entry holds none.
  int64_t sequence = 0;
  Disposition disposition = Disposition::kAccepted;
  // When the held pending expires; nothing: the entry holds no pending, or the
  // pending never expires.
  std::optional<absl::Time> expire_time;
  // What GitHub will show now; nothing if no report was accepted yet.
  std::optional<CommitState> state;
  // The largest number of the report's series, this report's included, and the
  // worst result of that run so far. 0 and nothing: the report has no number.
  int64_t newest_attempt = 0;
  std::optional<Result> newest_result;
  // When the outbox accepted the report with `sequence`. Nothing: there is
  // none, or the submission was `observed`.
  std::optional<absl::Time> report_time;
};

// What the outbox did with a submission. The outcome is durable.
struct Outcome {
  // If not OK, the outbox accepted nothing of the submission: the error of
  // `may_report`, INVALID_ARGUMENT for a sha that is none, or ABORTED because
  // of `if_sequence`.
  absl::Status status;
  // If `status` is OK: one per context, in the order of the submission. Those
  // that `with_all_reported` adds follow.
  std::vector<Receipt> receipts;
  // An entry or a probe may have become due sooner, so the poster must look.
  bool made_due = false;
};

// One call with an event at GitHub, which is not a report.
struct EventSubmission {
  Delivery delivery;
  Event event;
  std::string caller;  // As in Submission.
  // As in Submission. The outbox calls it for every repository that the event
  // turns out to be about.
  std::function<absl::Status(const Repository&)> may_report;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SUBMISSION_H_
