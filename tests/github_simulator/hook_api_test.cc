#include "tests/github_simulator/hook_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/strip.h"
#include "tests/github_simulator/apps_fixture.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

// Three hooks get the events of one repository: its own, its organisation's and
// an App's. "token" belongs to an administrator of both.
class HookApiFixture : public AppsFixture {
 protected:
  // Where a hook's routes begin, and the token that they need.
  struct Scope {
    std::string name;
    std::string path;
    int64_t hook = 0;
    std::string token;
  };

  HookApiFixture() {
    StartWithApp(
        {.tokens = {"token", "other", "ghs_static", "github_pat_fine"}});
    rules_->SetAdmin("token", kRepository);
    rules_->SetAdmin("token", "Acme");
    rules_->SetScopes("token", "repo, admin:org_hook");
    hook_ = hooks().AddHook({.repository = kRepository}, now_);
    scopes_ = {
        {"repository", absl::StrCat("/repos/acme/widgets/hooks/", hook_), hook_,
         "token"},
        {"organization", "", hooks().AddHook({.organization = "Acme"}, now_),
         "token"},
        {"App", "/app/hook", hooks().AddHook({.app_id = kAppId}, now_), ""}};
    scopes_[1].path = absl::StrCat("/orgs/acme/hooks/", scopes_[1].hook);
  }

  Hooks& hooks() { return rules_->hooks(); }

  SimulatedResponse As(const Scope& scope, const std::string& method,
                       const std::string& below) {
    return Send(method, scope.path + below, "",
                scope.token.empty() ? Jwt() : scope.token);
  }

  std::string Record(const Hooks::Outcome& outcome, absl::Time when) {
    return hooks().Record(
        {.name = "push",
         .payload = Json({{"action", "opened"},
                          {"repository", {{"full_name", kRepository}}}})
                        .dump()},
        outcome, when);
  }

  std::string DeliveriesPath(const std::string& query = "") {
    return absl::StrCat("/repos/acme/widgets/hooks/", hook_, "/deliveries",
                        query);
  }

  // The newest delivery of the repository's hook.
  Hooks::Delivery Newest() { return *hooks().DeliveriesOf(hook_, now_).at(0); }

  SimulatedResponse Redeliver(int64_t delivery) {
    return Send("POST",
                absl::StrCat(DeliveriesPath("/"), delivery, "/attempts"));
  }

  // Takes the pending attempts and ends them with `outcome`.
  void Pump(const Hooks::Outcome& outcome) {
    for (const Hooks::Attempt& attempt : hooks().TakeAttempts(now_)) {
      ASSERT_TRUE(hooks().EndAttempt(attempt.id, outcome, now_));
    }
  }

  int64_t hook_ = 0;
  std::vector<Scope> scopes_;
};

TEST_F(HookApiFixture, ShowsHooksToWhoMayKnow) {
  hooks().AddHook({.repository = "acme/gadgets"}, now_);
  for (const char* const path :
       {"/repos/acme/widgets/hooks", "/orgs/ACME/hooks"}) {
    const SimulatedResponse listed = Get(path);
    ASSERT_EQ(listed.status, 200) << path;
    const Json list = BodyOf(listed);
    ASSERT_THAT(list, SizeIs(1)) << path;
    const SimulatedResponse one =
        Get(absl::StrCat(path, "/", list[0]["id"].get<int64_t>()));
    EXPECT_EQ(BodyOf(one), list[0]);
  }
}

