#ifndef SIGNALBOX_TESTS_SERVER_POSTER_POSTER_FIXTURE_H_
#define SIGNALBOX_TESTS_SERVER_POSTER_POSTER_FIXTURE_H_

#include <fstream>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/wake_up.h"
#include "server/github/github_limits.h"
#include "server/github/static_credentials.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {

inline constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";

// A different sha for each number from 0 to 8999.
inline Sha ShaOf(int number) {
  return *ParseSha(absl::StrCat(1000 + number, kSha + 4));
}

// A transport in front of FakeGitHub. A test can set a hook that answers
// requests instead of GitHub.
class InterceptingTransport : public HttpTransport {
 public:
  // Returns the answer to a request; nothing: FakeGitHub answers it.
  using Hook = std::function<std::optional<absl::StatusOr<HttpResponse>>(
      const HttpRequest&)>;

  explicit InterceptingTransport(FakeGitHub* github) : github_(github) {}

  void Send(HttpRequest request, Done done) override {
    if (request.method == "POST") sent.push_back(request.body);
    reads += request.method == "GET" ? 1 : 0;
    if (hook && (request.method == "POST" || hook_reads)) {
      auto answer = hook(request);
      if (answer.has_value()) {
        waiting_.emplace_back(std::move(done), *std::move(answer));
        return;
      }
    }
    github_->Send(std::move(request), std::move(done));
  }

  // Delivers the answers of the hook, and those of FakeGitHub that are due.
  // Returns how many.
  int DeliverDue() {
    int delivered = 0;
    while (!waiting_.empty()) {
      auto [done, answer] = std::move(waiting_.front());
      waiting_.pop_front();
      done(std::move(answer));
      ++delivered;
    }
    return delivered + github_->DeliverDue();
  }

  Hook hook;                      // Empty: FakeGitHub answers everything.
  bool hook_reads = false;        // Also calls the hook for other methods.
  std::vector<std::string> sent;  // The bodies of the posts, in order.
  int reads = 0;                  // How many GET requests were sent.

 private:
  FakeGitHub* const github_;
  std::list<std::pair<Done, absl::StatusOr<HttpResponse>>> waiting_;
};

// A real store in front of which a test sets errors and delays, to see what the
// poster does about them.
class FailingOutbox : public ForwardingOutbox {
 public:
  // `clock` is borrowed; `commit_time` and `look_time` advance it.
  FailingOutbox(std::unique_ptr<Outbox> outbox, FakeClock* clock)
      : ForwardingOutbox(outbox.get()),
        outbox_(std::move(outbox)),
        clock_(clock) {}

  absl::StatusOr<DueWork> FindDueWork(absl::Time now) override {
    if (!find_due_work.ok() && good_looks-- <= 0) return find_due_work;
    auto work = ForwardingOutbox::FindDueWork(now);
    clock_->Advance(look_time);
    return work;
  }
  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) override {
    if (!ended.empty() && !settle.ok()) return settle;
    if (!wanted.empty() && !take_due.ok()) return take_due;
    for (const LeaseRequest& request : wanted) {
      if (request.due_for > absl::ZeroDuration()) ++long_due_looks;
    }
    auto leases = ForwardingOutbox::Turn(term, ended, wanted, now);
    if (!leases.ok()) return leases;
    const auto taken = absl::c_find_if(
        *leases, [](const auto& lease) { return lease.has_value(); });
    if (!ended.empty() || taken != leases->end()) {
      ++turns;
      clock_->Advance(commit_time);
    }
    if (taken != leases->end()) {
      if (during_take) during_take();
      last_lease_end = now + wanted[taken - leases->begin()].lease_time;
    }
    return leases;
  }
  absl::Status Confess(absl::Span<const int64_t> entries,
                       absl::Time now) override {
    if (!confess.ok()) return confess;
    return ForwardingOutbox::Confess(entries, now);
  }
  StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) override {
    StandingRequests requests = ForwardingOutbox::TakeRequestsBack(leases);
    for (const StandingLease& standing : *leases) {
      last_lease_end = clock_->Look().WallAt(standing.lease_end);
    }
    return requests;
  }
  absl::StatusOr<std::vector<CredentialPause>> Pauses(absl::Time now) override {
    if (!pauses.ok()) return pauses;
    return ForwardingOutbox::Pauses(now);
  }

  int turns = 0;  // Calls of Turn that took out an entry or ended a lease.
  // How many requests in Turn wanted only entries that have been due for some
  // time (LeaseRequest::due_for is positive).
  int long_due_looks = 0;
  // If not OK, the call of that name returns this error. `take_due` and
  // `settle` are errors of Turn: when it shall take an entry out, or end a
  // lease.
  absl::Status find_due_work, take_due, settle, confess, pauses;
  // How many calls of FindDueWork succeed before `find_due_work` counts.
  int good_looks = 0;
  absl::Duration commit_time;  // How long a Turn that changes something takes.
  absl::Duration look_time;    // How long FindDueWork takes.
  // Called when an entry was taken out, before Turn returns. Empty: nothing.
  std::function<void()> during_take;
  absl::Time last_lease_end;  // When the last lease ends.

 private:
  const std::unique_ptr<Outbox> outbox_;
  FakeClock* const clock_;
};

