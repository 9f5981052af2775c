#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/webhook/event_row.h"

namespace signalbox {
namespace {

// `[HOST/]OWNER/` of `[HOST/]OWNER/NAME`, or `HOST/` of `HOST/OWNER`.
std::string UpToLastSlash(absl::string_view text) {
  const size_t slash = text.rfind('/');
  return slash == absl::string_view::npos
             ? ""
             : std::string(text.substr(0, slash + 1));
}

// When GitHub last changed the repository. A payload that does not come from
// GitHub may lack it.
absl::Time UpdateTime(MemberReader& read) {
  constexpr absl::string_view kPath = "repository.updated_at";
  return read.Has(kPath) ? read.Time(kPath) : absl::InfinitePast();
}

HookResult ReadRename(MemberReader& read) {
  HookRename rename;
  rename.repository = read.Repository();
  rename.repository_id = read.Id("repository.id");
  rename.old_repository =
      absl::StrCat(UpToLastSlash(rename.repository),
                   read.RepositoryName("changes.repository.name.from"));
  rename.update_time = UpdateTime(read);
  return HookCall{"", std::move(rename)};
}

HookResult ReadTransfer(MemberReader& read) {
  constexpr absl::string_view kUser = "changes.owner.from.user";
  constexpr absl::string_view kOrganization = "changes.owner.from.organization";
  HookRename rename;
  rename.transferred = true;
  rename.repository = read.Repository();
  rename.repository_id = read.Id("repository.id");
  const bool is_user = read.HasObject(kUser);
  if (is_user == read.HasObject(kOrganization)) {
    read.Refuse("changes.owner.from", "does not name one owner");
  }
  const std::string owner = read.Owner(is_user ? kUser : kOrganization);
  const std::string path = UpToLastSlash(rename.repository);
  const absl::string_view name =
      absl::string_view(rename.repository).substr(path.size());
  const std::string host =
      path.empty() ? "" : UpToLastSlash(path.substr(0, path.size() - 1));
  rename.old_repository = absl::StrCat(host, owner, "/", name);
  rename.update_time = UpdateTime(read);
  return HookCall{"", std::move(rename)};
}

HookResult ReadRepository(MemberReader& read) {
  const std::string action = read.Text("action");
  if (action == "renamed") return ReadRename(read);
  if (action == "transferred") return ReadTransfer(read);
  HookArchive archive;
  archive.repository = read.Repository();
  archive.repository_id = read.Id("repository.id");
  archive.archived = action == "archived";
  return HookCall{"", std::move(archive)};
}

HookResult ReadInstallation(MemberReader& read) {
  HookInstallation installation;
  installation.installation_id = read.Id("installation.id");
  if (read.Has("installation.app_id")) {
    installation.app_id = read.Id("installation.app_id");
  }
  if (!read.IsObject("installation.account")) {
    return HookIgnored{"", "the account no longer exists"};
  }
  // An enterprise has a slug, and owns no repositories.
  if (!read.Has("installation.account.login") &&
      read.Has("installation.account.slug")) {
    return HookIgnored{"", "the installation belongs to an enterprise"};
  }
  installation.account = read.Account("installation.account");
  return HookCall{"", std::move(installation)};
}

HookResult ReadInstallationTarget(MemberReader&) {
  return HookIgnored{"", "Signalbox does not use the new name of an account"};
}

}  // namespace

std::vector<EventRow> AccountEvents() {
  const EventRow::Names installation = {
      "installation.account.html_url", "installation.account.login",
      "installation.account.slug", "installation.app_id", "installation.id"};
  // Other events with an action and a repository have a member for their
  // subject. Only `watch` does not, but its action is not used here.
  const EventRow::Names subjects = absl::StrSplit(
      "alert answer branch check_run check_suite client_payload comment "
      "definition deployment deployment_status discussion forkee hook "
      "issue key label member merge_group milestone package project "
      "project_card project_column pull_request ref registry_package "
      "release repository_advisory repository_ruleset review rule "
      "starred_at team thread workflow workflow_job workflow_run",
      ' ');
  return {
      {.event = "repository",
       .actions = {"renamed", "transferred", "archived", "unarchived"},
       .must_have = {"action", "repository"},
       .must_not_have = subjects,
       .wanted = {"changes.owner.from.organization",
                  "changes.owner.from.organization.login",
                  "changes.owner.from.user", "changes.owner.from.user.login",
                  "changes.repository.name.from", "repository.full_name",
                  "repository.html_url", "repository.id",
                  "repository.updated_at"},
       .read = ReadRepository},
      // Every event that an App gets names its installation, but only these
      // name its account.
      {.event = "installation",
       .actions = {"created", "deleted", "suspend", "unsuspend",
                   "new_permissions_accepted"},
       .must_have = {"action", "installation", "installation.account"},
       .must_not_have = {"repository", "repositories_added",
                         "repositories_removed", "account"},
       .wanted = installation,
       .read = ReadInstallation},
      {.event = "installation_repositories",
       .actions = {"added", "removed"},
       .must_have = {"action", "installation", "installation.account",
                     "repositories_added", "repositories_removed"},
       .must_not_have = {"repository", "account"},
       .wanted = installation,
       .read = ReadInstallation},
      {.event = "installation_target",
       .actions = {"renamed"},
       .must_have = {"action", "account", "changes", "installation"},
       .must_not_have = {"repository", "repositories_added"},
       .wanted = {},
       .read = ReadInstallationTarget},
  };
}

}  // namespace signalbox