// GitHub never shows a secret.
TEST_F(HookApiFixture, TellsOnlyThatThereIsASecret) {
  hooks().AddHook({.id = hook_,
                   .repository = kRepository,
                   .url = "https://ci.example.com/hook",
                   .content_type = "form",
                   .secret = "very secret",
                   .insecure_ssl = true,
                   .events = {"push", "status"}},
                  now_);
  hooks().AddHook({.app_id = kAppId, .secret = "very secret"}, now_);
  const SimulatedResponse answer = As(scopes_[0], "GET", "");
  const Json hook = BodyOf(answer);
  EXPECT_EQ(hook["config"], Json({{"url", "https://ci.example.com/hook"},
                                  {"content_type", "form"},
                                  {"secret", "********"},
                                  {"insecure_ssl", "1"}}));
  EXPECT_EQ(hook["events"], Json({"push", "status"}));
  EXPECT_EQ(hook["active"], true);
  EXPECT_EQ(hook["last_response"]["status"], "unused");
  Record({.status_code = 500}, now_);
  EXPECT_EQ(BodyOf(As(scopes_[0], "GET", ""))["last_response"]["code"], 500);

  const SimulatedResponse config = Get("/app/hook/config", Jwt());
  EXPECT_EQ(BodyOf(config)["secret"], "********");
  hooks().AddHook({.app_id = kAppId, .secret = ""}, now_);
  EXPECT_FALSE(BodyOf(Get("/app/hook/config", Jwt())).contains("secret"));
}

TEST_F(HookApiFixture, ListsNewestFirst) {
  const std::string first = Record({.status_code = 503}, now_);
  const std::string second =
      Record({.status_code = 202}, now_ + absl::Seconds(90));
  now_ += absl::Minutes(2);
  for (const Scope& scope : scopes_) {
    const SimulatedResponse answer = As(scope, "GET", "/deliveries");
    ASSERT_EQ(answer.status, 200) << scope.name;
    const Json list = BodyOf(answer);
    ASSERT_THAT(list, SizeIs(2)) << scope.name;
    EXPECT_EQ(list[0]["guid"], second);
    EXPECT_EQ(list[1]["guid"], first);
    Json item = list[1];
    EXPECT_GT(item["id"].get<int64_t>(), int64_t{1} << 32);
    item.erase("id");
    EXPECT_EQ(item, Json({{"guid", first},
                          {"delivered_at", "2026-06-01T00:00:00Z"},
                          {"redelivery", false},
                          {"duration", 0.0},
                          {"status", "Invalid HTTP Response: 503"},
                          {"status_code", 503},
                          {"event", "push"},
                          {"action", "opened"},
                          {"installation_id",
                           scope.name == "App" ? Json(installation_) : Json()},
                          {"repository_id", kId},
                          {"throttled_at", nullptr}}))
        << scope.name;
    EXPECT_EQ(HeaderOf(answer, "link"), "") << scope.name;
  }
}

TEST_F(HookApiFixture, ShowsOneDeliveryWithRequestAndResponse) {
  Record({.status_code = 503,
          .headers = {{"Retry-After", "7"}},
          .body = "not now"},
         now_);
  for (const Scope& scope : scopes_) {
    const int64_t id = hooks().DeliveriesOf(scope.hook, now_).at(0)->id;
    const Json delivery =
        BodyOf(As(scope, "GET", absl::StrCat("/deliveries/", id)));
    EXPECT_EQ(delivery["id"], id) << scope.name;
    EXPECT_EQ(delivery["url"], "https://example.com/event_handler");
    EXPECT_EQ(delivery["request"]["headers"]["X-GitHub-Event"], "push");
    EXPECT_EQ(delivery["request"]["payload"]["repository"]["full_name"],
              kRepository);
    EXPECT_EQ(delivery["request"]["payload"].contains("installation"),
              scope.name == "App");
    EXPECT_EQ(delivery["response"]["headers"]["Retry-After"], "7");
    EXPECT_EQ(delivery["response"]["payload"], "not now");
    // A hook does not list the deliveries of another.
    for (const Scope& other : scopes_) {
      if (other.hook == scope.hook) continue;
      EXPECT_EQ(As(other, "GET", absl::StrCat("/deliveries/", id)).status, 404);
    }
  }
}

