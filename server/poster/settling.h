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

// These functions decide what the end of a request means for its entry. They
// are pure, except that Wording remembers refusals.

// Settles this lease without a request.
Settlement Unsent(const Lease& lease, Settlement::Kind kind,
                  absl::string_view reason = "");

// After a post of `sent`, from `begin` to `end`. If GitHub refused a part that
// can be worded differently, `wording` notes it, and the post is retried at
// once.
Settlement AfterPost(const Lease& lease, const Shown& sent,
                     const GitHubReply& reply, absl::Time begin, absl::Time end,
                     Wording* wording);

// After a read of what GitHub shows for the key. If GitHub refuses the read,
// the entry is due again and is posted without one.
Settlement AfterRead(const Lease& lease, const GitHubReply& reply,
                     absl::Time begin, absl::Time end);

// After a question about a name.
NameAnswer AfterNaming(const MovedRepositories::Question& asked,
                       const GitHubReply& reply);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_SETTLING_H_
