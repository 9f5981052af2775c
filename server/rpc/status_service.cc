#include "server/rpc/status_service.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/errors.h"

namespace signalbox {
namespace {

constexpr int kDefaultCommitPage = 30;
constexpr int kMaxCommitPage = 100;
// How many pages of the store to search for one page that the caller may see.
// After that, the page is short.
constexpr int kMostPagesRead = 50;

absl::string_view Authorization(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return "";
  return absl::string_view(found->second.data(), found->second.size());
}

// If an old name leads to a repository that the caller may not see, the answer
// is as if it did not exist.
absl::Status MayFind(const Caller* caller, Right right, const Repository& found,
                     const Repository& asked) {
  if (Authorizer::Authorize(caller, right, found, {}).ok()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kNotFound, "NOTHING_REPORTED",
               absl::StrCat("the server has no report for ",
                            Quoted(asked.Display(), 256)));
}

// A page token is the sequence before which the next page begins. Callers must
// not make their own, but a wrong one does no harm.
absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  if (token.empty()) return 0;
  int64_t before_sequence = 0;
  if (token.size() > 20 || !absl::SimpleAtoi(token, &before_sequence) ||
      before_sequence <= 0) {
    return InvalidField("page_token", token,
                        "is not the next_page_token of an earlier answer",
                        "INVALID_PAGE_TOKEN");
  }
  return before_sequence;
}

std::map<absl::string_view, CodeCounters> CountersOf(Metrics* metrics) {
  std::map<absl::string_view, CodeCounters> counters;
  for (const char* const method :
       {"ReportPending", "ReportResult", "GetCommitStatus", "ListCommits",
        "ExplainStatus", "ListStatuses", "RetryPost", "RetryPosts",
        "ReportEvent", "DiagnoseRepository", "GetServerInfo", "StreamReports",
        "WatchStatuses"}) {
    counters.try_emplace(method, metrics, "signalbox_calls_total",
                         "gRPC calls that the server answered, by code.",
                         Metrics::Labels{{"method", method}});
  }
  return counters;
}

}  // namespace

// One unary call under way. Its work or its deadline ends it, whichever comes
// first.
class StatusServiceImpl::Call {
 public:
  Call(grpc::CallbackServerContext* context, CodeCounters* counters)
      : context_(context),
        reactor_(context->DefaultReactor()),
        counters_(counters) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  grpc::CallbackServerContext* context() const { return context_; }
  bool ended() const { return ended_.load(); }

  // `write` fills the response. It runs only if the call has not ended yet,
  // because the response does not exist afterwards.
  template <typename Write>
  void End(Write write) {
    if (ended_.exchange(true)) return;
    const absl::Status status = write();
    counters_->Count(status.code());
    reactor_->Finish(ToGrpcStatus(status, context_));
  }

  void Fail(const absl::Status& status) {
    End([&status] { return status; });
  }

 private:
  grpc::CallbackServerContext* const context_;
  grpc::ServerUnaryReactor* const reactor_;
  CodeCounters* const counters_;
  std::atomic<bool> ended_ = false;
};

StatusServiceImpl::StatusServiceImpl(Options options,
                                     const Authorizer* authorizer,
                                     Intake* intake, Acceptance* acceptance,
                                     Statuses* statuses, Metrics* metrics,
                                     Clock* clock)
    : options_(std::move(options)),
      authorizer_(authorizer),
      intake_(intake),
      acceptance_(acceptance),
      statuses_(statuses),
      clock_(clock),
      counters_(CountersOf(metrics)),
      report_streams_(options_.report_streams, &options_.convert, intake,
                      metrics, &counters_.at("StreamReports")),
      hub_(options_.watch, statuses, clock),
      reads_(clock, options_.read_threads, options_.max_waiting_reads),
      expirer_("call-deadlines", clock, [this] { return ExpireCalls(); }) {}

StatusServiceImpl::~StatusServiceImpl() = default;

void StatusServiceImpl::CloseStreams() {
  report_streams_.Close();
  hub_.Close();
}

std::shared_ptr<StatusServiceImpl::Call> StatusServiceImpl::Begin(
    grpc::CallbackServerContext* context, const char* method) {
  auto call = std::make_shared<Call>(context, &counters_.at(method));
  MutexLock lock(&mu_);
  while (!calls_.empty()) {
    const std::shared_ptr<Call> oldest = calls_.front().second.lock();
    if (oldest != nullptr && !oldest->ended()) break;
    calls_.pop_front();
  }
  calls_.emplace_back(clock_->Monotonic(), call);
  return call;
}