// New deliveries do not move a page, and each link leads to the next page.
TEST_F(HookApiFixture, PagesByCursor) {
  for (int i = 0; i < 5; ++i) Record({}, now_ + absl::Seconds(i));
  now_ += absl::Minutes(1);
  const std::string base = rules_->options().base_url;
  for (const Scope& scope : scopes_) {
    std::vector<int64_t> expected, seen;
    for (const auto* const delivery : hooks().DeliveriesOf(scope.hook, now_)) {
      expected.push_back(delivery->id);
    }
    const std::string token = scope.token.empty() ? Jwt() : scope.token;
    std::string target = scope.path + "/deliveries?per_page=2";
    while (!target.empty() && seen.size() < 100) {
      const SimulatedResponse answer = Get(target, token);
      ASSERT_EQ(answer.status, 200) << target;
      for (const Json& item : BodyOf(answer)) seen.push_back(item["id"]);
      const std::string header = HeaderOf(answer, "link");
      absl::string_view link = header;
      target.clear();
      if (link.empty()) break;
      ASSERT_TRUE(absl::ConsumePrefix(&link, "<" + base)) << link;
      ASSERT_TRUE(absl::ConsumeSuffix(&link, ">; rel=\"next\"")) << link;
      target = std::string(link);
      Record({}, now_);
      now_ += absl::Seconds(1);
    }
    EXPECT_EQ(seen, expected) << scope.name;
  }
}

// GitHub puts at most 100 on a page, even if a client asks for more.
TEST_F(HookApiFixture, BoundsAPage) {
  for (int i = 0; i < 101; ++i) Record({}, now_);
  EXPECT_THAT(BodyOf(Get(DeliveriesPath())), SizeIs(30));
  EXPECT_THAT(BodyOf(Get(DeliveriesPath("?per_page=100"))), SizeIs(100));
  EXPECT_THAT(BodyOf(Get(DeliveriesPath("?per_page=1000"))), SizeIs(100));
  EXPECT_THAT(BodyOf(Get(DeliveriesPath("?per_page=-1"))), SizeIs(30));
  EXPECT_THAT(BodyOf(Get(DeliveriesPath("?per_page=x"))), SizeIs(30));
}

// The trap: the filter "failure" leaves out deliveries without an answer.
TEST_F(HookApiFixture, FiltersByStatusCodeAlone) {
  for (const int code : {0, 200, 302, 404, 503}) {
    Record({.status_code = code}, now_);
  }
  const auto codes = [this](const std::string& query) {
    std::vector<int> codes;
    for (const Json& item : BodyOf(Get(DeliveriesPath(query)))) {
      codes.push_back(item["status_code"]);
    }
    return codes;
  };
  EXPECT_THAT(codes(""), ElementsAre(503, 404, 302, 200, 0));
  EXPECT_THAT(codes("?status=success"), ElementsAre(302, 200));
  EXPECT_THAT(codes("?status=failure"), ElementsAre(503, 404));
  const SimulatedResponse page =
      Get(DeliveriesPath("?status=failure&per_page=1"));
  EXPECT_THAT(BodyOf(page), SizeIs(1));
  EXPECT_THAT(HeaderOf(page, "link"),
              ::testing::HasSubstr("?status=failure&per_page=1&cursor="));
}

TEST_F(HookApiFixture, RefusesQueriesThatMakeNoSense) {
  for (const char* const query : {"?status=failed", "?cursor=x", "?cursor=v1_",
                                  "?cursor=v1_x", "?cursor=17"}) {
    EXPECT_EQ(Get(DeliveriesPath(query)).status, 422) << query;
  }
  // The cursor is too old by now, so the page is empty.
  EXPECT_THAT(BodyOf(Get(DeliveriesPath("?cursor=v1_17"))), IsEmpty());
}

TEST_F(HookApiFixture, RedeliversOnRequest) {
  for (const Scope& scope : scopes_) {
    const std::string guid = Record({.status_code = 503}, now_);
    const int64_t id = hooks().DeliveriesOf(scope.hook, now_).at(0)->id;
    const SimulatedResponse answer =
        As(scope, "POST", absl::StrCat("/deliveries/", id, "/attempts"));
    EXPECT_EQ(answer.status, 202) << scope.name;
    EXPECT_EQ(answer.body, "{}");
    const auto attempts = hooks().TakeAttempts(now_);
    ASSERT_THAT(attempts, SizeIs(1)) << scope.name;
    EXPECT_EQ(attempts[0].guid, guid);
    EXPECT_EQ(attempts[0].hook_id, scope.hook);
    // A delivery is not listed until it has ended.
    EXPECT_EQ(BodyOf(As(scope, "GET", "/deliveries"))[0]["id"], id);
    ASSERT_TRUE(hooks().EndAttempt(attempts[0].id, {}, now_));
    const Json newest = BodyOf(As(scope, "GET", "/deliveries"))[0];
    EXPECT_EQ(newest["id"], attempts[0].id);
    EXPECT_EQ(newest["guid"], guid);
    EXPECT_EQ(newest["redelivery"], true);
    EXPECT_EQ(newest["status"], "OK");
  }
  EXPECT_EQ(rules_->misbehaviour(), GitHubRules::Misbehaviour{});
}

