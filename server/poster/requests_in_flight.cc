#include "server/poster/requests_in_flight.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "server/github/classify.h"
#include "server/github/waiting_times.h"

namespace signalbox {

void RequestsInFlight::Send(const std::shared_ptr<PosterRequest>& request,
                            const Moment& now) {
  request->begin_time = now.steady;
  {
    MutexLock lock(&mu_);
    ++count_;
  }
  request->token.may_send_on = [this, credential = request->credential] {
    return MaySendOn(credential);
  };
  GitHubClient::Done done = [this, request](GitHubReply reply) {
    NoteEnd({request, std::move(reply), clock_->Look()});
  };
  const PosterRequest& sent = *request;
  const Lease& lease = sent.lease;
  switch (sent.errand) {
    case Errand::kPost: {
      StatusPost post;
      post.repository = lease.repository;
      post.sha = lease.sha.Hex();
      post.context = lease.context;
      post.state = sent.sent.state;
      post.description = sent.sent.description;
      post.target_url = sent.sent.target_url;
      post.send_on_within = std::min(
          kLastRedirect, sent.lease_end - now.steady - ambiguous_wait_);
      return github_->CreateStatus(post, sent.token, now.wall, std::move(done));
    }
    case Errand::kRead:
      return github_->ReadStatus(lease.repository, lease.sha.Hex(),
                                 lease.context, sent.token, now.wall,
                                 std::move(done));
    case Errand::kLearn:
      return github_->GetRateLimit(sent.token, now.wall, std::move(done));
    case Errand::kName:
      if (sent.named.github_id == 0) {
        return github_->GetRepository(sent.named.old_name, sent.token, now.wall,
                                      std::move(done));
      }
      return github_->GetRepository(sent.named.github_id, sent.token, now.wall,
                                    std::move(done));
  }
}

void RequestsInFlight::NoteEnd(EndedRequest ended) {
  {
    MutexLock lock(&mu_);
    ended_.push_back(std::move(ended));
  }
  wake_up_->Wake();
}

std::vector<EndedRequest> RequestsInFlight::Take() {
  std::vector<EndedRequest> ended;
  MutexLock lock(&mu_);
  ended.swap(ended_);
  return ended;
}

void RequestsInFlight::Land() {
  MutexLock lock(&mu_);
  --count_;
}

int RequestsInFlight::Count() const {
  MutexLock lock(&mu_);
  return count_;
}

bool RequestsInFlight::MaySendOn(const std::string& credential) const {
  {
    MutexLock lock(&mu_);
    // The gate gets these answers only in the poster's next run.
    if (absl::c_any_of(ended_, [&](const EndedRequest& ended) {
          return ended.request->credential == credential &&
                 ended.reply.verdict.action == Action::kWait;
        })) {
      return false;
    }
  }
  return gate_->BlockedUntil(credential) <= clock_->Steady();
}

}  // namespace signalbox
