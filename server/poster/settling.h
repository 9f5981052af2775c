#ifndef SIGNALBOX_SERVER_POSTER_SETTLING_H_
#define SIGNALBOX_SERVER_POSTER_SETTLING_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/github_client.h"
#include "server/outbox/lease.h"
#include "server/outbox/repository_names.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/wording.h"

namespace signalbox {

// These functions decide what the end of a request means for its entry: whether
// it is posted, to be retried and when, parked or abandoned. `begin` and `end`
// are the times of the request by the wall clock. The functions are pure,
// except that `wording` notes refusals.

// The settlement of a lease for which no request was made. `reason`:
// Settlement::reason.
Settlement Unsent(const Lease& lease, Settlement::Kind kind,
                  absl::string_view reason = "");

// The settlement after a post of `sent`. Its `retry_in` counts from `end`. If
// GitHub refused the description or the target URL, `wording` notes it, and the
// entry is due again at once, to be posted with plainer texts.
Settlement AfterPost(const Lease& lease, const Shown& sent,
                     const GitHubReply& reply, absl::Time begin, absl::Time end,
                     Wording* wording);

// The settlement after a read of what GitHub shows for the key. Its `retry_in`
// counts from `end`. The entry is due again, and the next try posts it if
// GitHub shows something else. If GitHub refuses the read, the next try posts
// it anyway. If GitHub's answer is missing or cannot be understood, the next
// try reads again.
Settlement AfterRead(const Lease& lease, const GitHubReply& reply,
                     absl::Time begin, absl::Time end);

// What GitHub's reply to a question about a repository's name means.
NameAnswer AfterNaming(const MovedRepositories::Question& asked,
                       const GitHubReply& reply);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_SETTLING_H_