TEST_F(HookApiFixture, KnowsNoDeliveryAfterThreeDays) {
  Record({.status_code = 503}, now_);
  const int64_t id = Newest().id;
  const std::string one = absl::StrCat(DeliveriesPath("/"), id);
  now_ += absl::Hours(72);
  EXPECT_EQ(Get(one).status, 200);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Get(one).status, 404);
  EXPECT_EQ(Redeliver(id).status, 404);
  EXPECT_THAT(BodyOf(Get(DeliveriesPath())), IsEmpty());
  EXPECT_EQ(rules_->misbehaviour(), GitHubRules::Misbehaviour{});
}

TEST_F(HookApiFixture, Pings) {
  EXPECT_EQ(As(scopes_[0], "POST", "/pings").status, 204);
  EXPECT_EQ(As(scopes_[1], "POST", "/pings").status, 204);
  const auto attempts = hooks().TakeAttempts(now_);
  ASSERT_THAT(attempts, SizeIs(2));
  for (const Hooks::Attempt& attempt : attempts) {
    EXPECT_EQ(attempt.event, "ping");
    const Json payload = Json::parse(attempt.body);
    EXPECT_EQ(payload["hook_id"], attempt.hook_id);
    EXPECT_EQ(payload["hook"]["id"], attempt.hook_id);
    EXPECT_FALSE(payload.contains("action"));
    const bool is_repositorys = attempt.hook_id == hook_;
    EXPECT_EQ(payload.contains("repository"), is_repositorys);
    EXPECT_EQ(payload.contains("organization"), !is_repositorys);
  }
}

// To others, GitHub does not show that a hook exists.
TEST_F(HookApiFixture, HidesHooksFromWhoMayNotKnow) {
  Record({.status_code = 503}, now_);
  const struct {
    std::string token;
    int status;
    std::string message;
  } kCases[] = {
      {"other", 404, "Not Found"},
      {"ghs_static", 403, "Resource not accessible by integration"},
      {Token(), 403, "Resource not accessible by integration"},
      {"github_pat_fine", 403,
       "Resource not accessible by personal access token"},
  };
  for (const auto& test : kCases) {
    for (const Scope& scope : {scopes_[0], scopes_[1]}) {
      const int64_t id = hooks().DeliveriesOf(scope.hook, now_).at(0)->id;
      const std::string list = scope.path.substr(0, scope.path.rfind('/'));
      const std::string one = absl::StrCat(scope.path, "/deliveries/", id);
      const std::pair<std::string, std::string> kRequests[] = {
          {"GET", list},
          {"GET", scope.path},
          {"GET", scope.path + "/deliveries"},
          {"GET", one},
          {"POST", one + "/attempts"},
          {"POST", scope.path + "/pings"}};
      for (const auto& [method, path] : kRequests) {
        const SimulatedResponse answer = Send(method, path, "", test.token);
        EXPECT_EQ(answer.status, test.status)
            << test.token << " " << method << " " << path;
        EXPECT_EQ(MessageOf(answer), test.message);
      }
    }
  }
  EXPECT_THAT(hooks().TakeAttempts(now_), IsEmpty());
}

TEST_F(HookApiFixture, AnAppsHookWantsItsJwt) {
  Record({.status_code = 503}, now_);
  for (const std::string& token : {std::string("token"), Token()}) {
    for (const char* const path : {"/app/hook/config", "/app/hook/deliveries",
                                   "/app/hook/deliveries/1"}) {
      EXPECT_EQ(Get(path, token).status, 401) << path;
    }
    EXPECT_EQ(Send("POST", "/app/hook/deliveries/1/attempts", "", token).status,
              401);
  }
  // The other hooks do not accept a JWT.
  EXPECT_EQ(Get(DeliveriesPath(), Jwt()).status, 401);
  EXPECT_EQ(Get("/orgs/acme/hooks", Jwt()).status, 401);
}

