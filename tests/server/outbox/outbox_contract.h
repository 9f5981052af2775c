#ifndef SIGNALBOX_TESTS_SERVER_OUTBOX_OUTBOX_CONTRACT_H_
#define SIGNALBOX_TESTS_SERVER_OUTBOX_OUTBOX_CONTRACT_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "gtest/gtest.h"
#include "server/github/github_limits.h"
#include "server/outbox/outbox.h"
#include "tests/support/fake_clock.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/turns.h"

namespace signalbox {

// What every implementation of Outbox must do, written once. An implementation
// passes by
//
//   INSTANTIATE_TEST_SUITE_P(Name, OutboxContract,
//                            testing::Combine(testing::Values(MakeHarness),
//                                             testing::Bool()));
//
// in a test binary that also compiles outbox_contract_*.cc. Every test runs
// twice: on a store that stays open, and on a store that is closed and opened
// again before each call. The second run finds facts that the store keeps in
// memory only and would lose at a restart.

// The options that an implementation must be made with (SqliteOutboxOptions):
// `pending_settle`, for which a new pending waits before it is due, and
// `delivery_memory`, for which the store knows a delivery's id.
constexpr absl::Duration kSettle = absl::Milliseconds(300);
constexpr absl::Duration kDeliveryMemory = absl::Hours(8 * 24);
constexpr absl::Duration kAmbiguousWait = kGitHubLimits.ambiguous_wait;

// Not GitHub's.
inline constexpr absl::string_view kOtherFinal[] = {"PERMISSION_MISSING"};
inline constexpr absl::string_view kOtherMendable[] = {"STATUS_LIMIT_REACHED"};
inline constexpr PostingLimits kOtherLimits = {
    .ambiguous_wait = absl::Seconds(40),
    .most_statuses = 20,
    .most_before_pending = 10,
    .final_refusals = kOtherFinal,
    .mendable_refusals = kOtherMendable,
    .missing_commit = "INVALID_SHA",
};

// Owns the store of one test. Each implementation of Outbox derives a harness,
// and makes the store with the given limits, kSettle, kDeliveryMemory and
// ContractCredential (which tells the store the credential of a repository).
class OutboxHarness {
 public:
  virtual ~OutboxHarness() = default;
  virtual Outbox* outbox() = 0;
  // Closes the store and opens it again, with the same data. Pointers from
  // outbox() become invalid.
  virtual void Reopen() = 0;
};

// Makes a harness with an empty store.
using OutboxHarnessFactory =
    std::function<std::unique_ptr<OutboxHarness>(const PostingLimits& limits)>;

// The credential of a repository: its owner, in lower case.
inline std::string ContractCredential(const Repository& repository) {
  return absl::AsciiStrToLower(repository.owner);
}

// The repository `name`, which is OWNER/NAME, or NAME alone for acme/NAME.
inline Repository Repo(absl::string_view name) {
  const absl::StatusOr<Repository> repository = ParseRepository(
      name.find('/') == absl::string_view::npos ? "acme/" + std::string(name)
                                                : std::string(name));
  return *repository;
}

// The sha that consists of 40 times this digit.
inline Sha ShaOf(char digit) { return *ParseSha(std::string(40, digit)); }

// A farm's pending for ci/build at acme/widgets, commit aaa... Attempt 0:
// without a number.
inline KeyReport Pending(int64_t attempt = 0, std::string description = "") {
  KeyReport report;
  report.repository = Repo("widgets");
  report.sha = ShaOf('a');
  report.context = "ci/build";
  report.attempt = attempt;
  report.description = std::move(description);
  return report;
}

// The same pending, from the shim.
inline KeyReport WebhookPending() {
  KeyReport report = Pending();
  report.from_webhook = true;
  return report;
}

// A result for the same key.
inline KeyReport ResultOf(Result result, int64_t attempt = 0,
                          std::string description = "") {
  KeyReport report = Pending(attempt, std::move(description));
  report.result = result;
  return report;
}

// The report with the wish that its texts win.
inline KeyReport Newest(KeyReport report) {
  report.newest_text_wins = true;
  return report;
}

// The report with its attempt in another series.
inline KeyReport InSeries(std::string series, KeyReport report) {
  report.series = std::move(series);
  return report;
}

// The report, about another key. `repository` as in Repo, `sha` as in ShaOf.
inline KeyReport On(KeyReport report, absl::string_view repository,
                    char sha = 'a', absl::string_view context = "ci/build") {
  report.repository = Repo(repository);
  report.sha = ShaOf(sha);
  report.context = std::string(context);
  return report;
}

// The fixture of the contract's tests. Its methods call the store at the fake
// clock's time and fail the test on every error. They return an empty or
// default value then.
class OutboxContract
    : public testing::TestWithParam<std::tuple<OutboxHarnessFactory, bool>> {
 protected:
  explicit OutboxContract(const PostingLimits& limits = kGitHubLimits)
      : harness_(std::get<0>(GetParam())(limits)) {}

  // The store. In the second run, each call opens it anew.
  Outbox& outbox() {
    if (std::get<1>(GetParam())) harness_->Reopen();
    return *harness_->outbox();
  }

  absl::Time Now() { return clock_.Now(); }

  // Accepts the submissions in one transaction. Returns an outcome for each.
  std::vector<Outcome> Accept(const std::vector<Submission>& submissions) {
    absl::StatusOr<std::vector<Outcome>> outcomes =
        outbox().Accept(submissions, Now());
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    if (!outcomes.ok()) return std::vector<Outcome>(submissions.size());
    EXPECT_EQ(outcomes->size(), submissions.size());
    return *std::move(outcomes);
  }

  // Accepts a submission that the store must not refuse. Returns a receipt for
  // each of its contexts.
  std::vector<Receipt> Receipts(const Submission& submission) {
    Outcome outcome = Accept({submission}).front();
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.receipts.size(), submission.contexts.size());
    outcome.receipts.resize(submission.contexts.size());
    return outcome.receipts;
  }

