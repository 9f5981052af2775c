#include "server/config/credential_setup.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "server/github/joined_credentials.h"
#include "server/github/static_credentials.h"

namespace signalbox {
namespace {

constexpr char kGitHubHost[] = "github.com";

// The file's items, changed by the flags. A token of the flags gets its own
// item, with the settings of the file's "*", whose token or App it replaces.
std::vector<GitHubConfig> ItemsOf(const std::vector<GitHubConfig>& github,
                                  const CredentialFlags& flags) {
  const bool has_token =
      !flags.github_token_file.empty() || !flags.github_token.empty();
  GitHubConfig others;
  std::vector<GitHubConfig> items;
  for (GitHubConfig item : github) {
    if (item.host == kGitHubHost && has_token &&
        std::erase(item.accounts, "*") > 0) {
      others = item;
      LogWarning(
          "the token from the flags or the environment replaces the "
          "configuration file's credential for \"*\"",
          {{"host", item.host}});
    }
    if (!item.accounts.empty()) items.push_back(std::move(item));
  }
  if (has_token) {
    others.accounts = {"*"};
    others.app.reset();
    others.token_file = flags.github_token_file;
    items.push_back(std::move(others));
  }
  for (GitHubConfig& item : items) {
    if (item.host == kGitHubHost && !flags.github_api_url.empty()) {
      item.api_url = flags.github_api_url;
    }
  }
  return items;
}

PaceOptions PaceOfItem(const GitHubConfig& item) {
  PaceOptions pace = DefaultPace(item.api_url);
  const PaceConfig& config = item.pace;
  if (config.pace_per_minute) pace.per_minute = *config.pace_per_minute;
  if (config.burst) pace.burst = *config.burst;
  if (config.reserve) pace.reserve = *config.reserve;
  if (config.max_in_flight) pace.max_in_flight = *config.max_in_flight;
  return pace;
}

// "host/account" of each account.
std::vector<std::string> AccountsOf(const std::string& host,
                                    const std::vector<std::string>& accounts) {
  std::vector<std::string> names;
  for (const std::string& account : accounts) {
    names.push_back(absl::AsciiStrToLower(absl::StrCat(host, "/", account)));
  }
  return names;
}

}  // namespace

PaceOptions CredentialSetup::PaceOf(absl::string_view credential_id) const {
  auto found = paces.find(credential_id);
  if (found == paces.end()) {
    found = paces.find(
        absl::StrCat(credential_id.substr(0, credential_id.find('/')), "/*"));
  }
  return found == paces.end() ? PaceOptions() : found->second;
}

std::map<std::string, std::string> CaFilesOf(
    const std::vector<GitHubConfig>& github) {
  std::map<std::string, std::string> files;
  for (const GitHubConfig& item : github) {
    if (!item.ca_file.empty()) files[item.api_url] = item.ca_file;
  }
  return files;
}

absl::StatusOr<CredentialSetup> SetUpCredentials(
    const std::vector<GitHubConfig>& github, const CredentialFlags& flags,
    AppCredentialsOptions app_options) {
  CredentialSetup setup;
  std::vector<StaticCredential> tokens;
  std::vector<AppCredential> apps;
  CredentialsPart token_part, app_part;

  for (const GitHubConfig& item : ItemsOf(github, flags)) {
    setup.known_hosts.push_back(item.host);
    setup.api_urls.emplace(item.host, item.api_url);
    const std::vector<std::string> names = AccountsOf(item.host, item.accounts);
    for (const std::string& name : names) {
      setup.paces.emplace(name, PaceOfItem(item));
    }
    std::vector<std::string>& part =
        (item.app.has_value() ? app_part : token_part).accounts;
    part.insert(part.end(), names.begin(), names.end());
    if (item.app.has_value()) {
      AppCredential app;
      app.host = item.host;
      app.api_url = item.api_url;
      app.accounts = item.accounts;
      app.issuer =
          item.app->client_id.empty() ? item.app->app_id : item.app->client_id;
      app.private_key_file = item.app->private_key_file;
      setup.paces.emplace(AppCredentialId(app), PaceOfItem(item));
      apps.push_back(std::move(app));
      continue;
    }
    StaticCredential credential;
    credential.host = item.host;
    credential.api_url = item.api_url;
    credential.accounts = item.accounts;
    credential.token_file = item.token_file;
    if (item.token_file.empty()) credential.token = flags.github_token;
    tokens.push_back(std::move(credential));
  }
  if (setup.known_hosts.empty()) {
    setup.known_hosts.push_back(kGitHubHost);
    setup.api_urls.emplace(kGitHubHost, GitHubConfig().api_url);
  }

  absl::StatusOr<std::unique_ptr<Credentials>> made =
      MakeStaticCredentials(std::move(tokens));
  if (!made.ok()) return made.status();
  token_part.credentials = *std::move(made);
  made = MakeAppCredentials(std::move(apps), std::move(app_options));
  if (!made.ok()) return made.status();
  app_part.credentials = *std::move(made);
  std::vector<CredentialsPart> parts;
  parts.push_back(std::move(token_part));
  parts.push_back(std::move(app_part));
  setup.credentials = JoinCredentials(std::move(parts));
  return setup;
}

}  // namespace signalbox
