#include "server/calls/conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "common/error.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

HookReport PullRequest() {
  HookReport report;
  report.repository = "Acme/App";
  report.repository_id = 7;
  report.sha = kSha;
  HookChange& change = report.change.emplace();
  change.event = "pull_request";
  change.pull_request_number = 3;
  change.title = "A title";
  change.clone_url = "javascript:alert(1)";
  return report;
}

HookReport ShownStatus(std::optional<Result> result) {
  HookReport report;
  report.repository = "Acme/App";
  report.repository_id = 7;
  report.sha = kSha;
  report.contexts = {"Grüße, Welt "};
  report.result = result;
  report.description = std::string(5000, 'x');
  report.observed = HookObserved{5'000'000'001, "octocat"};
  return report;
}

// Limits and refusals of single fields are tested through gRPC's requests, in
// tests/server/rpc/convert*_test.cc.
class ConversionTest : public testing::Test {
 protected:
  ConversionTest() {
    RepositoryRule rule;
    rule.match = "acme/*";
    rule.contexts = {"ci/build", "ci/lint"};
    rule.rerun_on_base_change = true;
    rule.pending_expires_after = absl::Hours(2);
    options_.rules = RepositoryRules({rule});
  }

  absl::StatusOr<HookSubmission> Convert(HookCall call) const {
    return ConvertHookCall(
        call, {"72d3162e", "", event_, call.action, 5'000'000'002}, options_);
  }

  template <typename Request>
  Submission Reports(Request request, std::string action = "") const {
    const auto converted = Convert({std::move(action), std::move(request)});
    EXPECT_TRUE(converted.ok()) << converted.status();
    return converted.ok() ? std::get<Submission>(*converted) : Submission();
  }

  template <typename Kind, typename Request>
  Kind Tells(Request request, std::string action = "") const {
    const auto converted = Convert({std::move(action), std::move(request)});
    EXPECT_TRUE(converted.ok()) << converted.status();
    if (!converted.ok()) return Kind();
    const auto& submission = std::get<EventSubmission>(*converted);
    EXPECT_EQ(submission.delivery.id, "72d3162e");
    EXPECT_EQ(submission.delivery.hook_id, 5'000'000'002);
    return std::get<Kind>(submission.event);
  }

  template <typename Request>
  std::string ReasonFor(Request request, std::string action = "x") const {
    return ReasonOf(Convert({std::move(action), std::move(request)}).status());
  }

  ConvertOptions options_;
  std::string event_ = "pull_request";
};

TEST_F(ConversionTest, APullRequestGetsTheExpectedPendings) {
  const Submission submission = Reports(PullRequest(), "opened");
  EXPECT_THAT(submission.contexts, ElementsAre("ci/build", "ci/lint"));
  EXPECT_FALSE(submission.with_all_reported);
  EXPECT_FALSE(submission.redelivery_is_rerun);
  EXPECT_EQ(submission.delivery.value().id, "72d3162e");
  EXPECT_EQ(submission.delivery->action, "opened");
  const Report& report = submission.report;
  EXPECT_EQ(report.repository.Display(), "Acme/App");
  EXPECT_EQ(report.repository_id, 7);
  EXPECT_EQ(report.sha.Hex(), kSha);
  EXPECT_EQ(report.result, std::nullopt);
  EXPECT_EQ(report.expires_after, absl::Hours(2));
  EXPECT_TRUE(report.from_webhook);
  EXPECT_FALSE(report.rerun);
  const CodeChange& change = submission.change.value();
  EXPECT_EQ(change.event, "pull_request");
  EXPECT_EQ(change.pull_request_number, 3);
  EXPECT_EQ(change.title, "A title");
  EXPECT_EQ(change.clone_url, "");
  EXPECT_EQ(change.updated_time, absl::InfinitePast());
  EXPECT_FALSE(change.base_changed);
}

TEST_F(ConversionTest, OnlyAnEditOfAPullRequestHasAnotherBase) {
  HookReport report = PullRequest();
  report.rerun = true;
  EXPECT_TRUE(Reports(report, "edited").change.value().base_changed);
  EXPECT_FALSE(Reports(report, "opened").change.value().base_changed);
  event_ = "push";
  EXPECT_FALSE(Reports(report, "edited").change.value().base_changed);
}

TEST_F(ConversionTest, ReRunAllChecksMeansAllThatWasReported) {
  HookReport report = PullRequest();
  report.change.reset();
  report.rerun = true;
  EXPECT_FALSE(Reports(report, "rerequested").with_all_reported);
  event_ = "check_suite";
  EXPECT_TRUE(Reports(report, "rerequested").with_all_reported);
  report.contexts = {"ci/build"};
  EXPECT_FALSE(Reports(report, "rerequested").with_all_reported);
}

TEST_F(ConversionTest, ARedeliveryOfAPendingMayBeAWish) {
  options_.redelivery_is_rerun = true;
  EXPECT_TRUE(Reports(PullRequest()).redelivery_is_rerun);
  EXPECT_FALSE(Reports(ShownStatus(Result::kError)).redelivery_is_rerun);
  ReportCall farm;
  farm.report = PullRequest();
  EXPECT_FALSE(ConvertReport(farm, options_)->submission.redelivery_is_rerun);
}

TEST_F(ConversionTest, AShownStatusIsObserved) {
  event_ = "status";
  const Submission failed = Reports(ShownStatus(Result::kFailure));
  EXPECT_THAT(failed.contexts, ElementsAre("Grüße, Welt "));
  EXPECT_EQ(failed.report.result, Result::kFailure);
  EXPECT_EQ(failed.report.description.size(), 4096u);
  EXPECT_FALSE(failed.report.from_webhook);
  EXPECT_EQ(failed.observed.value().status_id, 5'000'000'001);
  EXPECT_EQ(failed.observed->creator_login, "octocat");
  const Submission pending = Reports(ShownStatus(std::nullopt));
  EXPECT_EQ(pending.report.result, std::nullopt);
  EXPECT_TRUE(pending.report.from_webhook);
  EXPECT_EQ(pending.report.expires_after, absl::Hours(2));
}

TEST_F(ConversionTest, NobodyExpectsAnythingOfAQuietRepository) {
  RepositoryRule quiet;
  quiet.match = "acme/*";
  quiet.contexts = {};
  options_.rules = RepositoryRules({quiet});
  EXPECT_THAT(Reports(PullRequest()).contexts, IsEmpty());
}

TEST_F(ConversionTest, TakesEveryEvent) {
  const auto moved = Tells<RepositoryMoved>(
      HookRename{"acme/new", "acme/old", 7, false, absl::FromUnixSeconds(5)},
      "renamed");
  EXPECT_EQ(moved.from.Display(), "acme/old");
  EXPECT_EQ(moved.to.Display(), "acme/new");
  EXPECT_EQ(moved.repository_id, 7);
  EXPECT_EQ(moved.update_time, absl::FromUnixSeconds(5));

  const auto archived =
      Tells<RepositoryArchived>(HookArchive{"acme/app", 7, true}, "archived");
  EXPECT_EQ(archived.repository.Display(), "acme/app");
  EXPECT_EQ(archived.repository_id, 7);
  EXPECT_TRUE(archived.archived);

  const auto installed =
      Tells<InstallationChanged>(HookInstallation{9, "Acme", 3}, "suspend");
  EXPECT_EQ(installed.host, "github.com");
  EXPECT_EQ(installed.account, "Acme");
  EXPECT_EQ(installed.installation_id, 9);
  EXPECT_EQ(installed.app_id, 3);
  EXPECT_EQ(installed.action, "suspend");

  const auto rerun = Tells<RerunRequested>(
      HookRetest{"acme/app", 4, {"ci/\u00e4", "b c"}, "octo-cat", "MEMBER"},
      "created");
  EXPECT_EQ(rerun.repository.Display(), "acme/app");
  EXPECT_EQ(rerun.pull_request_number, 4);
  EXPECT_THAT(rerun.contexts, ElementsAre("ci/\u00e4", "b c"));
  EXPECT_EQ(rerun.login, "octo-cat");
  EXPECT_EQ(rerun.author_association, "MEMBER");
}

// A delivery that the server read by itself is checked like a request.
TEST_F(ConversionTest, RefusesWhatGrpcWouldRefuse) {
  HookReport elsewhere = PullRequest();
  elsewhere.repository = "ghes.example.com/acme/app";
  EXPECT_EQ(ReasonFor(elsewhere), "UNKNOWN_HOST");
  HookReport named = PullRequest();
  named.contexts = {"\u2713", "\U0001F389"};
  EXPECT_EQ(ReasonFor(named), "INVALID_CONTEXT");
  EXPECT_TRUE(absl::StartsWith(Convert({"", named}).status().message(),
                               "contexts[1]: "));
  HookReport two = ShownStatus(Result::kSuccess);
  two.contexts.push_back("ci");
  EXPECT_EQ(ReasonFor(two), "INVALID_OBSERVED");
  EXPECT_EQ(ReasonFor(ShownStatus(static_cast<Result>(8))), "INVALID_RESULT");

  const HookArchive archive = {"acme/app", 7, true};
  EXPECT_EQ(ReasonFor(archive), "");
  EXPECT_EQ(ReasonFor(HookArchive{"acme/app", 0, true}), "INVALID_EVENT");
  EXPECT_EQ(ReasonFor(HookInstallation{9, "Acme", 3}, ""), "INVALID_EVENT");
  EXPECT_EQ(ReasonFor(archive, "a\nb"), "INVALID_DELIVERY");
  EXPECT_EQ(ReasonFor(PullRequest(), "a\nb"), "INVALID_DELIVERY");
}

}  // namespace
}  // namespace signalbox
