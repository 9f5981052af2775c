#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "common/error.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

v1::ReportEventRequest Base() {
  v1::ReportEventRequest request;
  request.mutable_delivery()->set_id("72d3162e");
  request.mutable_delivery()->set_event("issue_comment");
  request.mutable_delivery()->set_hook_id(5'000'000'001);
  return request;
}

v1::ReportEventRequest Rerun() {
  v1::ReportEventRequest request = Base();
  v1::RerunRequested& event = *request.mutable_rerun_requested();
  event.set_repository("Acme/App");
  event.set_pull_request_number(5'000'000'002);
  event.add_contexts("ci/build");
  event.set_login("octo-cat");
  event.set_author_association("MEMBER");
  return request;
}

v1::ReportEventRequest Renamed() {
  v1::ReportEventRequest request = Base();
  v1::RepositoryRenamed& event = *request.mutable_repository_renamed();
  event.set_repository("acme/new");
  event.set_old_repository("acme/old");
  event.set_repository_id(7);
  event.mutable_update_time()->set_seconds(1'700'000'000);
  return request;
}

v1::ReportEventRequest Installation() {
  v1::ReportEventRequest request = Base();
  v1::InstallationChanged& event = *request.mutable_installation_changed();
  event.set_account("Acme");
  event.set_installation_id(9);
  event.set_app_id(3);
  event.set_action("new_permissions_accepted");
  return request;
}

class ConvertEventTest : public testing::Test {
 protected:
  template <typename Kind>
  Kind Take(const v1::ReportEventRequest& request) {
    const auto submission = FromProto(request, options_);
    EXPECT_TRUE(submission.ok()) << submission.status();
    if (!submission.ok()) return Kind();
    EXPECT_EQ(submission->delivery.id, "72d3162e");
    EXPECT_EQ(submission->delivery.hook_id, 5'000'000'001);
    return std::get<Kind>(submission->event);
  }

  void ExpectRefused(v1::ReportEventRequest request,
                     const std::function<void(v1::ReportEventRequest*)>& spoil,
                     absl::string_view reason = "INVALID_EVENT") {
    spoil(&request);
    const auto submission = FromProto(request, options_);
    EXPECT_EQ(ReasonOf(submission.status()), reason)
        << submission.status() << " for " << request.ShortDebugString();
  }

  ConvertOptions options_;
};

TEST_F(ConvertEventTest, TakesEveryKind) {
  const auto rerun = Take<RerunRequested>(Rerun());
  EXPECT_EQ(rerun.repository.FullName(), "Acme/App");
  EXPECT_EQ(rerun.pull_request_number, 5'000'000'002);
  EXPECT_EQ(rerun.contexts, std::vector<std::string>{"ci/build"});
  EXPECT_EQ(rerun.login, "octo-cat");
  EXPECT_EQ(rerun.author_association, "MEMBER");

  const auto renamed = Take<RepositoryMoved>(Renamed());
  EXPECT_EQ(renamed.from.FullName(), "acme/old");
  EXPECT_EQ(renamed.to.FullName(), "acme/new");
  EXPECT_EQ(renamed.repository_id, 7);
  EXPECT_EQ(renamed.update_time, absl::FromUnixSeconds(1'700'000'000));
  // An invalid time counts as unknown.
  v1::ReportEventRequest timeless = Renamed();
  timeless.mutable_repository_renamed()->mutable_update_time()->set_nanos(-1);
  EXPECT_EQ(Take<RepositoryMoved>(timeless).update_time, absl::InfinitePast());

  v1::ReportEventRequest transferred = Base();
  v1::RepositoryTransferred& transfer =
      *transferred.mutable_repository_transferred();
  transfer.set_repository("other/app");
  transfer.set_old_repository("acme/app");
  transfer.set_repository_id(7);
  EXPECT_EQ(Take<RepositoryMoved>(transferred).to.FullName(), "other/app");
  EXPECT_EQ(Take<RepositoryMoved>(transferred).update_time,
            absl::InfinitePast());
  transfer.mutable_update_time()->set_seconds(5);
  EXPECT_EQ(Take<RepositoryMoved>(transferred).update_time,
            absl::FromUnixSeconds(5));

  v1::ReportEventRequest archived = Base();
  archived.mutable_repository_archived()->set_repository("acme/app");
  archived.mutable_repository_archived()->set_repository_id(7);
  archived.mutable_repository_archived()->set_archived(true);
  EXPECT_TRUE(Take<RepositoryArchived>(archived).archived);

  const auto installation = Take<InstallationChanged>(Installation());
  EXPECT_EQ(installation.host, "github.com");
  EXPECT_EQ(installation.account, "Acme");
  EXPECT_EQ(installation.installation_id, 9);
  EXPECT_EQ(installation.app_id, 3);
  EXPECT_EQ(installation.action, "new_permissions_accepted");
}

TEST_F(ConvertEventTest, RefusesWhatIsNoEvent) {
  using Request = v1::ReportEventRequest*;
  ExpectRefused(Base(), [](Request) {});
  ExpectRefused(
      Rerun(), [](Request r) { r->mutable_delivery()->clear_id(); },
      "INVALID_DELIVERY");
  ExpectRefused(
      Rerun(), [](Request r) { r->mutable_delivery()->set_hook_id(-1); },
      "INVALID_DELIVERY");
  ExpectRefused(
      Rerun(), [](Request r) { r->clear_delivery(); }, "INVALID_DELIVERY");

  const auto rerun = [this](const std::function<void(v1::RerunRequested*)>& to,
                            absl::string_view reason = "INVALID_EVENT") {
    ExpectRefused(
        Rerun(), [&](Request r) { to(r->mutable_rerun_requested()); }, reason);
  };
  rerun([](auto* e) { e->set_pull_request_number(0); });
  rerun([](auto* e) { e->set_pull_request_number(-1); });
  rerun([](auto* e) { e->clear_login(); });
  rerun([](auto* e) { e->set_login("a b"); });
  rerun([](auto* e) { e->set_login(std::string(256, 'a')); });
  rerun([](auto* e) { e->set_author_association("\n"); });
  rerun([](auto* e) { e->add_contexts(" x"); }, "INVALID_CONTEXT");
  rerun([](auto* e) { e->add_contexts("a\nb"); }, "INVALID_CONTEXT");
  rerun([](auto* e) { e->set_repository("acme"); }, "INVALID_REPOSITORY");
  rerun([](auto* e) { e->set_repository("evil.example/a/b"); }, "UNKNOWN_HOST");
  rerun(
      [](auto* e) {
        for (int i = 0; i < 101; ++i) e->add_contexts("x");
      },
      "TOO_MANY_CONTEXTS");

  const auto renamed =
      [this](const std::function<void(v1::RepositoryRenamed*)>& to,
             absl::string_view reason = "INVALID_EVENT") {
        ExpectRefused(
            Renamed(), [&](Request r) { to(r->mutable_repository_renamed()); },
            reason);
      };
  renamed([](auto* e) { e->set_repository_id(0); });
  renamed([](auto* e) { e->clear_old_repository(); }, "INVALID_REPOSITORY");
  options_.known_hosts.push_back("ghes.example.com");
  renamed([](auto* e) { e->set_old_repository("ghes.example.com/acme/old"); });

  const auto installation =
      [this](const std::function<void(v1::InstallationChanged*)>& to) {
        ExpectRefused(Installation(), [&](Request r) {
          to(r->mutable_installation_changed());
        });
      };
  installation([](auto* e) { e->set_installation_id(0); });
  installation([](auto* e) { e->set_app_id(-1); });
  installation([](auto* e) { e->clear_account(); });
  installation([](auto* e) { e->set_account("a/b/c"); });
  installation([](auto* e) { e->set_account("evil.example/acme"); });
  installation([](auto* e) { e->clear_action(); });
}

TEST_F(ConvertEventTest, AnErrorNamesTheFieldThatIsWrong) {
  v1::ReportEventRequest renamed = Renamed();
  renamed.mutable_repository_renamed()->set_old_repository("acme");
  EXPECT_TRUE(absl::StartsWith(FromProto(renamed, options_).status().message(),
                               "old_repository: \"acme\""));
  v1::ReportEventRequest rerun = Rerun();
  rerun.mutable_rerun_requested()->add_contexts(" x");
  EXPECT_TRUE(absl::StartsWith(FromProto(rerun, options_).status().message(),
                               "contexts[1]: \" x\""));
}

}  // namespace
}  // namespace signalbox