TEST_F(HookApiFixture, AnInstallationMayBeGrantedHooks) {
  installation_ = rules_->AddInstallation(
      {.id = installation_,
       .app_id = kAppId,
       .account = "acme",
       .permissions = {{"repository_hooks", "read"},
                       {"organization_hooks", "write"}}});
  const std::string token = Token();
  Record({.status_code = 503}, now_);
  const int64_t id = Newest().id;
  EXPECT_EQ(Get(DeliveriesPath(), token).status, 200);
  const SimulatedResponse refused = Send(
      "POST", absl::StrCat(DeliveriesPath("/"), id, "/attempts"), "", token);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(HeaderOf(refused, "x-accepted-github-permissions"),
            "repository_hooks=write");
  EXPECT_EQ(Send("POST", scopes_[1].path + "/pings", "", token).status, 204);
}

// A token needs both the role and the scope, each of the right kind.
TEST_F(HookApiFixture, AdministratorsNeedTheScope) {
  rules_->SetScopes("token", "repo:status,admin:repo_hook");
  EXPECT_EQ(Get(DeliveriesPath()).status, 200);
  EXPECT_EQ(Get("/orgs/acme/hooks").status, 404);
  rules_->SetScopes("token", "repo:status");
  EXPECT_EQ(Get(DeliveriesPath()).status, 404);
  rules_->SetScopes("other", "repo, admin:org_hook, admin:repo_hook");
  EXPECT_EQ(Get(DeliveriesPath(), "other").status, 404);
  EXPECT_EQ(Get("/orgs/acme/hooks", "other").status, 404);
  rules_->SetAdmin("other", kRepository);
  EXPECT_EQ(Get(DeliveriesPath(), "other").status, 200);
  EXPECT_EQ(Get("/orgs/acme/hooks", "other").status, 404);
  rules_->SetAdmin("other", kRepository, false);
  EXPECT_EQ(Get(DeliveriesPath(), "other").status, 404);
  // Owners are administrators of all repositories of theirs, and of no others.
  rules_->SetAdmin("other", "acme");
  rules_->SetRole(kRepository, rules_->LoginOf("other"), "maintain");
  EXPECT_EQ(Get(DeliveriesPath(), "other").status, 404) << "what was set wins";
  rules_->AddRepository("acme/gadgets", 0);
  rules_->AddRepository("elsewhere/gadgets", 0);
  EXPECT_EQ(Get("/repos/acme/gadgets/hooks", "other").status, 200);
  EXPECT_EQ(Get("/repos/elsewhere/gadgets/hooks", "other").status, 404);
  EXPECT_EQ(Get("/orgs/elsewhere/hooks", "other").status, 404);
}

TEST_F(HookApiFixture, KnowsOnlyWhatThereIs) {
  Record({.status_code = 503}, now_);
  for (const char* const path :
       {"/repos/acme/widgets/hooks/1", "/repos/acme/widgets/hooks/x",
        "/repos/acme/widgets/hooks/1/deliveries", "/orgs/acme/hooks/1",
        "/repos/acme/nothing/hooks"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_EQ(Get(DeliveriesPath("/1")).status, 404);
  EXPECT_EQ(Get(DeliveriesPath("/x")).status, 404);
  EXPECT_EQ(Redeliver(1).status, 404);
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, 0);
  // An App without a hook.
  rules_->hooks().RemoveHook(scopes_[2].hook);
  EXPECT_EQ(Get("/app/hook/config", Jwt()).status, 404);
  EXPECT_EQ(Get("/app/hook/deliveries", Jwt()).status, 404);
  // Routes that GitHub does not have.
  EXPECT_EQ(Get(DeliveriesPath("/1/attempts")).status, 404);
  EXPECT_EQ(Get(DeliveriesPath() + "s").status, 404);
  EXPECT_EQ(Get("/app/hook", Jwt()).status, 404);
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, 3);
}

