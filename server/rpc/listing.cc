#include "server/rpc/listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/pages.h"

namespace signalbox {
namespace {

constexpr int kDefaultStatusPage = 100;
constexpr int kMaxStatusPage = 1000;

}  // namespace

absl::StatusOr<StatusListing> MakeStatusListing(
    const Caller* caller, Right right, const v1::StatusFilter& filter,
    int32_t page_size, const std::string& page_token,
    std::function<CredentialTrouble(const std::string& credential)>
        trouble_of) {
  absl::Status allowed = Authorizer::AuthorizeAnywhere(caller, right);
  if (!allowed.ok()) return allowed;
  const absl::StatusOr<StatusFilter> wanted = StatusFilter::Of(filter);
  if (!wanted.ok()) return wanted.status();
  const absl::StatusOr<StatusPlace> place = wanted->ParsePlace(page_token);
  if (!place.ok()) return place.status();
  const absl::StatusOr<size_t> limit =
      ParsePageSize(page_size, kDefaultStatusPage, kMaxStatusPage);
  if (!limit.ok()) return limit.status();
  StatusListing listing = {*wanted, {}};
  StatusQuery& query = listing.query;
  query.states = wanted->states();
  query.reasons = wanted->reasons();
  query.after = *place;
  query.limit = static_cast<int>(*limit);
  query.wants_repository = [caller, right,
                            filter = *wanted](const ListedStatus& listed) {
    return filter.WantsRepository(listed.repository) &&
           Authorizer::Authorize(caller, right, listed.repository, {}).ok();
  };
  query.wants = [caller, right, filter = *wanted,
                 trouble_of](ListedStatus* listed) {
    StatusView& status = listed->status;
    status.posting =
        Hindered(std::move(status.posting), trouble_of(listed->credential));
    std::vector<std::string> contexts;
    if (right != Right::kRead) contexts.push_back(status.context);
    return filter.WantsStatus(status) &&
           Authorizer::Authorize(caller, right, listed->repository, contexts)
               .ok();
  };
  query.credential_waits = [trouble_of](const std::string& credential) {
    return !trouble_of(credential).reason.empty();
  };
  return listing;
}

void ToProto(ListedPage page, const StatusFilter& filter,
             v1::ListStatusesResponse* response) {
  const size_t count = CountOnPage(page.statuses);
  if (count < page.statuses.size()) {
    page.statuses.resize(count);
    page.next = page.statuses.back().place;
  }
  for (const ListedStatus& listed : page.statuses) {
    v1::ListedStatus* const proto = response->add_statuses();
    proto->set_repository(listed.repository.Display());
    proto->set_sha(listed.sha);
    *proto->mutable_status() = ToProto(listed.status);
  }
  if (page.next.has_value()) {
    response->set_next_page_token(filter.PageTokenOf(*page.next));
  }
}

void LeaveOutWhatNeedsNoRetry(StatusQuery* query) {
  for (const PostingState state :
       {PostingState::kDue, PostingState::kPosted, PostingState::kObserved}) {
    query->states.erase(state);
  }
}

Retries RetriesOf(const ListedPage& page) {
  Retries retries;
  std::set<std::string> probed;
  for (const ListedStatus& listed : page.statuses) {
    const Posting& posting = listed.status.posting;
    const bool waits = posting.state == PostingState::kWaiting;
    // A retry helps neither an entry that waits outside a parked repository,
    // nor a damaged one, which has nothing to post.
    if (waits ? !listed.is_parked : posting.reason == kRowDamaged) continue;
    ++retries.count;
    if (waits && !probed.insert(listed.repository.Canonical()).second) continue;
    retries.keys.push_back(
        StatusKey::Of(listed.repository, listed.sha, listed.status.context));
  }
  return retries;
}

}  // namespace signalbox
