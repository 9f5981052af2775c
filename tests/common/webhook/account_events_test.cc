#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "common/webhook/event_row.h"
#include "tests/common/webhook/hook_results.h"

namespace signalbox {
namespace {

Json OnGhes(Json payload) {
  payload["repository"]["html_url"] =
      "https://GHES.example.com/Codertocat/Hello-World";
  return payload;
}

TEST(AccountEventsTest, RenamedTellsBothNames) {
  const HookResult result = Read("repository", RenamedPayload());
  EXPECT_EQ(ActionOf(result), "renamed");
  const HookRename call = RequestOf<HookRename>(result);
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.old_repository, "Codertocat/Old.World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_FALSE(call.transferred);
  EXPECT_EQ(call.update_time,
            absl::FromCivil(absl::CivilSecond(2019, 5, 15, 15, 20, 41),
                            absl::UTCTimeZone()));
  EXPECT_EQ(RequestOf<HookRename>(Read("repository", OnGhes(RenamedPayload())))
                .old_repository,
            "ghes.example.com/Codertocat/Old.World");
}

// Replayed files may lack the time. GitHub has always sent it.
TEST(AccountEventsTest, ARenameMayNotSayWhenItWas) {
  Json payload = RenamedPayload();
  payload["repository"].erase("updated_at");
  EXPECT_EQ(RequestOf<HookRename>(Read("repository", payload)).update_time,
            absl::InfinitePast());
}

TEST(AccountEventsTest, TransferredTellsBothOwners) {
  for (const char* by : {"user", "organization"}) {
    const HookResult result = Read("repository", TransferredPayload(by));
    EXPECT_EQ(ActionOf(result), "transferred");
    const HookRename call = RequestOf<HookRename>(result);
    EXPECT_NE(call.update_time, absl::InfinitePast());
    EXPECT_EQ(call.repository, "Codertocat/Hello-World");
    EXPECT_EQ(call.old_repository, "old-owner/Hello-World");
    EXPECT_EQ(call.repository_id, 186853002);
    EXPECT_TRUE(call.transferred);
    EXPECT_EQ(RequestOf<HookRename>(
                  Read("repository", OnGhes(TransferredPayload(by))))
                  .old_repository,
              "ghes.example.com/old-owner/Hello-World");
  }
}

// Nobody could tell which of the two had the repository.
TEST(AccountEventsTest, TransferredHasOneOldOwner) {
  Json payload = TransferredPayload();
  payload["changes"]["owner"]["from"]["organization"] = nullptr;
  EXPECT_TRUE(IsCall(Read("repository", payload)));
  payload["changes"]["owner"]["from"]["organization"] = {{"login", "other"}};
  EXPECT_TRUE(IsMalformed(Read("repository", payload)));
  payload["changes"]["owner"]["from"] = {{"user", nullptr}};
  EXPECT_TRUE(IsMalformed(Read("repository", payload)));
}

TEST(AccountEventsTest, OldNamesAreNames) {
  for (const char* bad : {"", ".", "..", "a/b", "a b", "a\n", "\xe2\x9c\x93"}) {
    EXPECT_TRUE(IsMalformed(
        Read("repository",
             With(RenamedPayload(), "changes.repository.name.from", bad))))
        << bad;
    EXPECT_TRUE(IsMalformed(
        Read("repository",
             With(TransferredPayload(), "changes.owner.from.user.login", bad))))
        << bad;
    EXPECT_TRUE(IsMalformed(
        Read("installation",
             With(InstallationPayload(), "installation.account.login", bad))))
        << bad;
  }
}

TEST(AccountEventsTest, NamesAreAsLongAsGitHubsLongest) {
  const auto renamed_from = [](size_t size) {
    return Read("repository",
                With(RenamedPayload(), "changes.repository.name.from",
                     std::string(size, 'x')));
  };
  EXPECT_TRUE(IsCall(renamed_from(100)));
  EXPECT_TRUE(IsMalformed(renamed_from(101)));
  const auto installed_by = [](size_t size) {
    return Read("installation",
                With(With(InstallationPayload(), "installation.account.login",
                          std::string(size, 'x')),
                     "installation.account.html_url",
                     "https://github.com/" + std::string(size, 'x')));
  };
  EXPECT_TRUE(IsCall(installed_by(39)));
  EXPECT_TRUE(IsMalformed(installed_by(40)));
  // A label of a host has at most 63 bytes, as in DNS.
  const auto on_host = [](size_t size) {
    return Read("repository", With(RenamedPayload(), "repository.html_url",
                                   "https://" + std::string(size, 'x') +
                                       "/Codertocat/Hello-World"));
  };
  EXPECT_TRUE(IsCall(on_host(63)));
  EXPECT_TRUE(IsMalformed(on_host(64)));
}

TEST(AccountEventsTest, ArchivedIsSaidByTheAction) {
  const auto archived = [](const char* action) {
    const HookResult result =
        Read("repository", RepositoryEventPayload(action));
    EXPECT_EQ(ActionOf(result), action);
    const HookArchive call = RequestOf<HookArchive>(result);
    EXPECT_EQ(call.repository, "Codertocat/Hello-World");
    EXPECT_EQ(call.repository_id, 186853002);
    return call.archived;
  };
  EXPECT_TRUE(archived("archived"));
  EXPECT_FALSE(archived("unarchived"));
}

// The header with the event's name is not signed. Every other event of GitHub
// that has a repository and an action has its own member, except `watch`, whose
// only action is not a repository's.
TEST(AccountEventsTest, NoOtherEventPassesForARepositorys) {
  const std::pair<const char*, const char*> members[] = {
      {"branch_protection_rule", "rule"},
      {"check_run", "check_run"},
      {"check_suite", "check_suite"},
      {"code_scanning_alert", "alert"},
      {"commit_comment", "comment"},
      {"create", "ref"},
      {"custom_property", "definition"},
      {"dependabot_alert", "alert"},
      {"deploy_key", "key"},
      {"deployment", "deployment"},
      {"deployment_status", "deployment_status"},
      {"discussion", "discussion"},
      {"discussion_comment", "answer"},
      {"fork", "forkee"},
      {"issues", "issue"},
      {"label", "label"},
      {"member", "member"},
      {"merge_group", "merge_group"},
      {"meta", "hook"},
      {"milestone", "milestone"},
      {"package", "package"},
      {"project", "project"},
      {"project_card", "project_card"},
      {"project_column", "project_column"},
      {"pull_request", "pull_request"},
      {"pull_request_review", "review"},
      {"pull_request_review_thread", "thread"},
      {"registry_package", "registry_package"},
      {"release", "release"},
      {"repository_advisory", "repository_advisory"},
      {"repository_dispatch", "branch"},
      {"repository_dispatch", "client_payload"},
      {"repository_ruleset", "repository_ruleset"},
      {"star", "starred_at"},
      {"team", "team"},
      {"workflow_dispatch", "workflow"},
      {"workflow_job", "workflow_job"},
      {"workflow_run", "workflow_run"},
  };
  for (const auto& [event, member] : members) {
    for (const Json& payload : {RenamedPayload(), TransferredPayload(),
                                RepositoryEventPayload("archived")}) {
      EXPECT_TRUE(IsMalformed(
          Read("repository", With(payload, member, Json::object()))))
          << event << " with " << member;
    }
  }
}

TEST(AccountEventsTest, InstallationTellsItsAccount) {
  for (const char* action : {"created", "deleted", "suspend", "unsuspend",
                             "new_permissions_accepted"}) {
    const HookResult result = Read("installation", InstallationPayload(action));
    EXPECT_EQ(ActionOf(result), action);
    const HookInstallation call = RequestOf<HookInstallation>(result);
    EXPECT_EQ(call.installation_id, 957387);
    EXPECT_EQ(call.account, "Codertocat");
    EXPECT_EQ(call.app_id, 29310);
  }
  for (const char* action : {"added", "removed"}) {
    const HookResult result = Read("installation_repositories",
                                   InstallationRepositoriesPayload(action));
    EXPECT_EQ(ActionOf(result), action);
    EXPECT_EQ(RequestOf<HookInstallation>(result).account, "Codertocat");
  }
}

// The lists tell the two events of installations apart.
TEST(AccountEventsTest, ListsOfRepositoriesMustBeThere) {
  const Json good = InstallationRepositoriesPayload();
  for (const char* list : {"repositories_added", "repositories_removed"}) {
    EXPECT_TRUE(
        IsMalformed(Read("installation_repositories", Without(good, list))))
        << list;
  }
}

TEST(AccountEventsTest, AccountIsNamedWithItsHost) {
  const auto at = [](const char* page) {
    return Read("installation", With(InstallationPayload(),
                                     "installation.account.html_url", page));
  };
  EXPECT_EQ(
      RequestOf<HookInstallation>(at("https://GHES.example.com/codertocat"))
          .account,
      "ghes.example.com/Codertocat");
  for (const char* bad :
       {"", "https://github.com", "https://github.com/",
        "github.com/Codertocat", "https://github.com/other",
        "https://github.com/Codertocat/x", "https://user@github.com/Codertocat",
        "ftp://github.com/Codertocat"}) {
    EXPECT_TRUE(IsMalformed(at(bad))) << bad;
  }
}

// An epoch number, a text with an offset: the shim does not read them.
TEST(AccountEventsTest, DatesOfAnInstallationAreOfAnyKind) {
  for (const Json& date : {Json(1557933591), Json("2019-05-15T15:19:51.000Z"),
                           Json("2019-05-15T15:19:51-07:00"), Json(nullptr)}) {
    Json payload = InstallationPayload();
    payload["installation"]["created_at"] = date;
    payload["installation"]["updated_at"] = date;
    EXPECT_TRUE(IsCall(Read("installation", payload))) << date;
  }
}

TEST(AccountEventsTest, AppOfAnInstallationMayBeMissing) {
  EXPECT_EQ(RequestOf<HookInstallation>(
                Read("installation",
                     Without(InstallationPayload(), "installation.app_id")))
                .app_id,
            0);
  EXPECT_TRUE(IsMalformed(Read(
      "installation", With(InstallationPayload(), "installation.app_id", 0))));
}

// Such installations have no repositories.
TEST(AccountEventsTest, InstallationsOfNobodyAreIgnored) {
  Json payload = InstallationPayload();
  payload["installation"]["account"] = {
      {"slug", "acme"}, {"html_url", "https://github.com/enterprises/acme"}};
  EXPECT_TRUE(IsIgnored(Read("installation", payload)));
  // An account with a login has repositories, whatever else it has.
  EXPECT_TRUE(
      IsCall(Read("installation", With(InstallationPayload(),
                                       "installation.account.slug", "acme"))));
  payload["installation"]["account"] = nullptr;
  EXPECT_TRUE(IsIgnored(Read("installation", payload)));
}

TEST(AccountEventsTest, NewNamesOfAccountsAreNotUsedYet) {
  const HookResult result =
      Read("installation_target", InstallationTargetPayload());
  ASSERT_TRUE(IsIgnored(result));
  EXPECT_EQ(std::get<HookIgnored>(result).action, "renamed");
}

}  // namespace
}  // namespace signalbox