  // Accepts the reports in one transaction, in this order. Returns a receipt
  // for each.
  std::vector<Receipt> InTurn(const std::vector<KeyReport>& reports) {
    std::vector<Submission> submissions;
    for (const KeyReport& report : reports) submissions.push_back(Of({report}));
    std::vector<Receipt> receipts;
    for (const Outcome& outcome : Accept(submissions)) {
      EXPECT_TRUE(outcome.status.ok()) << outcome.status;
      receipts.push_back(outcome.receipts.empty() ? Receipt()
                                                  : outcome.receipts.front());
    }
    return receipts;
  }

  // Accepts one report in a transaction of its own.
  Receipt Accept(const KeyReport& report) {
    return Receipts(Of({report})).front();
  }

  // Asks for a due pending (true) or a due result of a credential, with a lease
  // of 20 s.
  LeaseRequest Request(bool pendings, absl::string_view credential = "acme") {
    LeaseRequest request;
    request.credential = std::string(credential);
    request.pendings = pendings;
    request.lease_time = absl::Seconds(20);
    return request;
  }

  // Takes out an entry for the request. Nothing: none is due.
  std::optional<Lease> Take(const LeaseRequest& request) {
    absl::StatusOr<std::optional<Lease>> lease =
        signalbox::TakeDue(outbox(), request, Now());
    EXPECT_TRUE(lease.ok()) << lease.status();
    return lease.ok() ? *lease : std::nullopt;
  }
  std::optional<Lease> TakePending() { return Take(Request(true)); }
  std::optional<Lease> TakeResult() { return Take(Request(false)); }
  std::optional<Lease> TakeAny() {
    std::optional<Lease> lease = TakeResult();
    return lease.has_value() ? lease : TakePending();
  }

