#include "server/recovery/retester.h"

#include "absl/strings/str_format.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/server/github/questions_fixture.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

constexpr char kRepository[] = "acme/widgets";
constexpr char kHead[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

// Keeps the last submission, and the answer of its may_report for another
// repository and of its may_report_context for another context.
class RecordingOutbox : public ForwardingOutbox {
 public:
  using ForwardingOutbox::ForwardingOutbox;

  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    last = submissions.front();
    if (last.may_report) {
      may_report_renamed = last.may_report(*ParseRepository("acme/renamed"));
    }
    if (last.may_report_context) {
      may_report_secret = last.may_report_context("farm/secret");
    }
    return ForwardingOutbox::Accept(submissions, now);
  }

  Submission last;
  std::optional<absl::Status> may_report_renamed;
  std::optional<bool> may_report_secret;
};

class RetesterTest : public QuestionsFixture {
 protected:
  RetesterTest() {
    rules().AddRepository(kRepository, 1);
    rules().AddCommit(kRepository, kHead);
    PullRequest pull;
    pull.number = 3;
    pull.head_sha = kHead;
    rules().AddPullRequest(kRepository, pull);
    rules().SetRole(kRepository, "octocat", "write");
    options_.may_report = [this](absl::string_view caller, const Repository&,
                                 const std::vector<std::string>&) {
      caller_ = std::string(caller);
      return may_report_;
    };
    options_.became_due = &became_due_;
  }

  ~RetesterTest() override { retester_.reset(); }

  void Start() { StartOn(outbox_.get()); }

  void StartOn(Outbox* outbox) {
    tools_ = std::make_unique<RecoveryTools>(RecoveryTools{
        options_, outbox, outbox, outbox, &held_term_, credentials_.get(),
        questions_.get(), &metrics_, &clock_});
    retester_ = std::make_unique<Retester>(*tools_);
  }

  void Ask(std::vector<std::string> contexts = {},
           const std::string& login = "octocat",
           const std::string& association = "NONE", int64_t number = 3) {
    EventSubmission submission;
    submission.delivery.id = absl::StrFormat("d%d", ++deliveries_);
    submission.delivery.event = "issue_comment";
    submission.caller = "shim";
    RerunRequested rerun;
    rerun.repository = *ParseRepository(kRepository);
    rerun.pull_request_number = number;
    rerun.contexts = std::move(contexts);
    rerun.login = login;
    rerun.author_association = association;
    submission.event = rerun;
    ASSERT_TRUE(*outbox_->AcceptEvent(submission, clock_.Now()));
  }

  void Run(absl::Duration time = absl::Seconds(10)) {
    RunFor(time, [this] { return retester_->RunOnce(); });
  }

  // A result of a context on the head.
  void Say(const std::string& context, Result result) {
    KeyReport report;
    report.repository = *ParseRepository(kRepository);
    report.sha = *ParseSha(kHead);
    report.context = context;
    report.attempt = 1;
    report.result = result;
    Submission submission;
    SetReport(&submission, report);
    ASSERT_TRUE(outbox_->Accept({submission}, clock_.Now())->at(0).status.ok());
  }

  // GitHub refuses the next question about a person's role.
  void ForbidAsking() {
    Fault forbidden;
    forbidden.name = "answer";
    forbidden.status = 403;
    forbidden.body =
        R"({"message":"Must have push access to view collaborator permission."})";
    forbidden.count = 1;
    forbidden.target_contains = "/collaborators/";
    rules().AddFault(forbidden);
  }

  // "ci/build=pending ..." of the head.
  std::string Statuses() {
    const auto commit =
        outbox_->GetCommit(*ParseRepository(kRepository), *ParseSha(kHead));
    std::string text;
    if (!commit.ok()) return text;
    for (const StatusView& status : commit->statuses) {
      text += status.context + "=" +
              std::string(CommitStateName(status.state)) + " ";
    }
    return text;
  }

  bool IsSettled() { return outbox_->Reruns(clock_.Now(), 10)->empty(); }

