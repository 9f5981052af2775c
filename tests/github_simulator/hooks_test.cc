#include "tests/github_simulator/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/github_simulator/apps_fixture.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/webhook_request.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

std::string HeaderIn(const Hooks::Attempt& attempt, absl::string_view name) {
  for (const auto& [key, value] : attempt.headers) {
    if (key == name) return value;
  }
  return "";
}

// The repository belongs to the organisation acme, where an App is installed.
class HooksFixture : public AppsFixture {
 protected:
  Hooks& hooks() { return rules_->hooks(); }

  int64_t AddRepositoryHook(std::vector<std::string> events = {"*"}) {
    return hooks().AddHook(
        {.repository = kRepository, .events = std::move(events)}, now_);
  }

  static Hooks::Event Event(const std::string& name = "push",
                            const std::string& full_name = kRepository) {
    return {.name = name,
            .payload = Json({{"action", "opened"},
                             {"repository", {{"full_name", full_name}}}})
                           .dump()};
  }

  // The newest delivery of a hook.
  const Hooks::Delivery* Newest(int64_t hook) {
    const auto all = hooks().DeliveriesOf(hook, now_);
    return all.empty() ? nullptr : all.front();
  }
};

TEST_F(HooksFixture, TellsWhoAskedToBeTold) {
  const int64_t wanted = AddRepositoryHook({"push"});
  AddRepositoryHook({"pull_request"});
  const int64_t organization =
      hooks().AddHook({.organization = "ACME", .events = {"push"}}, now_);
  hooks().AddHook({.organization = "elsewhere"}, now_);
  hooks().AddHook({.repository = "acme/gadgets"}, now_);
  hooks().AddHook({.repository = kRepository, .active = false}, now_);
  const int64_t app = hooks().AddHook({.app_id = kAppId}, now_);
  hooks().AddHook({.app_id = kAppId + 1}, now_);  // Not installed at acme.

  const std::string guid = hooks().Send(Event("push", "acme/WIDGETS"), now_);
  std::vector<int64_t> told;
  for (const Hooks::Attempt& attempt : hooks().TakeAttempts(now_)) {
    told.push_back(attempt.hook_id);
    EXPECT_EQ(attempt.guid, guid);
    EXPECT_EQ(attempt.event, "push");
    EXPECT_GT(attempt.id, int64_t{1} << 32);
    EXPECT_GT(attempt.hook_id, int64_t{1} << 32);
  }
  EXPECT_THAT(told, UnorderedElementsAre(wanted, organization, app));
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
}

TEST_F(HooksFixture, FollowsARepositoryThatIsRenamedOrTransferred) {
  const int64_t hook = AddRepositoryHook();
  const int64_t organization = hooks().AddHook({.organization = "acme"}, now_);
  ASSERT_TRUE(rules_->RenameRepository(kRepository, "other/Things"));
  hooks().Record(Event("push", "other/things"), {}, now_);
  EXPECT_THAT(hooks().DeliveriesOf(hook, now_), SizeIs(1));
  EXPECT_THAT(hooks().DeliveriesOf(organization, now_), IsEmpty());
}

// An App cannot unsubscribe from these, and no other hook gets them.
TEST_F(HooksFixture, TellsEveryAppOfItsInstallations) {
  AddRepositoryHook();
  const int64_t app = hooks().AddHook({.app_id = kAppId, .events = {}}, now_);
  hooks().AddHook({.app_id = 99, .events = {}}, now_);
  for (const char* const name : {"installation", "installation_repositories"}) {
    hooks().Send({.name = name,
                  .payload = Json({{"action", "created"},
                                   {"installation",
                                    {{"id", 4711},
                                     {"app_id", kAppId},
                                     {"account", {{"login", "new"}}}}}})
                                 .dump()},
                 now_);
    const auto attempts = hooks().TakeAttempts(now_);
    ASSERT_THAT(attempts, SizeIs(1)) << name;
    EXPECT_EQ(attempts[0].hook_id, app);
    ASSERT_TRUE(hooks().EndAttempt(attempts[0].id, {}, now_));
    EXPECT_EQ(Newest(app)->installation_id, 4711);
    EXPECT_EQ(Newest(app)->repository_id, std::nullopt);
  }
}