  // A settlement of this kind, with typical values in the fields that the kind
  // uses. kRetry and kReturned try again after 5 s.
  Settlement EndOf(const Lease& lease, Settlement::Kind kind) {
    Settlement settlement;
    settlement.entry_id = lease.entry_id;
    settlement.version = lease.version;
    settlement.lease_epoch = lease.lease_epoch;
    settlement.lease_number = lease.lease_number;
    settlement.kind = kind;
    switch (kind) {
      case Settlement::Kind::kPosted:
        settlement.shown = lease.wanted;
        settlement.status_id = 1000 + lease.version;
        settlement.attempted = TryOf(201);
        break;
      case Settlement::Kind::kRetry:
        settlement.retry_in = absl::Seconds(5);
        settlement.reason = "SERVER_ERROR";
        settlement.attempted = TryOf(502);
        break;
      case Settlement::Kind::kParked:
      case Settlement::Kind::kAbandoned:
        settlement.reason = "REPOSITORY_NOT_FOUND";
        settlement.attempted = TryOf(404);
        break;
      case Settlement::Kind::kReturned:
        settlement.retry_in = absl::Seconds(5);
        break;
      case Settlement::Kind::kRead:
        settlement.shown = lease.wanted;
        settlement.status_id = 1000 + lease.version;
        settlement.attempted = TryOf(200);
        break;
    }
    return settlement;
  }

  // A try that begins and ends now. `http_status` is GitHub's answer.
  Try TryOf(int http_status) {
    Try attempted;
    attempted.begin_time = Now();
    attempted.end_time = Now();
    attempted.http_status = http_status;
    attempted.request_id = "0F1E";
    return attempted;
  }

  // Ends a lease.
  void Settle(const Settlement& settlement) {
    const absl::Status status = signalbox::Settle(outbox(), settlement, Now());
    EXPECT_TRUE(status.ok()) << status;
  }
  void Settle(const Lease& lease, Settlement::Kind kind) {
    Settle(EndOf(lease, kind));
  }

  // All statuses of a commit; the test fails if nothing was reported about it.
  CommitView Commit(absl::string_view repository = "widgets", char sha = 'a') {
    const absl::StatusOr<CommitView> commit =
        outbox().GetCommit(Repo(repository), ShaOf(sha));
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? *commit : CommitView();
  }

  // The status of a commit that must have exactly one context.
  StatusView Status(absl::string_view repository = "widgets", char sha = 'a') {
    const CommitView commit = Commit(repository, sha);
    EXPECT_EQ(commit.statuses.size(), 1u);
    return commit.statuses.empty() ? StatusView() : commit.statuses.front();
  }

  // The reports and tries of the report's key.
  History HistoryOf(const KeyReport& report) {
    const absl::StatusOr<History> history = outbox().GetHistory(report.Key());
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? *history : History();
  }

  // What is due now.
  DueWork FindDueWork() {
    const absl::StatusOr<DueWork> work = outbox().FindDueWork(Now());
    EXPECT_TRUE(work.ok()) << work.status();
    return work.value_or(DueWork());
  }
  // When the store next has something to post or to ask; infinite: never.
  absl::Time NextDueTime() { return Now() + FindDueWork().next_in; }
  // The credentials with something due, by name.
  std::vector<std::string> DueCredentials() {
    std::vector<std::string> names;
    for (const DueCredential& due : FindDueWork().credentials)
      names.push_back(due.credential);
    return names;
  }