// Ends the calls that have waited too long for the disk. Runs once a second,
// because the limit need not be exact.
absl::Time StatusServiceImpl::ExpireCalls() {
  std::vector<std::shared_ptr<Call>> overdue;
  {
    MutexLock lock(&mu_);
    const absl::Duration limit = clock_->Monotonic() - options_.max_call_time;
    while (!calls_.empty() && calls_.front().first <= limit) {
      std::shared_ptr<Call> call = calls_.front().second.lock();
      if (call != nullptr) overdue.push_back(std::move(call));
      calls_.pop_front();
    }
  }
  for (const std::shared_ptr<Call>& call : overdue) {
    call->Fail(Error(absl::StatusCode::kDeadlineExceeded, "SERVER_TOO_SLOW",
                     "the server could not answer in time; repeat the call"));
  }
  return clock_->Now() + absl::Seconds(1);
}

absl::StatusOr<const Caller*> StatusServiceImpl::Authenticate(
    const grpc::CallbackServerContext& context) const {
  return authorizer_->Authenticate(Authorization(context));
}

template <typename Request, typename Answer>
void StatusServiceImpl::Submit(std::shared_ptr<Call> call,
                               const Request& request, Answer answer) {
  const absl::StatusOr<const Caller*> caller = Authenticate(*call->context());
  if (!caller.ok()) return call->Fail(caller.status());
  absl::StatusOr<Converted> converted = FromProto(request, options_.convert);
  if (!converted.ok()) return call->Fail(converted.status());
  const absl::Status authorized =
      Authorizer::AuthorizeReports(*caller, &*converted);
  if (!authorized.ok()) return call->Fail(authorized);
  Submission& submission = converted->submission;
  if (submission.IsEmpty()) {
    return call->End([&answer] { return answer({}, {}); });
  }
  intake_->Submit(
      std::move(submission),
      [call = std::move(call), warnings = std::move(converted->warnings),
       answer = std::move(answer)](absl::StatusOr<Outcome> outcome) {
        call->End([&] {
          if (!outcome.ok()) return outcome.status();
          if (!outcome->status.ok()) return outcome->status;
          return answer(outcome->receipts, warnings);
        });
      });
}

CredentialTrouble StatusServiceImpl::TroubleOf(
    absl::string_view credential) const {
  if (credential.empty()) return {kNoCredential};
  return options_.trouble_of ? options_.trouble_of(credential)
                             : CredentialTrouble();
}

void StatusServiceImpl::Read(const std::shared_ptr<Call>& call,
                             std::function<absl::Status()> read) {
  const bool queued = reads_.Run([call, read = std::move(read)] {
    if (!call->ended()) call->End(read);
  });
  if (!queued) {
    call->Fail(Error(absl::StatusCode::kUnavailable, "TOO_MANY_READS",
                     "too many reads are waiting; repeat the call"));
  }
}

template <typename Response>
void StatusServiceImpl::ReadForWatching(const std::shared_ptr<Call>& call,
                                        Response* response,
                                        std::function<absl::Status()> read) {
  Read(call, [this, response, read = std::move(read)] {
    // First, so that the answer has every change up to this, and maybe more.
    const absl::StatusOr<int64_t> sequence = statuses_->NewestSequence();
    if (!sequence.ok()) return sequence.status();
    absl::Status status = read();
    if (status.ok()) response->set_sequence(*sequence);
    return status;
  });
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportPending(
    grpc::CallbackServerContext* context,
    const v1::ReportPendingRequest* request,
    v1::ReportPendingResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "ReportPending");
  Submit(call, *request,
         [response](const std::vector<Receipt>& receipts,
                    const std::vector<std::string>& warnings) {
           for (const Receipt& receipt : receipts) {
             *response->add_receipts() = ToProto(receipt, warnings);
           }
           return absl::OkStatus();
         });
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportResult(
    grpc::CallbackServerContext* context,
    const v1::ReportResultRequest* request,
    v1::ReportResultResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "ReportResult");
  Submit(call, *request,
         [response](const std::vector<Receipt>& receipts,
                    const std::vector<std::string>& warnings) {
           *response->mutable_receipt() = ToProto(receipts.front(), warnings);
           return absl::OkStatus();
         });
  return call->reactor();
}

ReportStreams::Reactor* StatusServiceImpl::StreamReports(
    grpc::CallbackServerContext* context) {
  return report_streams_.Open(context, Authenticate(*context));
}