TEST_F(HooksFixture, ASuspendedInstallationIsToldNothing) {
  hooks().AddHook({.app_id = kAppId}, now_);
  rules_->AddInstallation({.id = installation_,
                           .app_id = kAppId,
                           .account = "acme",
                           .suspended = true});
  hooks().Send(Event(), now_);
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
}

TEST_F(HooksFixture, AnAppHasOneHook) {
  const int64_t first = hooks().AddHook({.app_id = kAppId}, now_);
  EXPECT_EQ(hooks().AddHook({.app_id = kAppId, .url = "http://new/"}, now_),
            first);
  hooks().AddHook({.id = 5'000'000'000, .app_id = kAppId}, now_);
  EXPECT_EQ(hooks().Find(first), nullptr);
  ASSERT_NE(hooks().FindOfApp(kAppId), nullptr);
  EXPECT_EQ(hooks().FindOfApp(kAppId)->hook.id, 5'000'000'000);
}

TEST_F(HooksFixture, SaysWhereAHookLives) {
  AddRepositoryHook();
  hooks().AddHook({.organization = "acme"}, now_);
  hooks().AddHook({.app_id = kAppId}, now_);
  hooks().Send(Event(), now_);
  std::vector<std::string> types;
  for (const Hooks::Attempt& attempt : hooks().TakeAttempts(now_)) {
    types.push_back(
        HeaderIn(attempt, "X-GitHub-Hook-Installation-Target-Type"));
    const std::string id =
        HeaderIn(attempt, "X-GitHub-Hook-Installation-Target-ID");
    EXPECT_EQ(HeaderIn(attempt, "X-GitHub-Hook-ID"),
              absl::StrCat(attempt.hook_id));
    EXPECT_EQ(HeaderIn(attempt, "X-GitHub-Event"), "push");
    EXPECT_EQ(HeaderIn(attempt, "X-GitHub-Delivery"), attempt.guid);
    const Json payload = Json::parse(attempt.body);
    const bool is_app = types.back() == "integration";
    EXPECT_EQ(payload.contains("installation"), is_app);
    if (is_app) {
      EXPECT_EQ(payload["installation"]["id"], installation_);
      EXPECT_EQ(id, absl::StrCat(kAppId));
    }
    if (types.back() == "repository") {
      EXPECT_EQ(id, absl::StrCat(kId));
    }
  }
  EXPECT_THAT(
      types, UnorderedElementsAre("repository", "organization", "integration"));
}

TEST_F(HooksFixture, SignsWhatItSends) {
  hooks().AddHook({.repository = kRepository,
                   .content_type = "form",
                   .secret = "It's a Secret to Everybody"},
                  now_);
  Hooks::Event event = Event();
  event.payload = R"({"zen":"Hello, World!","repository":{"id":5000000123}})";
  hooks().Send(event, now_);
  event.secret = "an old one";
  hooks().Send(event, now_);
  event.secret = "";
  hooks().Send(event, now_);
  const auto attempts = hooks().TakeAttempts(now_);
  ASSERT_THAT(attempts, SizeIs(3));
  const std::string& body = attempts[0].body;
  EXPECT_EQ(
      PercentDecode(body),
      "payload=" +
          std::string(
              R"({"zen":"Hello,+World!","repository":{"id":5000000123}})"));
  EXPECT_EQ(HeaderIn(attempts[0], "Content-Type"),
            "application/x-www-form-urlencoded");
  EXPECT_EQ(HeaderIn(attempts[0], "X-Hub-Signature-256"),
            WebhookSignature("sha256", "It's a Secret to Everybody", body));
  EXPECT_EQ(HeaderIn(attempts[1], "X-Hub-Signature-256"),
            WebhookSignature("sha256", "an old one", body));
  EXPECT_EQ(HeaderIn(attempts[2], "X-Hub-Signature-256"), "");
}

TEST_F(HooksFixture, RemembersHowAnAttemptEnded) {
  const int64_t hook = AddRepositoryHook();
  const struct {
    Hooks::Outcome outcome;
    int status_code;
    std::string status;
    bool succeeded;
  } kCases[] = {
      {{.status_code = 202}, 202, "OK", true},
      {{.status_code = 302}, 302, "OK", true},
      {{.status_code = 401}, 401, "Invalid HTTP Response: 401", false},
      {{.status_code = 503}, 503, "Invalid HTTP Response: 503", false},
      {{.status_code = 0}, 0, "failed to connect to host", false},
      {{.status_code = 0, .reason = "timed out"}, 0, "timed out", false},
      {{.status_code = 504, .reason = "timed out"}, 504, "timed out", false},
  };
  for (const auto& test : kCases) {
    hooks().Send(Event(), now_);
    const auto attempts = hooks().TakeAttempts(now_);
    ASSERT_THAT(attempts, SizeIs(1));
    // GitHub does not list a delivery under way.
    EXPECT_EQ(hooks().FindDelivery(hook, attempts[0].id, now_), nullptr);
    const absl::Time begun = now_;
    now_ += absl::Milliseconds(270);
    ASSERT_TRUE(hooks().EndAttempt(attempts[0].id, test.outcome, now_));
    EXPECT_FALSE(hooks().EndAttempt(attempts[0].id, {}, now_)) << "twice";
    const auto* const delivery =
        hooks().FindDelivery(hook, attempts[0].id, now_);
    ASSERT_NE(delivery, nullptr);
    EXPECT_EQ(delivery->outcome->status_code, test.status_code);
    EXPECT_EQ(delivery->outcome->reason, test.status);
    EXPECT_EQ(delivery->HasSucceeded(), test.succeeded);
    EXPECT_EQ(delivery->delivered_at, begun);
    EXPECT_EQ(delivery->duration, absl::Milliseconds(270));
    EXPECT_EQ(delivery->action, "opened");
    EXPECT_EQ(delivery->repository_id, kId);
    EXPECT_EQ(delivery->installation_id, std::nullopt);
  }
  EXPECT_FALSE(hooks().EndAttempt(1, {}, now_)) << "never begun";
}

TEST_F(HooksFixture, GivesUpAfterTenSeconds) {
  const int64_t hook = AddRepositoryHook();
  hooks().Send(Event(), now_);
  const auto taken = hooks().TakeAttempts(now_);
  hooks().Send(Event(), now_);  // Never taken.
  EXPECT_EQ(hooks().NextTimeout(), now_ + absl::Seconds(10));
  now_ += absl::Seconds(9);
  EXPECT_EQ(Newest(hook), nullptr);
  now_ += absl::Seconds(1);
  ASSERT_THAT(hooks().DeliveriesOf(hook, now_), SizeIs(2));
  EXPECT_EQ(Newest(hook)->outcome->reason, "timed out");
  EXPECT_EQ(Newest(hook)->outcome->status_code, 0);
  EXPECT_EQ(Newest(hook)->duration, absl::Seconds(10));
  EXPECT_FALSE(hooks().EndAttempt(taken[0].id, {}, now_));
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
  EXPECT_EQ(hooks().NextTimeout(), absl::InfiniteFuture());
}

TEST_F(HooksFixture, ForgetsAfterThreeDays) {
  const int64_t hook = AddRepositoryHook();
  hooks().Record(Event(), {.status_code = 503}, now_);
  const int64_t id = Newest(hook)->id;
  now_ += absl::Hours(72);
  EXPECT_NE(hooks().FindDelivery(hook, id, now_), nullptr);
  now_ += absl::Seconds(1);
  EXPECT_EQ(hooks().FindDelivery(hook, id, now_), nullptr);
  EXPECT_EQ(hooks().Redeliver(hook, id, now_), 0);
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
}

TEST_F(HooksFixture, RemembersForAsLongAsItIsTold) {
  Restart({.delivery_retention = absl::Hours(24 * 7)});
  const int64_t hook = AddRepositoryHook();
  hooks().Record(Event(), {.status_code = 503}, now_);
  now_ += absl::Hours(24 * 7);
  EXPECT_NE(Newest(hook), nullptr);
}

TEST_F(HooksFixture, RedeliversWithTheSameGuid) {
  const int64_t hook = AddRepositoryHook();
  const int64_t other = AddRepositoryHook();
  const std::string guid = hooks().Record(Event(), {.status_code = 503}, now_);
  const Hooks::Delivery first = *Newest(hook);
  EXPECT_EQ(hooks().Redeliver(other, first.id, now_), 0) << "another hook's";

  // The address and the secret are the hook's current ones.
  hooks().AddHook({.id = hook,
                   .repository = kRepository,
                   .url = "http://new/",
                   .secret = "new"},
                  now_);
  const int64_t id = hooks().Redeliver(hook, first.id, now_);
  EXPECT_GT(id, first.id);
  const auto attempts = hooks().TakeAttempts(now_);
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].id, id);
  EXPECT_EQ(attempts[0].guid, guid);
  EXPECT_EQ(attempts[0].url, "http://new/");
  EXPECT_EQ(attempts[0].body, first.payload);
  EXPECT_EQ(HeaderIn(attempts[0], "X-Hub-Signature-256"),
            WebhookSignature("sha256", "new", first.payload));
  ASSERT_TRUE(hooks().EndAttempt(id, {}, now_));
  EXPECT_EQ(Newest(hook)->id, id);
  EXPECT_TRUE(Newest(hook)->is_redelivery);
  EXPECT_FALSE(first.is_redelivery);
  EXPECT_THAT(hooks().DeliveriesOf(hook, now_), SizeIs(2));
}

// Attempts end in any order, and tests can record old ones.
TEST_F(HooksFixture, ListsByTheTimeOfSending) {
  const int64_t hook = AddRepositoryHook();
  hooks().Send(Event("slow"), now_);
  const auto slow = hooks().TakeAttempts(now_);
  hooks().Record(Event("recent"), {}, now_ + absl::Seconds(2));
  hooks().Record(Event("old"), {}, now_ - absl::Hours(1));
  now_ += absl::Seconds(5);
  ASSERT_TRUE(hooks().EndAttempt(slow[0].id, {}, now_));
  std::vector<std::string> names;
  for (const auto* const delivery : hooks().DeliveriesOf(hook, now_)) {
    names.push_back(delivery->event);
  }
  EXPECT_THAT(names, ElementsAre("recent", "slow", "old"));
}

TEST_F(HooksFixture, FailsWithoutSendingWhileItIsTold) {
  const int64_t hook = AddRepositoryHook();
  hooks().FailAll(0);
  hooks().Send(Event(), now_);
  EXPECT_EQ(Newest(hook)->outcome->reason, "failed to connect to host");
  const int64_t id = Newest(hook)->id;
  hooks().FailAll(502);
  hooks().Redeliver(hook, id, now_);
  EXPECT_EQ(Newest(hook)->outcome->reason, "Invalid HTTP Response: 502");
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
  hooks().FailAll(std::nullopt);
  hooks().Redeliver(hook, id, now_);
  EXPECT_THAT(hooks().TakeAttempts(now_), SizeIs(1));
}

TEST_F(HooksFixture, NeverSendsMoreThan25Megabytes) {
  AddRepositoryHook();
  Hooks::Event event = Event();
  const std::string head =
      R"({"repository":{"full_name":"acme/widgets"},"padding":")";
  const auto send = [&](size_t size) {
    event.payload = head + std::string(size - head.size() - 2, 'x') + "\"}";
    hooks().Send(event, now_);
    return hooks().TakeAttempts(now_).size();
  };
  EXPECT_EQ(send(25 << 20), 1);
  EXPECT_EQ(send((25 << 20) + 1), 0);
}

TEST_F(HooksFixture, GuidsDoNotRepeat) {
  AddRepositoryHook();
  const std::string guid = hooks().Send(Event(), now_);
  EXPECT_NE(hooks().Send(Event(), now_), guid);
  EXPECT_THAT(guid, ::testing::MatchesRegex(
                        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-"
                        "[0-9a-f]{12}"));
}

}  // namespace
}  // namespace signalbox