  RecoveryOptions options_;
  std::unique_ptr<RecoveryTools> tools_;
  std::unique_ptr<Retester> retester_;
  absl::Status may_report_;
  std::string caller_;
  int deliveries_ = 0;
  WakeUp became_due_;
};

TEST_F(RetesterTest, WhoMayWriteHasEverythingRunAgain) {
  Say("ci/build", Result::kFailure);
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "ci/build=pending ");
  EXPECT_TRUE(IsSettled());
  EXPECT_EQ(caller_, "shim");
  EXPECT_TRUE(became_due_.is_requested());
}

// The store decides by each of these fields.
TEST_F(RetesterTest, TheReportSaysWhoAskedForWhat) {
  RepositoryRule rule;
  rule.match = "acme/*";
  rule.contexts = {"ci/build"};
  rule.pending_expires_after = absl::Hours(2);
  options_.convert.rules = RepositoryRules({rule});
  options_.may_report = [](absl::string_view caller,
                           const Repository& repository,
                           const std::vector<std::string>& contexts) {
    return caller == "shim" && repository.name == "widgets" &&
                   contexts == std::vector<std::string>{"ci/build"}
               ? absl::OkStatus()
               : absl::PermissionDeniedError("no");
  };
  RecordingOutbox outbox(outbox_.get());
  StartOn(&outbox);
  Ask();
  Run();
  const Submission& submission = outbox.last;
  EXPECT_EQ(submission.caller, "shim");
  EXPECT_EQ(submission.contexts, std::vector<std::string>{"ci/build"});
  EXPECT_TRUE(submission.with_all_reported);
  EXPECT_FALSE(submission.for_history);
  ASSERT_TRUE(submission.delivery.has_value());
  EXPECT_EQ(submission.delivery->id, "d1#rerun");
  EXPECT_EQ(submission.delivery->event, "issue_comment");
  EXPECT_EQ(submission.delivery->action, "created");
  ASSERT_TRUE(submission.change.has_value());
  EXPECT_EQ(submission.change->pull_request_number, 3);
  EXPECT_EQ(submission.report.repository.FullName(), kRepository);
  EXPECT_EQ(submission.report.repository_id, 1);
  EXPECT_EQ(submission.report.sha.Hex(), kHead);
  EXPECT_EQ(submission.report.result, std::nullopt);
  EXPECT_EQ(submission.report.expires_after, absl::Hours(2));
  EXPECT_TRUE(submission.report.rerun);
  EXPECT_TRUE(submission.report.from_webhook);
  ASSERT_TRUE(outbox.may_report_renamed.has_value());
  EXPECT_FALSE(outbox.may_report_renamed->ok());
  EXPECT_EQ(outbox.may_report_secret, false);

  Ask({"ci/build"});
  Run();
  EXPECT_EQ(outbox.last.delivery.value().id, "d2#rerun");
  EXPECT_FALSE(outbox.last.with_all_reported);
  retester_.reset();
}

TEST_F(RetesterTest, ARefusalSaysWhoAsked) {
  Say("farm/linux", Result::kFailure);
  may_report_ = absl::PermissionDeniedError("no");
  RecordingOutbox outbox(outbox_.get());
  StartOn(&outbox);
  Ask();
  Run();
  EXPECT_EQ(outbox.last.caller, "shim");
  EXPECT_EQ(outbox.last.contexts, std::vector<std::string>{"farm/linux"});
  EXPECT_TRUE(outbox.last.for_history);
  ASSERT_TRUE(outbox.last.delivery.has_value());
  EXPECT_EQ(outbox.last.delivery->id, "d1#refusal");
  EXPECT_TRUE(outbox.last.report.rerun);
  EXPECT_TRUE(outbox.last.report.from_webhook);
  retester_.reset();
}

// Includes contexts that a farm reported and that are not expected.
TEST_F(RetesterTest, EverythingIsWhatWasReportedAndMayBe) {
  Say("ci/build", Result::kFailure);
  Say("farm/linux", Result::kSuccess);
  Say("farm/secret", Result::kSuccess);
  options_.may_report = [](absl::string_view, const Repository&,
                           const std::vector<std::string>& contexts) {
    return std::find(contexts.begin(), contexts.end(), "farm/secret") ==
                   contexts.end()
               ? absl::OkStatus()
               : absl::PermissionDeniedError("no");
  };
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(),
            "ci/build=pending farm/linux=pending farm/secret=success ");
}