  // Expires overdue pendings, at most `limit`. Returns how many; -1 after an
  // error.
  int Expire(int limit = 100) {
    const absl::StatusOr<int> expired =
        AsHolder(outbox(), &Outbox::ExpirePendings, Now(), limit);
    EXPECT_TRUE(expired.ok()) << expired.status();
    return expired.value_or(-1);
  }
  // Revives the report's entry, as a person does.
  void Retry(const KeyReport& report) {
    const absl::Status status = outbox().Retry(report.Key(), Now());
    EXPECT_TRUE(status.ok()) << status;
  }
  // GitHub answers that `from` is called `to` now. `id` is GitHub's number of
  // the repository; 0: the answer did not say it.
  void Rename(absl::string_view from, absl::string_view to, int64_t id = 0) {
    const absl::Status status =
        RenameRepository(outbox(), Repo(from), Repo(to), id, Now());
    EXPECT_TRUE(status.ok()) << status;
  }
  // Accepts the report as a new delivery. `number` is GitHub's number of the
  // repository.
  Receipt Deliver(KeyReport report, int64_t number) {
    report.repository_id = number;
    Submission submission = Of({std::move(report)});
    submission.delivery =
        Delivery{"delivery " + std::to_string(++deliveries_), "", "e", "a", 0};
    return Receipts(submission).front();
  }
  // The questions about repositories' names that are to be asked at GitHub now.
  std::vector<NameQuestion> Questions() { return FindDueWork().questions; }
  // Questions() as sorted texts: "acme/old" asks about a name, "7" about a
  // number.
  std::vector<std::string> Asked() {
    std::vector<std::string> asked;
    for (const NameQuestion& question : Questions()) {
      asked.push_back(question.number != 0 ? std::to_string(question.number)
                                           : question.repository.FullName());
    }
    std::sort(asked.begin(), asked.end());
    return asked;
  }
  // GitHub answers one of the questions in Asked(). Empty `name`: there is no
  // such repository. `number` and `update_time` are the repository's.
  void Answer(absl::string_view asked, absl::string_view name,
              int64_t number = 0,
              absl::Time update_time = absl::InfinitePast()) {
    for (const NameQuestion& question : Questions()) {
      const std::string text = question.number != 0
                                   ? std::to_string(question.number)
                                   : question.repository.FullName();
      if (text != asked) continue;
      NameAnswer answer;
      answer.question_id = question.id;
      answer.kind = NameAnswer::Kind::kMissing;
      if (!name.empty()) {
        answer.kind = NameAnswer::Kind::kNamed;
        answer.name = Repo(name);
        answer.number = number;
        answer.update_time = update_time;
      }
      const absl::Status status =
          AsHolder(outbox(), &Outbox::AnswerName, answer, Now());
      EXPECT_TRUE(status.ok()) << status;
      return;
    }
    ADD_FAILURE() << asked << " was not asked for";
  }
  // The repositories that the store knows, with GitHub's numbers: "acme/app 7".
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto known = outbox().Repositories(CanonicalName(), 1000);
    EXPECT_TRUE(known.ok());
    for (const KnownRepository& one : *known) {
      names.push_back(one.repository.FullName() + " " +
                      std::to_string(one.github_id));
    }
    return names;
  }
  // Calls Outbox::ForgetOlderThan until the store has nothing more to forget.
  void ForgetOlderThan(absl::Duration age) {
    Outbox& kept_open = outbox();
    for (int batches = 0; batches < 1000; ++batches) {
      const absl::StatusOr<bool> more =
          AsHolder(kept_open, &Outbox::ForgetOlderThan, age, Now());
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) return;
    }
    FAIL() << "it does not end";
  }
  // Whether the store knows reports about the commit.
  bool IsKnown(absl::string_view repository, char sha = 'a') {
    const auto commit = outbox().GetCommit(Repo(repository), ShaOf(sha));
    EXPECT_TRUE(commit.ok() || ReasonOf(commit.status()) == "NOTHING_REPORTED");
    return commit.ok();
  }
  // Accepts the report as a status that another program has set at GitHub. `id`
  // is GitHub's number of the status.
  Receipt Observe(KeyReport report, int64_t id) {
    Submission submission = Of({std::move(report)});
    submission.observed = Observed{id, "somebody"};
    return Receipts(submission).front();
  }
  // A second later, posts every due entry of acme. GitHub accepts all posts.
  void PostAll() {
    clock_.Advance(absl::Seconds(1));
    for (auto lease = TakeAny(); lease.has_value(); lease = TakeAny()) {
      Settle(*lease, Settlement::Kind::kPosted);
    }
  }
  // The stored pauses of all credentials.
  std::vector<CredentialPause> Pauses() {
    const auto pauses = outbox().Pauses(Now());
    EXPECT_TRUE(pauses.ok()) << pauses.status();
    return pauses.value_or(std::vector<CredentialPause>());
  }

  // Accepts an event. False: the store already knew its delivery.
  bool Tell(const EventSubmission& submission) {
    const absl::StatusOr<bool> stored = outbox().AcceptEvent(submission, Now());
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored.value_or(false);
  }
  // At most `limit` reruns that the store keeps for recovery.
  std::vector<Rerun> Reruns(int limit = 10) {
    const auto reruns = outbox().Reruns(Now(), limit);
    EXPECT_TRUE(reruns.ok()) << reruns.status();
    return reruns.value_or(std::vector<Rerun>());
  }
  // GitHub refuses the one due result permanently, for this reason.
  void AbandonResult(const std::string& reason) {
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    Settlement settlement = EndOf(*lease, Settlement::Kind::kAbandoned);
    settlement.reason = reason;
    Settle(settlement);
    ASSERT_FALSE(TakeResult().has_value());
  }

  FakeClock clock_;
  const std::unique_ptr<OutboxHarness> harness_;
  int deliveries_ = 0;
};

