#ifndef SIGNALBOX_SERVER_POSTER_REQUESTS_IN_FLIGHT_H_
#define SIGNALBOX_SERVER_POSTER_REQUESTS_IN_FLIGHT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"
#include "server/outbox/lease.h"
#include "server/poster/moved_repositories.h"

namespace signalbox {

// What a request of the poster is for.
enum class Errand {
  kPost,   // Set a commit status.
  kRead,   // Read back what GitHub shows for a key.
  kLearn,  // Learn the budget, and whether the token is good.
  kName,   // Ask for a repository's present name.
};

// A request of the poster to GitHub.
struct PosterRequest {
  Errand errand = Errand::kPost;
  std::string credential;  // The id.
  Token token;
  SteadyTime begin_time;  // Send sets it.
  // For kPost and kRead: the entry, and when its lease ends.
  Lease lease;
  SteadyTime lease_end;
  Shown sent;                         // For kPost: what to post.
  MovedRepositories::Question named;  // For kName: what to ask.
};

// A request that GitHub has answered, or that has ended without an answer.
struct EndedRequest {
  std::shared_ptr<const PosterRequest> request;
  GitHubReply reply;
  Moment end;  // When it ended.
};

// RequestsInFlight sends the poster's requests, and collects their ends from
// the transport's threads until the poster takes them. It counts the requests
// whose ends are not stored yet.
//
// Thread-safe.
class RequestsInFlight {
 public:
  // All pointers are borrowed. `gate` is only asked whether a credential was
  // limited while its request is in flight; the poster calls Admit and Leave.
  // `ambiguous_wait` (of PostingLimits): a post follows a redirect only while
  // its lease still lasts longer than this. The end of a request wakes
  // `wake_up`, on a thread of the transport that `github` uses. That transport
  // must have ended, or answered everything, before this object is destroyed.
  RequestsInFlight(GitHubClient* github, RequestGate* gate,
                   absl::Duration ambiguous_wait, Clock* clock, WakeUp* wake_up)
      : github_(github),
        gate_(gate),
        ambiguous_wait_(ambiguous_wait),
        clock_(clock),
        wake_up_(wake_up) {}

  // Sends a request. The caller has asked RequestGate, which has admitted it.
  // Does not block. The caller must not change the request afterwards.
  void Send(const std::shared_ptr<PosterRequest>& request, const Moment& now);

  // The requests that have ended since the last call.
  std::vector<EndedRequest> Take();
  // Call it once for each request that Take has returned, when its end is
  // stored or need not be. Lowers Count.
  void Land();

  // For how many requests Send was called, but not Land.
  int Count() const;

 private:
  // For Token::may_send_on: false if an answer to another request has limited
  // the credential.
  bool MaySendOn(const std::string& credential) const;
  void NoteEnd(EndedRequest ended);

  GitHubClient* const github_;
  RequestGate* const gate_;
  const absl::Duration ambiguous_wait_;
  Clock* const clock_;
  WakeUp* const wake_up_;

  mutable Mutex mu_;
  std::vector<EndedRequest> ended_ ABSL_GUARDED_BY(mu_);
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUESTS_IN_FLIGHT_H_