grpc::ServerUnaryReactor* StatusServiceImpl::GetCommitStatus(
    grpc::CallbackServerContext* context,
    const v1::GetCommitStatusRequest* request,
    v1::GetCommitStatusResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "GetCommitStatus");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request->repository(), options_.convert);
  const absl::StatusOr<std::string> sha = ParseSha(request->sha());
  const absl::StatusOr<StatusPageRequest> page =
      ParseStatusPage(request->page_size(), request->page_token());
  for (const absl::Status& status :
       {caller.status(), repository.status(), sha.status(), page.status()}) {
    if (!status.ok()) {
      call->Fail(status);
      return call->reactor();
    }
  }
  const absl::Status authorized =
      Authorizer::Authorize(*caller, Right::kRead, *repository, {});
  if (!authorized.ok()) {
    call->Fail(authorized);
    return call->reactor();
  }
  ReadForWatching(
      call, response,
      [this, caller = *caller, repository = *repository, sha = *sha,
       page = *page, response] {
        absl::StatusOr<CommitView> commit =
            statuses_->GetCommit(repository, sha);
        if (!commit.ok()) return commit.status();
        absl::Status authorized =
            MayFind(caller, Right::kRead, commit->repository, repository);
        if (!authorized.ok()) return authorized;
        const CredentialTrouble trouble = TroubleOf(commit->credential);
        for (StatusView& status : commit->statuses) {
          status.posting = Hindered(std::move(status.posting), trouble);
        }
        *response = ToProto(*commit, PageOf(*commit, page));
        return absl::OkStatus();
      });
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::ListCommits(
    grpc::CallbackServerContext* context, const v1::ListCommitsRequest* request,
    v1::ListCommitsResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "ListCommits");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  const absl::StatusOr<int64_t> before_sequence =
      ParsePageToken(request->page_token());
  std::optional<Repository> repository;
  absl::Status status = caller.status();
  if (status.ok()) status = before_sequence.status();
  if (status.ok() && request->page_size() < 0) {
    status = InvalidField("page_size", absl::StrCat(request->page_size()),
                          "is negative; wanted 0 or more", "INVALID_PAGE_SIZE");
  }
  if (status.ok() && !request->repository().empty()) {
    absl::StatusOr<Repository> parsed =
        ParseKnownRepository(request->repository(), options_.convert);
    status = parsed.status();
    if (parsed.ok()) repository = *std::move(parsed);
  }
  if (status.ok() && repository.has_value()) {
    status = Authorizer::Authorize(*caller, Right::kRead, *repository, {});
  }
  if (!status.ok()) {
    call->Fail(status);
    return call->reactor();
  }
  const int page_size =
      request->page_size() == 0
          ? kDefaultCommitPage
          : std::min<int>(request->page_size(), kMaxCommitPage);
  ReadForWatching(
      call, response,
      [this, caller = *caller, repository, page_size,
       before_sequence = *before_sequence, response] {
        // Without a repository in the request, a caller sees the commits that
        // it may read. Others take no place in a page, so that the caller
        // cannot tell how many there are.
        int64_t before = before_sequence;
        for (int pages = 0; pages < kMostPagesRead; ++pages) {
          const int limit = pages == 0 ? page_size : kMaxCommitPage;
          absl::StatusOr<std::vector<CommitSummary>> commits =
              statuses_->ListCommits(repository, before, limit);
          if (!commits.ok()) return commits.status();
          for (const CommitSummary& commit : *commits) {
            if (!Authorizer::Authorize(caller, Right::kRead, commit.repository,
                                       {})
                     .ok()) {
              continue;
            }
            *response->add_commits() = ToProto(commit);
            if (response->commits_size() == page_size) {
              response->set_next_page_token(absl::StrCat(commit.sequence));
              return absl::OkStatus();
            }
          }
          if (commits->size() < static_cast<size_t>(limit)) {
            return absl::OkStatus();
          }
          before = commits->back().sequence;
        }
        response->set_next_page_token(absl::StrCat(before));
        return absl::OkStatus();
      });
  return call->reactor();
}