TEST_F(RetesterTest, WhereNothingIsExpectedWhatAFarmReportedIsRunAgain) {
  RepositoryRule rule;
  rule.match = "*/*";
  rule.contexts = {};
  options_.convert.rules = RepositoryRules({rule});
  Say("farm/linux", Result::kFailure);
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "farm/linux=pending ");
  EXPECT_TRUE(IsSettled());
}

// A context that a person invents would stay yellow for hours.
TEST_F(RetesterTest, OnlyContextsThatAreExpectedOrKnownAreRunAgain) {
  Say("ci/build", Result::kFailure);
  Say("ci/lint", Result::kSuccess);
  Say("ci/other", Result::kSuccess);
  Start();
  Ask({"CI/Lint", "ci/invented", "ci/lint"});
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ci/lint=pending ci/other=success ");
  Ask({"ci/invented"});
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ci/lint=pending ci/other=success ");
  EXPECT_TRUE(IsSettled());
}

// A space separates contexts, and may be part of one.
TEST_F(RetesterTest, WordsAreJoinedToNamesThatAreKnown) {
  for (const char* context : {"Unit tests", "Unit", "lint", "a b c"}) {
    Say(context, Result::kFailure);
  }
  Start();
  Ask({"unit", "Tests", "lint", "a", "b", "d"});
  Run();
  EXPECT_EQ(Statuses(),
            "a b c=failure lint=pending Unit=failure Unit tests=pending ");
  Ask({"Unit", "x", "a", "b", "c"});
  Run();
  EXPECT_EQ(Statuses(),
            "a b c=pending lint=pending Unit=pending Unit tests=pending ");
}

// A person waits for the rerun. The history says why there is none.
TEST_F(RetesterTest, ARefusalIsInTheHistory) {
  Say("ci/build", Result::kFailure);
  Say("ci/lint", Result::kSuccess);
  rules().SetRole(kRepository, "reader", "read");
  Start();
  Ask({}, "reader");
  Run();
  Ask({"ci/invented"});
  Run();
  may_report_ = absl::PermissionDeniedError("the caller may not");
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ci/lint=success ");
  EXPECT_TRUE(IsSettled());
  for (const char* context : {"ci/build", "ci/lint"}) {
    StatusKey key =
        StatusKey::Of(*ParseRepository(kRepository), *ParseSha(kHead), context);
    const auto history = outbox_->GetHistory(key);
    ASSERT_TRUE(history.ok());
    ASSERT_EQ(history->reports.size(), 4u) << context;
    EXPECT_EQ(
        history->reports[1].description,
        "the server refused /retest by reader: reader may not write to the "
        "repository");
    EXPECT_EQ(
        history->reports[2].description,
        "the server refused /retest by octocat: no rule and no report has "
        "any of these contexts: ci/invented");
    EXPECT_EQ(history->reports[3].description,
              "the server refused /retest by octocat: the caller may not");
    for (int i = 1; i < 4; ++i) {
      EXPECT_EQ(history->reports[i].disposition, Disposition::kSuperseded);
    }
  }
}

TEST_F(RetesterTest, WhoMayOnlyReadGetsNothing) {
  Say("ci/build", Result::kFailure);
  rules().SetRole(kRepository, "reader", "read");
  rules().SetRole(kRepository, "triager", "triage");
  Start();
  // The role at GitHub counts more than the comment's association.
  Ask({}, "reader", "MEMBER");
  Ask({}, "triager", "COLLABORATOR");
  Ask({}, "stranger", "NONE");
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ");
  EXPECT_TRUE(IsSettled());
  EXPECT_FALSE(became_due_.is_requested());
}