// Tests with parked repositories.
class ParkingContract : public OutboxContract {
 protected:
  // A result with a number.
  KeyReport Done(absl::string_view repository, char sha) {
    return On(ResultOf(Result::kSuccess, 1), repository, sha);
  }

  // Takes out the due probe of a parked repository. `held` as in LeaseRequest,
  // borrowed. Nothing: none is due.
  std::optional<Lease> TakeProbe(bool pendings = false,
                                 const std::set<int64_t>* held = nullptr) {
    LeaseRequest request = Request(pendings, "acme");
    request.may_probe = true;
    request.held = held;
    return Take(request);
  }

  // GitHub refuses the repository: it is parked.
  Settlement Refused(const Lease& lease,
                     const std::string& reason = "REPOSITORY_NOT_FOUND") {
    Settlement settlement = EndOf(lease, Settlement::Kind::kParked);
    settlement.reason = reason;
    return settlement;
  }

  // GitHub accepts the post: the repository is not parked any more.
  Settlement Taken(const Lease& lease) {
    Settlement settlement = EndOf(lease, Settlement::Kind::kPosted);
    settlement.writable = true;
    return settlement;
  }

  // Accepts three results for acme/widgets, at the commits a, b and c. GitHub
  // refuses the repository at the first post. Returns that post's lease.
  Lease Park() {
    for (const char sha : {'a', 'b', 'c'}) Accept(Done("widgets", sha));
    const std::optional<Lease> lease = TakeResult();
    EXPECT_TRUE(lease.has_value());
    Settle(Refused(*lease));
    return *lease;
  }

  // Expects that the status at this commit of acme/widgets waits for `reason`,
  // and that its next try is `in` from now.
  void ExpectParked(char sha, absl::Duration in,
                    const std::string& reason = "REPOSITORY_NOT_FOUND") {
    const Posting posting = Status("widgets", sha).posting;
    EXPECT_EQ(posting.state, PostingState::kWaiting) << sha;
    EXPECT_EQ(posting.reason, reason) << sha;
    EXPECT_EQ(posting.next_try_time, Now() + in) << sha;
  }

  // Refuses probes until the next one is an hour away.
  void ParkForLong() {
    Park();
    for (const int seconds : {10, 60, 300, 900}) {
      clock_.Advance(absl::Seconds(seconds));
      const std::optional<Lease> probe = TakeProbe();
      ASSERT_TRUE(probe.has_value()) << seconds;
      Settle(Refused(*probe));
    }
    ExpectParked('a', absl::Hours(1));
  }
};

// Tests with requests that may have reached GitHub after their leases.
class ConfessionContract : public OutboxContract {
 protected:
  using OutboxContract::OutboxContract;

  // Confesses a request for this entry: see PostQueue::Confess.
  void Confess(int64_t entry_id) {
    const absl::Status status = outbox().Confess({&entry_id, 1}, Now());
    EXPECT_TRUE(status.ok()) << status;
  }