TEST_F(HookApiFixture, ARenamedRepositoryRedirects) {
  Record({.status_code = 503}, now_);
  const int64_t id = Newest().id;
  const std::string old_path = DeliveriesPath();
  ASSERT_TRUE(rules_->RenameRepository(kRepository, "acme/things"));
  EXPECT_EQ(Get(old_path).status, 301);
  const SimulatedResponse moved = Redeliver(id);
  EXPECT_EQ(moved.status, 307);
  EXPECT_EQ(HeaderOf(moved, "location"),
            absl::StrCat(rules_->options().base_url, "/repositories/", kId,
                         "/hooks/", hook_, "/deliveries/", id, "/attempts"));
  EXPECT_EQ(
      Get(absl::StrCat("/repositories/", kId, "/hooks/", hook_, "/deliveries"))
          .status,
      200);
}

// ---- What clients should not do

TEST_F(HookApiFixture, CountsRedeliveriesBeyondTheThird) {
  Record({.status_code = 503}, now_);
  for (int i = 0; i < 3; ++i) {
    // Any attempt of the delivery may be named.
    EXPECT_EQ(Redeliver(Newest().id).status, 202);
    Pump({.status_code = 503});
    now_ += absl::Hours(1);
  }
  EXPECT_EQ(rules_->misbehaviour().too_many_redeliveries, 0);
  Redeliver(Newest().id);
  EXPECT_EQ(rules_->misbehaviour().too_many_redeliveries, 1);
  // Another event has a separate count.
  Record({.status_code = 503}, now_);
  Redeliver(Newest().id);
  EXPECT_EQ(rules_->misbehaviour().too_many_redeliveries, 1);
  EXPECT_EQ(rules_->misbehaviour().needless_redeliveries, 0);
}

TEST_F(HookApiFixture, CountsRedeliveriesThatMakeNoSense) {
  const struct {
    std::vector<int> codes;  // Of the attempts, oldest first.
    bool is_needless;
  } kCases[] = {
      {{503}, false}, {{0}, false},       {{500, 502, 0}, false},
      {{202}, true},  {{503, 202}, true}, {{202, 503}, true},
      {{401}, true},  {{503, 413}, true}, {{401, 503}, false},
  };
  for (const auto& test : kCases) {
    int64_t first = 0;
    std::string guid;
    for (const int code : test.codes) {
      if (first == 0) {
        guid = Record({.status_code = code}, now_);
        first = Newest().id;
      } else {
        ASSERT_NE(hooks().Redeliver(hook_, first, now_), 0);
        Pump({.status_code = code});
      }
    }
    Get(DeliveriesPath());
    const int before = rules_->misbehaviour().needless_redeliveries;
    EXPECT_EQ(Redeliver(first).status, 202);
    EXPECT_EQ(rules_->misbehaviour().needless_redeliveries - before,
              test.is_needless ? 1 : 0)
        << ::testing::PrintToString(test.codes);
    hooks().TakeAttempts(now_);
    now_ += absl::Minutes(5);
  }
}

// A client cannot know what happens between its listing and its request.
TEST_F(HookApiFixture, NobodyIsBlamedForWhatTheyCouldNotKnow) {
  Record({.status_code = 503}, now_);
  const int64_t id = Newest().id;
  Get(DeliveriesPath());
  now_ += absl::Seconds(30);
  hooks().Redeliver(hook_, id, now_);  // Asked for by somebody else.
  Pump({.status_code = 202});
  now_ += absl::Seconds(1);
  Redeliver(id);
  EXPECT_EQ(rules_->misbehaviour().needless_redeliveries, 0);
  // A minute later, the client should have listed again.
  now_ += absl::Minutes(1);
  Redeliver(id);
  EXPECT_EQ(rules_->misbehaviour().needless_redeliveries, 1);
}

TEST_F(HookApiFixture, CountersHaveNames) {
  std::vector<std::string> names;
  for (const auto& [name, count] : rules_->misbehaviour().All()) {
    names.push_back(name);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf(
                         {"too_many_redeliveries", "needless_redeliveries"}));
}

}  // namespace
}  // namespace signalbox