// The repository OWNER/NAME.
inline Repository Repo(const std::string& full_name) {
  auto repository = ParseRepository(full_name);
  EXPECT_TRUE(repository.ok()) << repository.status();
  return *repository;
}

// A farm's pending for ci/build at commit kSha of the repository OWNER/NAME.
inline KeyReport Pending(const std::string& full_name, int64_t attempt = 1) {
  KeyReport report;
  report.repository = Repo(full_name);
  report.sha = *ParseSha(kSha);
  report.context = "ci/build";
  report.attempt = attempt;
  return report;
}

// A result for the same key.
inline KeyReport Ended(const std::string& full_name, Result result,
                       int64_t attempt = 1) {
  KeyReport report = Pending(full_name, attempt);
  report.result = result;
  return report;
}

// A Poster with a real store and FakeGitHub, on a virtual clock. There are two
// credentials, "github.com/acme" and "github.com/other". At the end of each
// test, the poster must have done nothing that GitHub asks its clients not to
// do.
class PosterTest : public testing::Test {
 protected:
  PosterTest() {
    std::ofstream(TokenFile()) << "acme-token";
    StaticCredential acme;
    acme.api_url = "https://api.github.com";
    acme.accounts = {"acme"};
    acme.token_file = TokenFile();
    StaticCredential other = acme;
    other.accounts = {"other"};
    other.token_file.clear();
    other.token = Secret("other-token");
    auto credentials = MakeStaticCredentials({acme, other});
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    credentials_ = *std::move(credentials);

    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = directory_.path() + "/data";
    options.credential_of = [this](const Repository& repository) {
      return credentials_->Find(repository);
    };
    auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = std::make_unique<FailingOutbox>(*std::move(outbox), &clock_);
    MakeGitHub({});
  }

  ~PosterTest() override {
    poster_.reset();
    outbox_.reset();
  }

  void TearDown() override {
    const auto& misbehaviour = fake_->rules().misbehaviour();
    EXPECT_EQ(misbehaviour.without_user_agent, 0);
    EXPECT_EQ(misbehaviour.in_forbidden_window, 0);
    EXPECT_EQ(misbehaviour.regressions, 0);
    EXPECT_EQ(misbehaviour.identical_repeats, 0);
  }

  // The file with the token of github.com/acme.
  std::string TokenFile() const { return directory_.path() + "/token"; }

  // Makes the rate limiter know both credentials, as after a first answer.
  // Otherwise the poster would first ask GitHub for the budgets, and tests
  // would count these requests.
  void Learn() {
    PaceOptions none;
    none.per_minute = 0;
    for (const char* credential : {"github.com/acme", "github.com/other"}) {
      limiter_->SetPace(credential, none);
      limiter_->Admit(credential, false, clock_.Steady());
      HttpResponse answer;
      answer.status = 200;
      limiter_->Observe(credential, answer, Verdict(), clock_.Look());
      limiter_->SetPace(credential, PaceOptions());
    }
  }

  // Replaces FakeGitHub by a new one, and starts a new poster. Without `tokens`
  // in the options, GitHub has every repository.
  void MakeGitHub(GitHubRules::Options options) {
    options.any_repository = options.tokens.empty();
    options.base_url = "https://api.github.com";
    poster_.reset();
    fake_ = std::make_unique<FakeGitHub>(options, &clock_);
    transport_ = std::make_unique<InterceptingTransport>(fake_.get());
    client_ = std::make_unique<GitHubClient>(transport_.get(), "signalbox/1");
    StartPoster();
    Learn();
  }

  // Replaces the poster and its rate limiter, as a restart of the server does.
  // They know no budgets.
  void StartPoster() {
    poster_.reset();
    limiter_ = std::make_unique<RateLimiter>();
    gate_ = std::make_unique<RequestGate>(limiter_.get(), credentials_.get());
    poster_ = std::make_unique<Poster>(
        outbox_.get(), credentials_.get(), client_.get(), gate_.get(),
        kGitHubLimits, &metrics_, &clock_, &wake_up_);
    poster_->SetTerm(*TermOf(*outbox_, clock_.Now()));
  }