  // Accepts a result, ends its try with `kind`, and returns the lease.
  Lease Ended(Settlement::Kind kind) {
    Accept(ResultOf(Result::kSuccess, 1, "done"));
    const std::optional<Lease> lease = TakeResult();
    EXPECT_TRUE(lease.has_value());
    Settle(*lease, kind);
    return *lease;
  }

  // Expects that nothing is due for `wait`, and then the entry, to be read
  // back. `doubted`: the latest begin of a request with an unknown end.
  Lease ExpectReadAfter(absl::Duration wait, absl::Time doubted) {
    EXPECT_EQ(NextDueTime(), Now() + wait);
    clock_.Advance(wait - absl::Microseconds(1));
    EXPECT_FALSE(TakeAny().has_value());
    clock_.Advance(absl::Microseconds(1));
    const std::optional<Lease> lease = TakeAny();
    EXPECT_TRUE(lease.has_value());
    if (!lease.has_value()) return Lease();
    EXPECT_EQ(lease->ambiguous_since, doubted);
    return *lease;
  }
};

// Tests with limits that are not GitHub's.
class LimitsContract : public ConfessionContract {
 protected:
  LimitsContract() : ConfessionContract(kOtherLimits) {}

  // The App of the account got another permission.
  void TellOfInstallation() {
    EventSubmission submission;
    submission.delivery.id = "delivery " + std::to_string(++deliveries_);
    submission.event = InstallationChanged{"github.com", "acme", 5, 0, "added"};
    EXPECT_TRUE(Tell(submission));
  }
};

// Tests with a status in each state of posting: posted, waiting (parked and
// retried), abandoned, due and observed.
class ListingContract : public ParkingContract {
 protected:
  ListingContract() {
    Accept(Done("posted", 'a'));
    Settle(Taken(*TakeResult()));
    Park();
    Accept(Done("gadgets", 'a'));
    Settle(*TakeResult(), Settlement::Kind::kAbandoned);
    Accept(Done("gadgets", 'b'));
    Settle(*TakeResult(), Settlement::Kind::kRetry);
    Accept(Done("gadgets", 'c'));
    Observe(On(ResultOf(Result::kSuccess), "observed"), 5);
  }

  // The parked statuses, each as repository, first digit of the commit, number
  // of the PostingState, and reason.
  const std::vector<std::string> parked_ = {"widgets a 3 REPOSITORY_NOT_FOUND",
                                            "widgets b 3 REPOSITORY_NOT_FOUND",
                                            "widgets c 3 REPOSITORY_NOT_FOUND"};
};

// Tests of standing requests. These live in memory, so the tests use only a
// store that stays open.
class StandingContract : public OutboxContract {
 protected:
  // Leaves one standing request of the credential. It may begin `not_before`
  // from now. Entries in `held` are not taken out.
  void Leave(const std::string& credential,
             absl::Duration not_before = absl::ZeroDuration(),
             std::set<int64_t> held = {}) {
    LeaveAll({credential}, not_before, std::move(held));
  }

  void LeaveAll(const std::vector<std::string>& credentials,
                absl::Duration not_before = absl::ZeroDuration(),
                std::set<int64_t> held = {}) {
    StandingRequests requests;
    for (const std::string& credential : credentials) {
      StandingRequest& request = requests.by_credential[credential];
      request.request.credential = credential;
      request.not_before = clock_.Look().steady + not_before;
    }
    requests.held = std::make_shared<const std::set<int64_t>>(std::move(held));
    requests.lease_time = absl::Seconds(15);
    requests.term = *TermOf(outbox(), Now());
    requests.clock = &clock_;
    outbox().LeaveRequests(std::move(requests));
  }

  // Takes the requests back. Returns the leases that were taken out for them.
  std::vector<StandingLease> TakeBack() {
    std::vector<StandingLease> leases;
    left_ = outbox().TakeRequestsBack(&leases);
    return leases;
  }

  StandingRequests left_;  // What TakeBack found unused.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_OUTBOX_OUTBOX_CONTRACT_H_
