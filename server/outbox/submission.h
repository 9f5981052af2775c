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

// The webhook request that a submission comes from.
struct Delivery {
  std::string id;
  std::string digest;  // 32 bytes, or empty.
  std::string event;
  std::string action;
  // GitHub's number for the hook that sent the request; 0: not known.
  int64_t hook_id = 0;
};

// A status that GitHub shows already: GitHub's number for it, and the login
// that set it.
struct Observed {
  int64_t status_id = 0;
  std::string creator_login;
};

// A call that is about all contexts of a commit covers at most this many.
inline constexpr size_t kMostReportedContexts = 1000;

// One call: one report for each of its contexts. The outbox accepts all of them
// or none.
struct Submission {
  Report report;
  // As spelled. If there are none, a delivery only shows that GitHub has the
  // commit.
  std::vector<std::string> contexts;
  // Also report every other context of the commit that was reported here
  // before, if `may_report_context` allows it. An empty function allows every
  // context.
  bool with_all_reported = false;
  std::function<bool(absl::string_view context)> may_report_context;
  std::optional<Delivery> delivery;
  std::optional<CodeChange> change;
  // The reports describe what GitHub shows. Nothing is posted for them.
  std::optional<Observed> observed;
  // For pendings with a delivery. A redelivery runs the contexts again if it
  // arrives at least 10 s after the delivery, this server has not asked GitHub
  // for it, and none of the contexts is pending.
  bool redelivery_is_rerun = false;
  // The reports are only recorded in the history, as SUPERSEDED, to explain why
  // the server did nothing.
  bool for_history = false;
  // The server itself asked GitHub, so the number in the report is GitHub's.
  bool from_github = false;
  // Compare and set: a report that would be accepted is refused with ABORTED,
  // reason CHANGED, if a report with a larger sequence was accepted before; 0:
  // if any report was. Only with one context, and without `delivery` and
  // `observed`.
  std::optional<int64_t> if_sequence;
  // The authenticated name; empty: the configuration names no callers.
  std::string caller;
  // Asked when the reports turn out to be about another repository, because
  // theirs was renamed: whether the caller may report for that one. If it
  // returns an error, nothing is accepted, and the error is the outcome. Must
  // not block. Empty: everything is allowed.
  std::function<absl::Status(const Repository&)> may_report;

  // GitHub's number for the repository if a delivery or GitHub itself gave it,
  // else 0: the outbox believes no other numbers.
  int64_t TrustedNumber() const {
    return delivery.has_value() || from_github ? report.repository_id : 0;
  }
  // The caller that gave this number; empty: GitHub gave it.
  std::string NumberBy() const { return from_github ? std::string() : caller; }

  // Whether it has no reports. With a delivery, it then only names the commit.
  bool ReportsNothing() const { return contexts.empty() && !with_all_reported; }
  // Whether it can change nothing at all.
  bool IsEmpty() const { return ReportsNothing() && !delivery.has_value(); }
};

// What the outbox did with one report.
struct Receipt {
  std::string context;
  // The report's sequence if it was accepted, else the sequence of the report
  // that the entry holds; 0: the entry holds none.
  int64_t sequence = 0;
  Disposition disposition = Disposition::kAccepted;
  // When the held pending expires; nothing: the entry holds no pending, or the
  // pending never expires.
  std::optional<absl::Time> expire_time;
  // What GitHub will show now; nothing if no report was accepted yet.
  std::optional<CommitState> state;
  // The newest run of the report's series, this report's included, and its
  // worst result. 0 and nothing: the report has no number.
  int64_t newest_attempt = 0;
  std::optional<Result> newest_result;
};

// What the outbox did with a submission. The outcome is durable.
struct Outcome {
  // If not OK, the outbox accepted nothing of the submission. An error of
  // `may_report`, INVALID_ARGUMENT, or ABORTED because of `if_sequence`.
  absl::Status status;
  // One per context, if `status` is OK; those for `with_all_reported` follow.
  std::vector<Receipt> receipts;
  // An entry or a probe may be due sooner than before.
  bool made_due = false;
};

// One call with an event at GitHub, which is not a report.
struct EventSubmission {
  Delivery delivery;
  Event event;
  std::string caller;
  // As in Submission, for every repository that the event turns out to be
  // about.
  std::function<absl::Status(const Repository&)> may_report;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SUBMISSION_H_
