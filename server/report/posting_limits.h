#ifndef SIGNALBOX_SERVER_REPORT_POSTING_LIMITS_H_
#define SIGNALBOX_SERVER_REPORT_POSTING_LIMITS_H_

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace signalbox {

// What the host of the statuses allows, as far as it decides what becomes of an
// entry. The outbox and the poster get the same values, and know none of their
// own. kGitHubLimits (server/github/github_limits.h) are GitHub's.
//
// The texts are borrowed.
struct PostingLimits {
  // A request with an unknown end may take effect for this long after its
  // begin. Until then the server sends nothing for the key.
  absl::Duration ambiguous_wait;

  // How many statuses a sha and context can have, ever.
  int most_statuses = 0;
  // With so many statuses, a key gets no more pendings: the rest is for
  // results.
  int most_before_pending = 0;

  // The reasons of refusals, by what may end them. A repeated report ends none
  // of these, but any other:
  absl::Span<const absl::string_view> final_refusals;
  // A person ends these. An event about the repository or its account says that
  // somebody may have.
  absl::Span<const absl::string_view> mendable_refusals;
  // The arrival of the commit ends this one.
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