template <typename Request>
absl::StatusOr<StatusServiceImpl::AuthorizedKey>
StatusServiceImpl::AuthorizeKey(const grpc::CallbackServerContext& context,
                                Right right, const Request& request) const {
  const absl::StatusOr<const Caller*> caller = Authenticate(context);
  if (!caller.ok()) return caller.status();
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request.repository(), options_.convert);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<std::string> sha = ParseSha(request.sha());
  if (!sha.ok()) return sha.status();
  // A caller can also ask for an observed status.
  const absl::StatusOr<std::string> context_name =
      ParseObservedContext(ContextOrDefault(request.context()));
  if (!context_name.ok()) return context_name.status();
  std::vector<std::string> contexts;
  if (right != Right::kRead) contexts.push_back(*context_name);
  const absl::Status authorized =
      Authorizer::Authorize(*caller, right, *repository, contexts);
  if (!authorized.ok()) return authorized;
  return AuthorizedKey{*caller, *repository,
                       StatusKey::Of(*repository, *sha, *context_name)};
}

grpc::ServerUnaryReactor* StatusServiceImpl::ExplainStatus(
    grpc::CallbackServerContext* context,
    const v1::ExplainStatusRequest* request,
    v1::ExplainStatusResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "ExplainStatus");
  const absl::StatusOr<AuthorizedKey> key =
      AuthorizeKey(*context, Right::kRead, *request);
  const absl::StatusOr<HistoryPageRequest> page =
      ParseHistoryPage(request->page_size(), request->page_token());
  for (const absl::Status& status : {key.status(), page.status()}) {
    if (status.ok()) continue;
    call->Fail(status);
    return call->reactor();
  }
  Read(call, [this, key = *key, page = *page, response] {
    absl::StatusOr<History> history = statuses_->GetHistory(key.key);
    if (!history.ok()) return history.status();
    absl::Status authorized =
        MayFind(key.caller, Right::kRead, history->repository, key.repository);
    if (!authorized.ok()) return authorized;
    const CredentialTrouble trouble = TroubleOf(history->credential);
    const std::string next_step = NextStep(*history, trouble, clock_->Now());
    if (!history->in_flight) {
      history->status.posting =
          Hindered(std::move(history->status.posting), trouble);
    }
    *response = ToProto(*history, PageOf(*history, page));
    const std::string old_name = OldName(key.repository, history->repository);
    response->set_next_step(
        old_name.empty() ? next_step : absl::StrCat(old_name, " ", next_step));
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::RetryPost(
    grpc::CallbackServerContext* context, const v1::RetryPostRequest* request,
    v1::RetryPostResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "RetryPost");
  const absl::StatusOr<AuthorizedKey> key =
      AuthorizeKey(*context, Right::kOperate, *request);
  if (!key.ok()) {
    call->Fail(key.status());
    return call->reactor();
  }
  Read(call, [this, key = *key, response] {
    absl::StatusOr<History> history = statuses_->GetHistory(key.key);
    if (!history.ok()) return history.status();
    absl::Status authorized = MayFind(key.caller, Right::kOperate,
                                      history->repository, key.repository);
    if (!authorized.ok()) return authorized;
    absl::Status retried = acceptance_->Retry(key.key, clock_->Now());
    if (!retried.ok()) return retried;
    if (options_.became_due) options_.became_due();
    history = statuses_->GetHistory(key.key);
    if (!history.ok()) return history.status();
    *response->mutable_status() = ToProto(history->status);
    return absl::OkStatus();
  });
  return call->reactor();
}

template <typename Request>
absl::StatusOr<StatusListing> StatusServiceImpl::StatusListingOf(
    const grpc::CallbackServerContext& context, Right right,
    const Request& request) const {
  const absl::StatusOr<const Caller*> caller = Authenticate(context);
  if (!caller.ok()) return caller.status();
  return MakeStatusListing(
      *caller, right, request.filter(), request.page_size(),
      request.page_token(),
      [this](const std::string& credential) { return TroubleOf(credential); });
}

grpc::ServerUnaryReactor* StatusServiceImpl::ListStatuses(
    grpc::CallbackServerContext* context,
    const v1::ListStatusesRequest* request,
    v1::ListStatusesResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "ListStatuses");
  absl::StatusOr<StatusListing> listing =
      StatusListingOf(*context, Right::kRead, *request);
  if (!listing.ok()) {
    call->Fail(listing.status());
    return call->reactor();
  }
  ReadForWatching(call, response,
                  [this, listing = *std::move(listing), response] {
                    absl::StatusOr<ListedPage> page =
                        statuses_->ListStatuses(listing.query);
                    if (!page.ok()) return page.status();
                    ToProto(*std::move(page), listing.filter, response);
                    return absl::OkStatus();
                  });
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::RetryPosts(
    grpc::CallbackServerContext* context, const v1::RetryPostsRequest* request,
    v1::RetryPostsResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "RetryPosts");
  absl::StatusOr<StatusListing> listing =
      StatusListingOf(*context, Right::kOperate, *request);
  if (!listing.ok()) {
    call->Fail(listing.status());
    return call->reactor();
  }
  LeaveOutWhatNeedsNoRetry(&listing->query);
  Read(call, [this, listing = *std::move(listing), response] {
    const absl::StatusOr<ListedPage> page =
        statuses_->ListStatuses(listing.query);
    if (!page.ok()) return page.status();
    const Retries retries = RetriesOf(*page);
    if (!retries.keys.empty()) {
      absl::Status retried = acceptance_->RetryAll(retries.keys, clock_->Now());
      if (!retried.ok()) return retried;
      if (options_.became_due) options_.became_due();
    }
    response->set_retried_count(retries.count);
    if (page->next.has_value()) {
      response->set_next_page_token(listing.filter.PageTokenOf(*page->next));
    }
    return absl::OkStatus();
  });
  return call->reactor();
}

