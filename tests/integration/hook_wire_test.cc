#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rpc/server_connection.h"
#include "common/webhook/event.h"
#include "server/calls/conversion.h"
#include "server/rpc/convert.h"
#include "shim/server_call.h"
#include "shim/webhook_handler.h"
#include "tests/common/webhook/payloads.h"
#include "tests/shim/fake_server.h"

namespace signalbox {
namespace {

// The server must read from a request what the shim wrote into it. The same
// submission then follows as from the call itself, which a server that reads
// deliveries at GitHub converts. This is all of a submission, as text.

std::string TextOf(const Repository& repository) {
  return repository.Display();
}

std::string TextOf(const Delivery& delivery) {
  return absl::StrCat(delivery.id, "|", delivery.event, "|", delivery.action);
}

std::string TextOf(const Submission& submission) {
  std::string text = absl::StrCat(
      "delivery ", TextOf(submission.delivery.value()), "\n",
      submission.with_all_reported ? "with all that was reported\n" : "");
  const Report& report = submission.report;
  for (const std::string& context : submission.contexts) {
    absl::StrAppend(
        &text, TextOf(report.repository), " ", report.repository_id, " ",
        report.sha.Hex(), " ", context, " ",
        report.result.has_value() ? static_cast<int>(*report.result) : -1, " ",
        report.attempt, " ", report.series, " [", report.description, "] [",
        report.target_url, "] ",
        report.result.has_value() ? ""
                                  : absl::FormatDuration(report.expires_after),
        report.rerun ? " rerun" : "", report.from_webhook ? " webhook" : "",
        "\n");
  }
  if (submission.change.has_value()) {
    const CodeChange& change = *submission.change;
    absl::StrAppend(
        &text, "change ", change.event, " ", change.pull_request_number, " ",
        change.title, " ", change.author, " ", change.head_ref, " ",
        change.base_ref, " ", change.draft, change.fork, change.base_changed,
        " ", change.clone_url, " ",
        absl::FormatTime(change.updated_time, absl::UTCTimeZone()), "\n");
  }
  if (submission.observed.has_value()) {
    absl::StrAppend(&text, "observed ", submission.observed->status_id, " ",
                    submission.observed->creator_login, "\n");
  }
  return text;
}

std::string TextOf(const EventSubmission& submission) {
  struct Text {
    std::string operator()(const RepositoryMoved& e) const {
      return absl::StrCat("moved ", TextOf(e.from), " ", TextOf(e.to), " ",
                          e.repository_id, " ",
                          absl::FormatTime(e.update_time, absl::UTCTimeZone()));
    }
    std::string operator()(const RepositoryArchived& e) const {
      return absl::StrCat("archived ", TextOf(e.repository), " ",
                          e.repository_id, " ", e.archived);
    }
    std::string operator()(const InstallationChanged& e) const {
      return absl::StrCat("installation ", e.host, " ", e.account, " ",
                          e.installation_id, " ", e.app_id, " ", e.action);
    }
    std::string operator()(const RerunRequested& e) const {
      return absl::StrCat("rerun ", TextOf(e.repository), " ",
                          e.pull_request_number, " ",
                          absl::StrJoin(e.contexts, ","), " ", e.login, " ",
                          e.author_association);
    }
  };
  return absl::StrCat("delivery ", TextOf(submission.delivery), "\n",
                      std::visit(Text(), submission.event));
}

struct Sample {
  std::string event;
  nlohmann::ordered_json payload;
};

std::vector<Sample> Samples() {
  std::vector<Sample> samples = {
      {"pull_request", RetargetPayload()},
      {"push", PushPayload()},
      {"merge_group", MergeGroupPayload()},
      {"check_run", CheckRunPayload()},
      {"check_suite", CheckSuitePayload()},
      {"issue_comment", CommentPayload("/retest")},
      {"issue_comment", CommentPayload("/retest ci/build\n/retest ci/lint")},
      {"repository", RepositoryEventPayload("archived")},
      {"repository", RepositoryEventPayload("unarchived")},
      {"repository", RenamedPayload()},
      {"repository", TransferredPayload()},
      {"installation", InstallationPayload()},
      {"installation_repositories", InstallationRepositoriesPayload()},
      {"installation_target", InstallationTargetPayload()}};
  for (const char* action :
       {"opened", "reopened", "synchronize", "ready_for_review", "closed"}) {
    samples.push_back({"pull_request", PullRequestPayload(action)});
  }
  for (const char* state : {"success", "failure", "error", "pending"}) {
    samples.push_back({"status", StatusPayload(state)});
  }
  return samples;
}

TEST(HookWireTest, TheServerReadsWhatTheShimWrote) {
  FakeServer server;
  server.Start();
  const auto stub = *ConnectToServer(absl::StrCat("127.0.0.1:", server.port()));
  ServerLink link(*stub, Secret());
  RepositoryRule rule;
  rule.match = "codertocat/*";
  rule.contexts = {"ci/build", "ci/lint"};
  rule.push_branches = {"*", "refs/tags/*"};
  rule.rerun_on_base_change = true;
  rule.pending_expires_after = absl::Hours(2);
  ConvertOptions convert;
  convert.rules = RepositoryRules({rule});

  int compared = 0;
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(absl::StrCat(sample.event, " ", sample.payload.dump()));
    const HookResult read = ReadHook(sample.event, sample.payload.dump());
    if (!std::holds_alternative<HookCall>(read)) continue;
    const HookCall& call = std::get<HookCall>(read);
    v1::Delivery delivery;
    delivery.set_id("an-id");
    delivery.set_event(sample.event);
    const size_t pendings = server.Requests().size();
    const size_t results = server.Results().size();
    ASSERT_TRUE(
        CallServer(call, delivery,
                   std::chrono::steady_clock::now() + std::chrono::minutes(1),
                   link)
            .status.ok());
    const auto submission = ConvertHookCall(
        call, {"an-id", "", sample.event, call.action, 0}, convert);
    ASSERT_TRUE(submission.ok()) << submission.status();
    ++compared;
    if (const auto* event = std::get_if<EventSubmission>(&*submission)) {
      const auto told = FromProto(server.Events().back(), convert);
      ASSERT_TRUE(told.ok()) << told.status();
      EXPECT_EQ(TextOf(*event), TextOf(*told));
      continue;
    }
    const auto told = server.Requests().size() > pendings
                          ? FromProto(server.Requests().back(), convert)
                          : FromProto(server.Results().back(), convert);
    ASSERT_TRUE(server.Requests().size() > pendings ||
                server.Results().size() > results);
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(TextOf(std::get<Submission>(*submission)),
              TextOf(told->submission));
  }
  EXPECT_GE(compared, 19);
}

}  // namespace
}  // namespace signalbox
