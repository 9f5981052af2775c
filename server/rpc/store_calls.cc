#include "server/rpc/store_calls.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/rpc/convert.h"
#include "server/rpc/filters.h"
#include "server/rpc/pages.h"

namespace signalbox {
namespace {

// How many pages of the store to search for one page that the caller may see.
// After that, the page is short.
constexpr int kMostPagesRead = 50;
constexpr int kDefaultStatusPage = 100;
constexpr int kMaxStatusPage = 1000;

// Without a repository in the request, a caller sees the commits that it may
// read. Others take no place in a page, so that the caller cannot tell how many
// there are.
absl::Status ReadCommits(Statuses* statuses, const Caller* caller,
                         const std::optional<Repository>& repository,
                         const CommitPageRequest& page,
                         v1::ListCommitsResponse* response) {
  int64_t before = page.before_sequence;
  for (int pages = 0; pages < kMostPagesRead; ++pages) {
    const int limit = pages == 0 ? page.limit : kMaxCommitPage;
    const absl::StatusOr<std::vector<CommitSummary>> commits =
        statuses->ListCommits(repository, before, limit);
    if (!commits.ok()) return commits.status();
    for (const CommitSummary& commit : *commits) {
      if (!Authorizer::Authorize(caller, Right::kRead, commit.repository, {})
               .ok()) {
        continue;
      }
      *response->add_commits() = ToProto(commit);
      if (response->commits_size() == page.limit) {
        response->set_next_page_token(absl::StrCat(commit.sequence));
        return absl::OkStatus();
      }
    }
    if (commits->size() < static_cast<size_t>(limit)) return absl::OkStatus();
    before = commits->back().sequence;
  }
  response->set_next_page_token(absl::StrCat(before));
  return absl::OkStatus();
}

// A key that a request names, and its repository as the request spells it.
struct NamedKey {
  Repository repository;
  StatusKey key;
};

template <typename Request>
absl::StatusOr<NamedKey> KeyOf(const ConvertOptions& options,
                               const Caller* caller, Right right,
                               const Request& request) {
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request.repository(), options);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<Sha> sha = ParseSha(request.sha());
  if (!sha.ok()) return sha.status();
  // A caller can also ask for an observed status.
  const absl::StatusOr<std::string> context =
      ParseObservedContext(ContextOrDefault(request.context()));
  if (!context.ok()) return context.status();
  std::vector<std::string> contexts;
  if (right != Right::kRead) contexts.push_back(*context);
  absl::Status authorized =
      Authorizer::Authorize(caller, right, *repository, contexts);
  if (!authorized.ok()) return authorized;
  return NamedKey{*repository, StatusKey::Of(*repository, *sha, *context)};
}

// A page of statuses across repositories that a caller asks for. It has only
// what the filter matches and the caller may see.
struct StatusListing {
  StatusFilter filter;
  StatusQuery query;
};

// Any thread may call `trouble_of`.
template <typename Request>
absl::StatusOr<StatusListing> ListingOf(
    const CallerRef& caller, Right right, const Request& request,
    std::function<CredentialTrouble(const std::string& credential)>
        trouble_of) {
  const absl::StatusOr<StatusFilter> filter =
      StatusFilter::Of(request.filter());
  if (!filter.ok()) return filter.status();
  const absl::StatusOr<StatusPlace> place =
      filter->ParsePlace(request.page_token());
  if (!place.ok()) return place.status();
  const absl::StatusOr<size_t> limit =
      ParsePageSize(request.page_size(), kDefaultStatusPage, kMaxStatusPage);
  if (!limit.ok()) return limit.status();
  StatusListing listing = {*filter, {}};
  StatusQuery& query = listing.query;
  query.states = filter->states();
  query.reasons = filter->reasons();
  query.after = *place;
  query.limit = static_cast<int>(*limit);
  query.wants_repository = [caller, right,
                            filter = *filter](const ListedStatus& listed) {
    return filter.WantsRepository(listed.repository) &&
           Authorizer::Authorize(caller, right, listed.repository, {}).ok();
  };
  query.wants = [caller, right, filter = *filter,
                 trouble_of](ListedStatus* listed) {
    StatusView& status = listed->status;
    status.posting = WithCredentialWait(std::move(status.posting),
                                        trouble_of(listed->credential));
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

// Ends the page early if it would be larger than clients accept.
void Fill(ListedPage page, const StatusFilter& filter,
          v1::ListStatusesResponse* response) {
  const size_t count = CountOnPage(page.statuses);
  if (count < page.statuses.size()) {
    page.statuses.resize(count);
    page.next = page.statuses.back().place;
  }
  for (const ListedStatus& listed : page.statuses) {
    v1::ListedStatus* const proto = response->add_statuses();
    proto->set_repository(listed.repository.Display());
    proto->set_sha(listed.sha.Hex());
    *proto->mutable_status() = ToProto(listed.status);
  }
  if (page.next.has_value()) {
    response->set_next_page_token(filter.PageTokenOf(*page.next));
  }
}

// Leaves out due statuses, which the poster tries anyway, and those that GitHub
// shows already.
void LeaveOutWhatNeedsNoRetry(StatusQuery* query) {
  for (const PostingState state :
       {PostingState::kDue, PostingState::kPosted, PostingState::kObserved}) {
    query->states.erase(state);
  }
}

// The statuses of a page that RetryPosts retries.
struct Retries {
  // For Acceptance::RetryAll. One status of a parked repository brings its
  // probe forward.
  std::vector<StatusKey> keys;
  int64_t count = 0;  // The statuses that it helps.
};

Retries RetriesOf(const ListedPage& page) {
  Retries retries;
  std::set<CanonicalName> probed;
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

}  // namespace

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::GetCommitStatusRequest& request,
    v1::GetCommitStatusResponse* response) const {
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request.repository(), options_->convert);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<Sha> sha = ParseSha(request.sha());
  if (!sha.ok()) return sha.status();
  const absl::StatusOr<StatusPageRequest> page =
      ParseStatusPage(request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  absl::Status authorized =
      Authorizer::Authorize(caller, Right::kRead, *repository, {});
  if (!authorized.ok()) return authorized;
  return ForWatching(response, [this, caller, repository = *repository,
                                sha = *sha, page = *page, response] {
    absl::StatusOr<CommitView> commit = statuses_->GetCommit(repository, sha);
    if (!commit.ok()) return commit.status();
    absl::Status found = Authorizer::AuthorizeFound(
        caller, Right::kRead, commit->repository, repository);
    if (!found.ok()) return found;
    const CredentialTrouble trouble = TroubleOf(commit->credential);
    for (StatusView& status : commit->statuses) {
      status.posting = WithCredentialWait(std::move(status.posting), trouble);
    }
    *response = ToProto(*commit, PageOf(*commit, page));
    return absl::OkStatus();
  });
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ListCommitsRequest& request,
    v1::ListCommitsResponse* response) const {
  const absl::StatusOr<CommitPageRequest> page =
      ParseCommitPage(request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  std::optional<Repository> repository;
  if (!request.repository().empty()) {
    absl::StatusOr<Repository> parsed =
        ParseKnownRepository(request.repository(), options_->convert);
    if (!parsed.ok()) return parsed.status();
    absl::Status authorized =
        Authorizer::Authorize(caller, Right::kRead, *parsed, {});
    if (!authorized.ok()) return authorized;
    repository = *std::move(parsed);
  }
  return ForWatching(
      response, [this, caller, repository, page = *page, response] {
        return ReadCommits(statuses_, caller, repository, page, response);
      });
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ExplainStatusRequest& request,
    v1::ExplainStatusResponse* response) const {
  const absl::StatusOr<NamedKey> named =
      KeyOf(options_->convert, caller, Right::kRead, request);
  if (!named.ok()) return named.status();
  const absl::StatusOr<HistoryPageRequest> page =
      ParseHistoryPage(request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  return [this, caller, named = *named, page = *page, response] {
    absl::StatusOr<History> history = statuses_->GetHistory(named.key);
    if (!history.ok()) return history.status();
    absl::Status found = Authorizer::AuthorizeFound(
        caller, Right::kRead, history->repository, named.repository);
    if (!found.ok()) return found;
    const CredentialTrouble trouble = TroubleOf(history->credential);
    const std::string next_step = NextStep(*history, trouble, clock_->Now());
    if (!history->in_flight) {
      history->status.posting =
          WithCredentialWait(std::move(history->status.posting), trouble);
    }
    *response = ToProto(*history, PageOf(*history, page));
    const std::string old_name =
        OldNameNotice(named.repository, history->repository);
    response->set_next_step(
        old_name.empty() ? next_step : absl::StrCat(old_name, " ", next_step));
    return absl::OkStatus();
  };
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ListStatusesRequest& request,
    v1::ListStatusesResponse* response) const {
  absl::StatusOr<StatusListing> listing = ListingOf(
      caller, Right::kRead, request,
      [this](const std::string& credential) { return TroubleOf(credential); });
  if (!listing.ok()) return listing.status();
  return ForWatching(response, [this, listing = *std::move(listing), response] {
    absl::StatusOr<ListedPage> page = statuses_->ListStatuses(listing.query);
    if (!page.ok()) return page.status();
    Fill(*std::move(page), listing.filter, response);
    return absl::OkStatus();
  });
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::RetryPostRequest& request,
    v1::RetryPostResponse* response) const {
  const absl::StatusOr<NamedKey> named =
      KeyOf(options_->convert, caller, Right::kOperate, request);
  if (!named.ok()) return named.status();
  return [this, caller, named = *named, response] {
    absl::StatusOr<History> history = statuses_->GetHistory(named.key);
    if (!history.ok()) return history.status();
    absl::Status found = Authorizer::AuthorizeFound(
        caller, Right::kOperate, history->repository, named.repository);
    if (!found.ok()) return found;
    absl::Status retried = acceptance_->Retry(named.key, clock_->Now());
    if (!retried.ok()) return retried;
    BecameDue();
    history = statuses_->GetHistory(named.key);
    if (!history.ok()) return history.status();
    *response->mutable_status() = ToProto(history->status);
    return absl::OkStatus();
  };
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::RetryPostsRequest& request,
    v1::RetryPostsResponse* response) const {
  absl::StatusOr<StatusListing> listing = ListingOf(
      caller, Right::kOperate, request,
      [this](const std::string& credential) { return TroubleOf(credential); });
  if (!listing.ok()) return listing.status();
  LeaveOutWhatNeedsNoRetry(&listing->query);
  return [this, listing = *std::move(listing), response] {
    const absl::StatusOr<ListedPage> page =
        statuses_->ListStatuses(listing.query);
    if (!page.ok()) return page.status();
    const Retries retries = RetriesOf(*page);
    if (!retries.keys.empty()) {
      absl::Status retried = acceptance_->RetryAll(retries.keys, clock_->Now());
      if (!retried.ok()) return retried;
      BecameDue();
    }
    response->set_retried_count(retries.count);
    if (page->next.has_value()) {
      response->set_next_page_token(listing.filter.PageTokenOf(*page->next));
    }
    return absl::OkStatus();
  };
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ReportEventRequest& request,
    v1::ReportEventResponse*) const {
  absl::StatusOr<EventSubmission> submission =
      FromProto(request, options_->convert);
  if (!submission.ok()) return submission.status();
  const absl::Status authorized =
      Authorizer::AuthorizeEvent(caller, &*submission);
  if (!authorized.ok()) return authorized;
  return [this, submission = *std::move(submission)] {
    const absl::StatusOr<bool> stored =
        acceptance_->AcceptEvent(submission, clock_->Now());
    if (!stored.ok()) return stored.status();
    if (*stored) {
      if (options_->event_stored) options_->event_stored(submission.event);
      BecameDue();
    }
    return absl::OkStatus();
  };
}

template <typename Response>
StoreCalls::Work StoreCalls::ForWatching(Response* response, Work read) const {
  return [this, response, read = std::move(read)] {
    // First, so that the answer has every change up to this, and maybe more.
    const absl::StatusOr<ChangeCursor> newest = statuses_->NewestChange();
    if (!newest.ok()) return newest.status();
    absl::Status status = read();
    if (status.ok()) response->set_sequence(ToProto(*newest));
    return status;
  };
}

CredentialTrouble StoreCalls::TroubleOf(absl::string_view credential) const {
  if (credential.empty()) return {kNoCredential};
  return options_->trouble_of ? options_->trouble_of(credential)
                              : CredentialTrouble();
}

void StoreCalls::BecameDue() const {
  if (options_->became_due) options_->became_due();
}

}  // namespace signalbox