WatchReactor* StatusServiceImpl::WatchStatuses(
    grpc::CallbackServerContext* context,
    const v1::WatchStatusesRequest* request) {
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  return OpenWatchStream(
      context,
      caller.ok() ? WatchFilter::Of(*request, *caller) : caller.status(),
      request->has_after_sequence()
          ? std::optional<int64_t>(request->after_sequence())
          : std::nullopt,
      &hub_, &counters_.at("WatchStatuses"));
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportEvent(
    grpc::CallbackServerContext* context, const v1::ReportEventRequest* request,
    v1::ReportEventResponse*) {
  std::shared_ptr<Call> call = Begin(context, "ReportEvent");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  absl::StatusOr<EventSubmission> submission =
      FromProto(*request, options_.convert);
  absl::Status status = caller.status();
  if (status.ok()) {
    status = Authorizer::AuthorizeAnywhere(*caller, Right::kWebhook);
  }
  if (status.ok()) status = submission.status();
  if (status.ok()) status = Authorizer::AuthorizeEvent(*caller, &*submission);
  if (!status.ok()) {
    call->Fail(status);
    return call->reactor();
  }
  Read(call, [this, submission = *std::move(submission)] {
    const absl::StatusOr<bool> stored =
        acceptance_->AcceptEvent(submission, clock_->Now());
    if (!stored.ok()) return stored.status();
    if (*stored) {
      if (options_.event_stored) options_.event_stored(submission.event);
      if (options_.became_due) options_.became_due();
    }
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::DiagnoseRepository(
    grpc::CallbackServerContext* context,
    const v1::DiagnoseRepositoryRequest* request,
    v1::DiagnoseRepositoryResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "DiagnoseRepository");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request->repository(), options_.convert);
  absl::Status status = caller.status();
  if (status.ok()) status = repository.status();
  if (status.ok()) {
    status = Authorizer::Authorize(*caller, Right::kRead, *repository, {});
  }
  if (!status.ok()) {
    call->Fail(status);
    return call->reactor();
  }
  const auto answer = [call, response, repository = *repository,
                       caller = *caller, this](Diagnosis diagnosis) {
    call->End([&] {
      const absl::StatusOr<Repository> meant = statuses_->MeantBy(repository);
      if (!meant.ok()) return meant.status();
      std::string old_name = OldName(repository, *meant);
      if (!old_name.empty() &&
          MayFind(caller, Right::kRead, *meant, repository).ok()) {
        diagnosis.problems.push_back({"OLD_NAME", std::move(old_name)});
      }
      *response = ToProto(diagnosis,
                          options_.convert.rules.Expect(repository, nullptr));
      return absl::OkStatus();
    });
  };
  if (options_.diagnose) {
    options_.diagnose(*repository, answer);
  } else {
    answer(Diagnosis());
  }
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::GetServerInfo(
    grpc::CallbackServerContext* context, const v1::GetServerInfoRequest*,
    v1::GetServerInfoResponse* response) {
  std::shared_ptr<Call> call = Begin(context, "GetServerInfo");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  if (!caller.ok()) {
    call->Fail(caller.status());
    return call->reactor();
  }
  call->End([&] {
    *response = ToProto(options_.info, Authorizer::GrantsOf(*caller));
    return absl::OkStatus();
  });
  return call->reactor();
}

}  // namespace signalbox
