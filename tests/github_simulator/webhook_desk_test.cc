#include "tests/github_simulator/webhook_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/webhook_request.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr char kRepository[] = "acme/widgets";
constexpr char kSha[] = "1111111111111111111111111111111111111abc";

std::string HeaderIn(const Hooks::Attempt& attempt, absl::string_view name) {
  for (const auto& [key, value] : attempt.headers) {
    if (key == name) return value;
  }
  return "";
}

class WebhookDeskTest : public ::testing::Test {
 protected:
  WebhookDeskTest() { rules_.AddRepository(kRepository, 5'000'000'123); }

  // Returns what is wrong with an order; empty: `jobs_` has its outcome.
  std::string Order(Json order) {
    if (!order.contains("repository") && !order.contains("redeliver") &&
        !order.contains("release")) {
      order["repository"] = kRepository;
    }
    WebhookOrder parsed;
    std::string complaint = ReadWebhookOrder(order.dump(), &parsed);
    jobs_.clear();
    if (complaint.empty()) complaint = desk_.CarryOut(parsed, now_, &jobs_);
    return complaint;
  }

  // The payload of the only attempt that an order made.
  Json Payload(const Json& order) {
    EXPECT_EQ(Order(order), "") << order;
    if (jobs_.size() != 1 || jobs_[0].attempts.size() != 1) {
      ADD_FAILURE() << order << " made no attempt";
      return {};
    }
    attempt_ = jobs_[0].attempts[0];
    return Json::parse(attempt_.body);
  }

  void AddApp() {
    static const auto* const kKey = new AppKey();
    rules_.AddApp({.id = 12, .slug = "bot", .public_key = kKey->PublicPem()});
    rules_.AddInstallation({.id = 77, .app_id = 12, .account = "acme"});
  }

  void EndAll(int status_code) {
    for (const auto& job : jobs_) {
      for (const auto& attempt : job.attempts) {
        rules_.hooks().EndAttempt(attempt.id, {.status_code = status_code},
                                  now_);
      }
    }
  }

  absl::Time now_ =
      absl::FromCivil(absl::CivilSecond(2026, 6, 1), absl::UTCTimeZone());
  GitHubRules rules_{GitHubRules::Options{}};
  WebhookDesk desk_{{.url = "http://shim/", .secret = "secret"}, &rules_};
  std::vector<WebhookDesk::Job> jobs_;
  Hooks::Attempt attempt_;
};

// ---- Who gets it

TEST_F(WebhookDeskTest, MakesAHookWhereNobodyRegisteredAny) {
  Payload({{"event", "push"}});
  EXPECT_EQ(attempt_.url, "http://shim/");
  EXPECT_EQ(HeaderIn(attempt_, "X-GitHub-Hook-Installation-Target-Type"),
            "repository");
  EXPECT_EQ(HeaderIn(attempt_, "X-GitHub-Hook-Installation-Target-ID"),
            "5000000123");
  EXPECT_EQ(HeaderIn(attempt_, "X-Hub-Signature-256"),
            WebhookSignature("sha256", "secret", attempt_.body));
  EndAll(202);
  const int64_t hook = attempt_.hook_id;
  EXPECT_THAT(rules_.hooks().DeliveriesOf(hook, now_), SizeIs(1));
  // The hook stays the same, even for another address.
  Payload({{"event", "push"}, {"url", "http://elsewhere/"}});
  EXPECT_EQ(attempt_.hook_id, hook);
  EXPECT_EQ(attempt_.url, "http://elsewhere/");
  EXPECT_EQ(rules_.hooks().Find(hook)->hook.url, "http://shim/");
}

TEST_F(WebhookDeskTest, AnInstalledAppIsToldInsteadOfTheRepository) {
  AddApp();
  const Json payload = Payload({{"event", "push"}});
  EXPECT_EQ(payload["installation"]["id"], 77);
  EXPECT_EQ(HeaderIn(attempt_, "X-GitHub-Hook-Installation-Target-Type"),
            "integration");
  EXPECT_EQ(HeaderIn(attempt_, "X-GitHub-Hook-Installation-Target-ID"), "12");
  EXPECT_EQ(attempt_.url, "http://shim/");
  // Outside the installation, the payload names none.
  EXPECT_FALSE(Payload({{"event", "push"}, {"repository", "else/where"}})
                   .contains("installation"));
}

TEST_F(WebhookDeskTest, RegisteredHooksAreToldInsteadOfAllOthers) {
  Payload({{"event", "push"}});  // Adds one.
  const int64_t one = rules_.hooks().AddHook(
      {.repository = kRepository, .url = "http://one/", .events = {"push"}},
      now_);
  const int64_t two = rules_.hooks().AddHook(
      {.organization = "acme", .url = "http://two/", .events = {"push"}}, now_);
  ASSERT_EQ(Order({{"event", "push"}}), "");
  ASSERT_THAT(jobs_, SizeIs(1));
  EXPECT_THAT(jobs_[0].hooks, ElementsAre(one, two));
  ASSERT_THAT(jobs_[0].attempts, SizeIs(2));
  EXPECT_EQ(jobs_[0].attempts[0].guid, jobs_[0].attempts[1].guid);
  EXPECT_EQ(jobs_[0].attempts[0].url, "http://one/");
  EXPECT_EQ(jobs_[0].attempts[1].url, "http://two/");
  // An event that neither wants goes to the first address.
  Payload({{"event", "pull_request"}});
  EXPECT_EQ(attempt_.url, "http://shim/");
  // A hook that the order names gets the event in any case.
  Payload({{"event", "pull_request"}, {"hook", two}});
  EXPECT_EQ(attempt_.hook_id, two);
  EXPECT_NE(Order({{"event", "push"}, {"hook", 1}}), "");
}

TEST_F(WebhookDeskTest, NowhereToSendItIsAComplaint) {
  WebhookDesk desk({}, &rules_);
  WebhookOrder order;
  ASSERT_EQ(ReadWebhookOrder(R"({"event":"push","repository":"acme/widgets"})",
                             &order),
            "");
  EXPECT_NE(desk.CarryOut(order, now_, &jobs_), "");
  order.url = "http://a/";
  EXPECT_EQ(desk.CarryOut(order, now_, &jobs_), "");
  // The desk keeps the address until an order names another.
  order.url = "";
  EXPECT_EQ(desk.CarryOut(order, now_, &jobs_), "");
}

// ---- How it is sent

TEST_F(WebhookDeskTest, SignsAsOrdered) {
  const auto signature = [this](const Json& order) {
    Payload(order);
    return HeaderIn(attempt_, "X-Hub-Signature-256");
  };
  EXPECT_EQ(signature({{"event", "push"}, {"secret", ""}}), "");
  EXPECT_EQ(HeaderIn(attempt_, "X-Hub-Signature"), "");
  const std::string old = signature({{"event", "push"}, {"secret", "old"}});
  EXPECT_EQ(old, WebhookSignature("sha256", "old", attempt_.body));
}

TEST_F(WebhookDeskTest, HoldsBackAndReleasesInOrder) {
  const auto numbers = [this](const std::string& release) {
    std::vector<int> numbers;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(Order({{"event", "pull_request"}, {"hold", true}}), "");
      EXPECT_THAT(jobs_[0].attempts, IsEmpty());
      EXPECT_EQ(desk_.AnswerOf(jobs_[0])["held"], i + 1);
    }
    now_ += absl::Minutes(5);
    EXPECT_EQ(Order({{"release", release}}), "");
    for (const auto& job : jobs_) {
      EXPECT_THAT(job.attempts, SizeIs(1));
      numbers.push_back(Json::parse(job.attempts[0].body)["number"]);
    }
    return numbers;
  };
  EXPECT_THAT(numbers("order"), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers("reverse"), ElementsAre(6, 5, 4));
  EXPECT_EQ(Order({{"release", "order"}}), "");
  EXPECT_THAT(jobs_, IsEmpty());
}

TEST_F(WebhookDeskTest, PadsAPayload) {
  for (const int size : {0, 100, 100'000}) {
    Payload({{"event", "push"}, {"payload_bytes", size}});
    EXPECT_GE(attempt_.body.size(), static_cast<size_t>(size));
  }
  EXPECT_EQ(attempt_.body.size(), 100'000u);
  // An event of more than 25 MiB goes to nobody.
  EXPECT_EQ(Order({{"event", "push"}, {"payload_bytes", (25 << 20) + 1}}), "");
  EXPECT_THAT(jobs_[0].attempts, IsEmpty());
  EXPECT_EQ(desk_.AnswerOf(jobs_[0])["error"], "it was not sent");
}

TEST_F(WebhookDeskTest, FailuresNeedNoReceiver) {
  rules_.hooks().FailAll(503);
  ASSERT_EQ(Order({{"event", "push"}}), "");
  EXPECT_THAT(jobs_[0].attempts, IsEmpty());
  const auto answer = desk_.AnswerOf(jobs_[0]);
  EXPECT_EQ(answer["status"], 503);
  EXPECT_EQ(answer["deliveries"][0]["status"], 503);
}

TEST_F(WebhookDeskTest, RedeliversToWhoGotIt) {
  AddApp();
  Payload({{"event", "push"}, {"sha", kSha}});
  EndAll(503);
  const std::string guid = attempt_.guid;
  Payload({{"redeliver", guid}});
  EXPECT_EQ(attempt_.guid, guid);
  EXPECT_EQ(jobs_[0].sha, kSha);
  EndAll(202);
  EXPECT_EQ(desk_.AnswerOf(jobs_[0])["status"], 202);
  // A redelivery by order counts against nobody.
  EXPECT_EQ(rules_.misbehaviour(), GitHubRules::Misbehaviour{});
  EXPECT_EQ(Order({{"redeliver", "unknown"}}), "no such delivery");
}

// ---- What happened

TEST_F(WebhookDeskTest, AnAnnotatedTagLeadsToATagObject) {
  const Json tag = Payload(
      {{"event", "push"}, {"tag", "v1"}, {"annotated", true}, {"sha", kSha}});
  EXPECT_EQ(tag["ref"], "refs/tags/v1");
  EXPECT_NE(tag["after"], kSha);
  EXPECT_EQ(tag["after"].get<std::string>().size(), 40u);
  EXPECT_EQ(tag["head_commit"]["id"], kSha);
  EXPECT_THAT(tag["commits"], IsEmpty());
  EXPECT_EQ(tag["created"], true);
  EXPECT_TRUE(rules_.HasCommit(kRepository, kSha));
  EXPECT_FALSE(rules_.HasCommit(kRepository, tag["after"].get<std::string>()));
  const Json light = Payload({{"event", "push"}, {"tag", "v2"}, {"sha", kSha}});
  EXPECT_EQ(light["after"], kSha);
  const Json branch =
      Payload({{"event", "push"}, {"branch", "b"}, {"sha", kSha}});
  EXPECT_EQ(branch["ref"], "refs/heads/b");
  EXPECT_EQ(branch["created"], false);
}

TEST_F(WebhookDeskTest, ADeletedBranchHasNoCommit) {
  const Json deleted =
      Payload({{"event", "push"}, {"sha", std::string(40, '0')}});
  EXPECT_EQ(deleted["deleted"], true);
  EXPECT_TRUE(deleted["head_commit"].is_null());
  EXPECT_FALSE(rules_.HasCommit(kRepository, std::string(40, '0')));
}

TEST_F(WebhookDeskTest, AForkCanBeGone) {
  const Json gone = Payload({{"event", "pull_request"}, {"fork_gone", true}});
  EXPECT_TRUE(gone["pull_request"]["head"]["repo"].is_null());
  // The simulator keeps the pull request that was opened.
  EXPECT_NE(rules_.pull_requests().Find(5'000'000'123, gone["number"]),
            nullptr);
}

TEST_F(WebhookDeskTest, AMergeGroupHasAHeadOfItsOwn) {
  const Json group = Payload({{"event", "merge_group"}, {"number", 104}});
  EXPECT_EQ(group["action"], "checks_requested");
  EXPECT_EQ(group["merge_group"]["head_sha"], jobs_[0].sha);
  EXPECT_NE(group["merge_group"]["head_commit"]["id"], jobs_[0].sha);
  EXPECT_TRUE(rules_.HasCommit(kRepository, jobs_[0].sha));
  EXPECT_THAT(
      group["merge_group"]["head_ref"].get<std::string>(),
      ::testing::StartsWith("refs/heads/gh-readonly-queue/main/pr-104-"));
  EXPECT_EQ(Payload({{"event", "merge_group"}, {"action", "destroyed"}})
                .value("reason", ""),
            "dequeued");
}

TEST_F(WebhookDeskTest, ACommentIsOnAPullRequestOrAnIssue) {
  Payload({{"event", "pull_request"}});
  const Json comment = Payload({{"event", "issue_comment"}});
  EXPECT_EQ(comment["comment"]["body"], "/retest");
  EXPECT_EQ(comment["comment"]["author_association"], "MEMBER");
  EXPECT_EQ(comment["issue"]["number"], 1);
  EXPECT_TRUE(comment["issue"].contains("pull_request"));
  const Json other = Payload({{"event", "issue_comment"},
                              {"action", "edited"},
                              {"issue", true},
                              {"body", "hi\r\n/retest"},
                              {"login", "ci[bot]"},
                              {"author_association", "NONE"},
                              {"number", 9}});
  EXPECT_FALSE(other["issue"].contains("pull_request"));
  EXPECT_EQ(other["issue"]["number"], 9);
  EXPECT_EQ(other["comment"]["body"], "hi\r\n/retest");
  EXPECT_EQ(other["comment"]["user"]["type"], "Bot");
  EXPECT_EQ(other["sender"]["login"], "ci[bot]");
  EXPECT_TRUE(other["changes"]["body"].contains("from"));
}

TEST_F(WebhookDeskTest, AStatusOfSomebodyElse) {
  const Json status = Payload({{"event", "status"},
                               {"sha", kSha},
                               {"context", "theirs"},
                               {"state", "failure"},
                               {"login", "theirs[bot]"}});
  EXPECT_EQ(status["sha"], kSha);
  EXPECT_EQ(status["context"], "theirs");
  EXPECT_EQ(status["state"], "failure");
  EXPECT_EQ(status["sender"]["login"], "theirs[bot]");
  EXPECT_FALSE(status.contains("action"));
}

TEST_F(WebhookDeskTest, ARepositoryMovesBeforeItIsTold) {
  const Json renamed =
      Payload({{"event", "repository"}, {"new_full_name", "acme/things"}});
  EXPECT_EQ(renamed["action"], "renamed");
  EXPECT_EQ(renamed["changes"]["repository"]["name"]["from"], "widgets");
  EXPECT_EQ(renamed["repository"]["full_name"], "acme/things");
  EXPECT_EQ(rules_.CurrentName(kRepository), "acme/things");
  const Json moved = Payload({{"event", "repository"},
                              {"action", "transferred"},
                              {"new_full_name", "other/things"}});
  EXPECT_EQ(moved["changes"]["owner"]["from"]["organization"]["login"], "acme");
  EXPECT_EQ(moved["repository"]["owner"]["login"], "other");
  const Json archived =
      Payload({{"event", "repository"}, {"action", "archived"}});
  EXPECT_EQ(archived["repository"]["archived"], true);
  EXPECT_TRUE(rules_.IsArchived(kRepository));
  Payload({{"event", "repository"}, {"action", "unarchived"}});
  EXPECT_FALSE(rules_.IsArchived(kRepository));
  rules_.AddRepository("acme/taken", 0);
  EXPECT_NE(Order({{"event", "repository"}, {"new_full_name", "acme/taken"}}),
            "");
  EXPECT_NE(Order({{"event", "repository"}}), "");
}

TEST_F(WebhookDeskTest, AnInstallationChangesBeforeItIsTold) {
  EXPECT_NE(Order({{"event", "installation"}}), "") << "there is none";
  AddApp();
  const auto tell = [this](const std::string& action) {
    return Payload({{"event", "installation"}, {"action", action}});
  };
  const Json suspended = tell("suspend");
  EXPECT_EQ(suspended["installation"]["id"], 77);
  EXPECT_EQ(suspended["installation"]["app_id"], 12);
  EXPECT_TRUE(suspended["installation"]["created_at"].is_number_integer());
  EXPECT_FALSE(suspended["installation"]["suspended_at"].is_null());
  EXPECT_EQ(attempt_.event, "installation");
  EXPECT_TRUE(rules_.apps().FindInstallation(77)->suspended);
  EXPECT_TRUE(tell("unsuspend")["installation"]["suspended_at"].is_null());
  EXPECT_FALSE(rules_.apps().FindInstallation(77)->suspended);
  tell("new_permissions_accepted");
  tell("deleted");
  EXPECT_THAT(rules_.apps().InstallationIds(), IsEmpty());
  EXPECT_NE(Order({{"event", "installation"}, {"installation_id", 78}}), "");
}

TEST_F(WebhookDeskTest, WhatIsUnknownMustBeMeant) {
  EXPECT_NE(Order({{"event", "release"}}), "");
  EXPECT_NE(Order({{"event", "pull_request"}, {"action", "polished"}}), "");
  const Json release = Payload(
      {{"event", "release"}, {"action", "published"}, {"unknown", true}});
  EXPECT_EQ(release["action"], "published");
  EXPECT_EQ(release["repository"]["full_name"], kRepository);
  EXPECT_EQ(attempt_.event, "release");
  const Json polished = Payload(
      {{"event", "pull_request"}, {"action", "polished"}, {"unknown", true}});
  EXPECT_EQ(polished["action"], "polished");
  EXPECT_TRUE(polished.contains("pull_request"));
  const Json own = Payload({{"event", "push"}, {"payload", {{"x", 1}}}});
  EXPECT_EQ(own["x"], 1);
  EXPECT_EQ(own["repository"]["full_name"], kRepository);
}

TEST_F(WebhookDeskTest, RefusesWhatMakesNoSense) {
  const Json kWrong[] = {
      {{"event", ""}, {"unknown", true}},
      {{"event", "push"}, {"times", 0}},
      {{"event", "push"}, {"times", 101}},
      {{"event", "push"}, {"payload_bytes", -1}},
      {{"event", "push"}, {"payload_bytes", 40 << 20}},
      {{"event", "push"}, {"payload", "x"}},
      {{"event", "push"}, {"payload", {1}}},
      {{"event", "push"}, {"secret", 7}},
      {{"event", "push"}, {"hold", "yes"}},
      {{"event", "push"}, {"tag", 1}},
      {{"release", "all"}},
      {{"event", "installation"}, {"action", "opened"}},
      {{"event", "repository"}, {"new_full_name", "x"}},
  };
  for (const Json& order : kWrong) EXPECT_NE(Order(order), "") << order;
}

TEST_F(WebhookDeskTest, AComplaintNamesTheMemberAndItsValue) {
  EXPECT_EQ(Order({{"event", "push"}, {"sha", "12"}}),
            "sha \"12\" is not 40 hexadecimal digits");
  EXPECT_EQ(Order({{"event", "push"}, {"number", -1}}),
            "number \"-1\" is negative; wanted 0 or more");
  EXPECT_EQ(Order({{"event", "push"}, {"secret", 7}}),
            "secret is not a string");
}

}  // namespace
}  // namespace signalbox
