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

enum class Errand {
  kPost,
  kRead,   // What does GitHub show for a key?
  kLearn,  // What is the budget, and is the token good?
  kName,   // What is a repository called, or which one has a name?
};

// A request of the poster to GitHub.
struct PosterRequest {
  Errand errand = Errand::kPost;
  std::string credential;
  Token token;
  absl::Time begin_time;              // Steady.
  Lease lease;                        // kPost, kRead.
  absl::Time lease_end;               // Steady.
  Shown sent;                         // kPost.
  MovedRepositories::Question named;  // kName.
};

// A request that GitHub has answered, or that has ended without an answer.
struct EndedRequest {
  std::shared_ptr<const PosterRequest> request;
  GitHubReply reply;
  Moment end;
};

// RequestsInFlight sends the poster's requests and collects their ends.
//
// Thread-safe.
class RequestsInFlight {
 public:
  // All pointers are borrowed. The end of a request wakes `wake_up`, on a
  // thread of the transport under `github`. That transport must have ended, or
  // answered everything, before this object is destroyed.
  RequestsInFlight(GitHubClient* github, RequestGate* gate, Clock* clock,
                   WakeUp* wake_up)
      : github_(github), gate_(gate), clock_(clock), wake_up_(wake_up) {}

  // The gate has admitted the request.
  void Send(const std::shared_ptr<PosterRequest>& request, const Moment& now);

  // The requests that have ended since the last call.
  std::vector<EndedRequest> Take();
  // The end of a request is settled.
  void Land();

  // How many requests were sent and are not settled.
  int Count() const;

 private:
  // Whether no answer to another request of the credential has limited it. The
  // transport's threads call it.
  bool MaySendOn(const std::string& credential) const;
  void NoteEnd(EndedRequest ended);

  GitHubClient* const github_;
  RequestGate* const gate_;
  Clock* const clock_;
  WakeUp* const wake_up_;

  mutable Mutex mu_;
  std::vector<EndedRequest> ended_ ABSL_GUARDED_BY(mu_);
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUESTS_IN_FLIGHT_H_