  // Lets the poster post without the pace (80 a minute), so that tests need not
  // count seconds. `max_in_flight`: requests of a credential at a time.
  void Unpace(int max_in_flight = 1) {
    PaceOptions pace;
    pace.per_minute = 0;
    pace.max_in_flight = max_in_flight;
    limiter_->SetPace("github.com/acme", pace);
    limiter_->SetPace("github.com/other", pace);
  }

  // Accepts the report; the store must not refuse or supersede it.
  void Say(const KeyReport& report) {
    Submission submission;
    SetReport(&submission, report);
    const auto outcomes = outbox_->Accept({submission}, clock_.Now());
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    ASSERT_TRUE(outcomes->at(0).status.ok()) << outcomes->at(0).status;
    ASSERT_EQ(outcomes->at(0).receipts.at(0).disposition,
              Disposition::kAccepted);
  }

  // Runs the poster for `time` on the virtual clock, and delivers GitHub's
  // answers when they are due.
  void RunFor(absl::Duration time) {
    const absl::Time end = clock_.Now() + time;
    for (int runs = 0;; ++runs) {
      ASSERT_LT(runs, 100000) << "it runs hot";
      wake_up_.Take();
      const absl::Time wanted = poster_->RunOnce();
      transport_->DeliverDue();
      const absl::Time now = clock_.Now();
      if (wake_up_.is_requested() || wanted <= now) continue;
      const absl::Time next = std::min(wanted, fake_->NextDelivery());
      if (next > end) {
        clock_.Advance(std::max(end - now, absl::ZeroDuration()));
        return;
      }
      clock_.Advance(next - now);
    }
  }

  // The state that GitHub shows; "nothing" if it shows none.
  std::string ShownState(const std::string& full_name,
                         const Sha& sha = *ParseSha(kSha),
                         const std::string& context = "ci/build") {
    const auto shown = fake_->rules().Shown(full_name, sha.Hex());
    const auto row = shown.find(context);
    return row == shown.end() ? "nothing" : row->second.state;
  }

  // The states of all statuses that GitHub has of commit kSha, oldest first.
  std::vector<std::string> States(const std::string& full_name) {
    std::vector<std::string> states;
    for (const auto& row : fake_->rules().Rows(full_name, kSha)) {
      states.push_back(row.state);
    }
    return states;
  }

  // How far posting of the first status of commit kSha has got.
  Posting PostingOf(const std::string& full_name) {
    const auto commit = outbox_->GetCommit(Repo(full_name), *ParseSha(kSha));
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? commit->statuses.at(0).posting : Posting();
  }

  // The recorded tries of ci/build at commit kSha.
  std::vector<Try> Tries(const std::string& full_name) {
    const auto history = outbox_->GetHistory(
        StatusKey::Of(Repo(full_name), *ParseSha(kSha), "ci/build"));
    std::vector<Try> tries;
    if (!history.ok()) return tries;
    for (const RecordedTry& one : history->tries) {
      tries.push_back(one.attempted);
    }
    return tries;
  }

  // Orders a fault at GitHub; the parameters are the members of Fault.
  void Fail(const std::string& name, int count = 1, int seconds = 60,
            const std::string& where = "") {
    Fault fault;
    fault.name = name;
    fault.count = count;
    fault.seconds = seconds;
    fault.target_contains = where;
    fake_->rules().AddFault(fault);
  }

  // GitHub's 422 that complains about one field of a status.
  static HttpResponse Refusal(const std::string& field,
                              const std::string& message) {
    HttpResponse answer;
    answer.status = 422;
    answer.body =
        absl::StrCat(R"({"message":"Validation Failed","errors":[{"field":")",
                     field, R"(","message":")", message, R"("}]})");
    return answer;
  }

  FakeClock clock_;
  WakeUp wake_up_;
  Metrics metrics_;
  TempDir directory_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<FailingOutbox> outbox_;
  std::unique_ptr<FakeGitHub> fake_;
  std::unique_ptr<InterceptingTransport> transport_;
  std::unique_ptr<GitHubClient> client_;
  std::unique_ptr<RateLimiter> limiter_;
  std::unique_ptr<RequestGate> gate_;
  std::unique_ptr<Poster> poster_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_POSTER_POSTER_FIXTURE_H_
