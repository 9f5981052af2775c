#ifndef SIGNALBOX_SERVER_REPORT_POSTING_LIMITS_H_
#define SIGNALBOX_SERVER_REPORT_POSTING_LIMITS_H_

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace signalbox {

// GitHub's rules that decide what becomes of an entry. The outbox and the
// poster get the same values from outside, and have none of their own. The real
// values are kGitHubLimits (server/github/github_limits.h).
//
// The texts are borrowed.
struct PostingLimits {
  // A request with an unknown end may take effect for this long after its
  // begin. Until then the server sends nothing for the key.
  absl::Duration ambiguous_wait;

  // How many statuses GitHub takes for a sha and context, ever.
  int most_statuses = 0;
  // When a key has so many, only its results are posted. The rest is kept for
  // them.
  int most_before_pending = 0;

  // An entry that GitHub refused is abandoned for a reason, and what makes it
  // due again depends on the reason. (A report that says something else than
  // the entry always does.)
  //
  // For these reasons, a report that says the same again does not make the
  // entry due again. For all other reasons it does.
  absl::Span<const absl::string_view> final_refusals;
  // A person can end the cause at GitHub. An event about the repository or its
  // account makes these entries due again, since the cause may have ended.
  absl::Span<const absl::string_view> mendable_refusals;
  // The reason of a refusal because GitHub does not have the commit. A delivery
  // about the commit makes the entry due again.
  absl::string_view missing_commit;

  bool IsFinal(absl::string_view reason) const {
    return absl::c_linear_search(final_refusals, reason);
  }
  bool IsMendable(absl::string_view reason) const {
    return absl::c_linear_search(mendable_refusals, reason);
  }
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_POSTING_LIMITS_H_