// A credential that may only set statuses cannot ask for roles.
TEST_F(RetesterTest, WithoutARightToAskTheCommentTells) {
  Say("ci/build", Result::kFailure);
  Start();
  for (const char* association :
       {"NONE", "CONTRIBUTOR", "FIRST_TIMER", "", "MANNEQUIN"}) {
    ForbidAsking();
    Ask({}, "octocat", association);
    Run();
    EXPECT_EQ(Statuses(), "ci/build=failure ") << association;
    EXPECT_TRUE(IsSettled());
  }
  for (const char* association : {"OWNER", "MEMBER", "COLLABORATOR"}) {
    Say("ci/build", Result::kFailure);
    ForbidAsking();
    Ask({}, "octocat", association);
    Run();
    EXPECT_EQ(Statuses(), "ci/build=pending ") << association;
  }
}

TEST_F(RetesterTest, WhatTheCallerMayNotReportIsDropped) {
  Say("ci/build", Result::kFailure);
  may_report_ = absl::PermissionDeniedError("not granted any more");
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ");
  EXPECT_TRUE(IsSettled());
}

TEST_F(RetesterTest, AClosedPullRequestIsNotRunAgain) {
  rules().pull_requests().Find(1, 3)->is_open = false;
  Say("ci/build", Result::kFailure);
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "ci/build=failure ");
  EXPECT_TRUE(IsSettled());
}

TEST_F(RetesterTest, TroublesAreWaitedFor) {
  Say("ci/build", Result::kFailure);
  Fail("server_error_json", -1);
  Start();
  Ask();
  Run(absl::Hours(2));
  EXPECT_FALSE(IsSettled());
  rules().ClearFaults();
  Run(absl::Hours(2));
  EXPECT_EQ(Statuses(), "ci/build=pending ");
  EXPECT_TRUE(IsSettled());
}

TEST_F(RetesterTest, APullRequestThatIsNotThereIsGivenUp) {
  Start();
  Ask({}, "octocat", "OWNER", 77);
  Run(absl::Hours(1));
  EXPECT_TRUE(IsSettled());
  EXPECT_EQ(Statuses(), "");
}

// The process dies after the report and before the rerun is settled.
TEST_F(RetesterTest, ARerunThatIsDoneTwiceCountsOnce) {
  Say("ci/build", Result::kFailure);
  Start();
  Ask();
  const Rerun wish = outbox_->Reruns(clock_.Now(), 1)->front();
  Run();
  ASSERT_EQ(Statuses(), "ci/build=pending ");
  KeyReport result;
  result.repository = *ParseRepository(kRepository);
  result.sha = *ParseSha(kHead);
  result.context = "ci/build";
  result.attempt = 2;
  result.result = Result::kSuccess;
  Submission submission;
  SetReport(&submission, result);
  ASSERT_TRUE(outbox_->Accept({submission}, clock_.Now())->at(0).status.ok());
  // The same wish again, as a restart finds it.
  EventSubmission again;
  again.delivery.id = "another";
  again.event = wish.wanted;
  again.caller = wish.caller;
  ASSERT_TRUE(*outbox_->AcceptEvent(again, clock_.Now()));
  class SameDelivery : public ForwardingOutbox {
   public:
    using ForwardingOutbox::ForwardingOutbox;
    absl::StatusOr<std::vector<Rerun>> Reruns(absl::Time now,
                                              int limit) override {
      auto reruns = ForwardingOutbox::Reruns(now, limit);
      for (Rerun& rerun : *reruns) rerun.delivery_id = "d1";
      return reruns;
    }
  } outbox(outbox_.get());
  StartOn(&outbox);
  Run();
  EXPECT_TRUE(IsSettled());
  EXPECT_EQ(Statuses(), "ci/build=success ");
  retester_.reset();
}

TEST_F(RetesterTest, DraftsAndForksGetWhatTheRulesSay) {
  RepositoryRule rule;
  rule.match = "acme/*";
  rule.contexts = {"ci/a", "ci/b"};
  rule.forks = false;
  options_.convert.rules = RepositoryRules({rule});
  rules().pull_requests().Find(1, 3)->is_from_fork = true;
  Start();
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "");
  rules().pull_requests().Find(1, 3)->is_from_fork = false;
  Ask();
  Run();
  EXPECT_EQ(Statuses(), "ci/a=pending ci/b=pending ");
}

}  // namespace
}  // namespace signalbox
