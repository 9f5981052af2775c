#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/config/api_url.h"
#include "server/config/config_values.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit);
}

absl::Status CheckAccount(absl::string_view login) {
  const bool is_login = !absl::StrContains(login, '/') &&
                        ParseRepository(absl::StrCat(login, "/name")).ok();
  return is_login || login == "*"
             ? absl::OkStatus()
             : InvalidValue(login,
                            "is not a login; wanted a login, or * for all "
                            "other accounts");
}

double PacePerMinuteOf(YamlReader& in, const YamlValue& value) {
  const absl::string_view wanted =
      "a pace: a whole number and /min or /h, such as 80/min";
  const YamlReader::Quantity pace =
      in.NumberWithUnit(value, {"/min", "/h"}, wanted);
  if (pace.number == 0) in.RefuseValue(value, wanted);
  return pace.unit == "/h" ? pace.number / 60.0 : pace.number;
}

double ShareOf(YamlReader& in, const YamlValue& value) {
  absl::string_view text = value.node->text;
  const bool percent = absl::ConsumeSuffix(&text, "%");
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") ==
                                          absl::string_view::npos;
  double share = 0;
  if (!plain || text.size() > 9 || !absl::SimpleAtod(text, &share) ||
      share > (percent ? 100 : 1)) {
    in.RefuseValue(value, "a share: 0% to 100%, or 0 to 1");
  }
  return percent ? share / 100 : share;
}

AppConfig ReadApp(YamlReader& in, const YamlValue& value) {
  AppConfig app;
  if (!in.IsMap(value, {"client_id", "app_id", "private_key_file"})) return app;
  const auto client_id = in.Find(value, "client_id");
  const auto app_id = in.Find(value, "app_id");
  in.NeedOneOf(value, "client_id", "app_id");

  if (client_id.has_value()) {
    app.client_id = in.Text(*client_id, "the App's client id");
    if (!std::ranges::all_of(app.client_id, [](unsigned char c) {
          return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
        })) {
      in.RefuseValue(*client_id, "a client id, such as Iv23abc");
    }
  }
  if (app_id.has_value()) {
    app.app_id = in.Text(*app_id, "the App's number");
    if (!AllDigits(app.app_id) || app.app_id.size() > 18) {
      in.RefuseValue(*app_id, "an App's number, such as 123456");
    }
  }
  if (auto v = in.Need(value, "private_key_file", "the path of a PEM file")) {
    app.private_key_file = ReadPath(in, *v);
  }
  return app;
}

void ReadHost(YamlReader& in, const YamlValue& value, GitHubConfig& github) {
  if (auto v = in.Find(value, "host")) {
    const std::string wanted = "a host, such as github.example.com";
    const absl::StatusOr<Repository> parsed =
        ParseRepository(absl::StrCat(in.Text(*v, wanted), "/owner/name"));
    if (parsed.ok()) {
      github.host = parsed->host;
    } else {
      in.RefuseValue(*v, wanted);
    }
  }
}

void ReadApi(YamlReader& in, const YamlValue& value, GitHubConfig& github) {
  github.api_url = DefaultApiUrl(github.host);
  bool allow_http = false;
  if (auto v = in.Find(value, "allow_http")) allow_http = in.Boolean(*v);
  if (auto v = in.Find(value, "api_url")) {
    const absl::StatusOr<std::string> url =
        CleanApiUrl(in.Text(*v, "a URL"), allow_http);
    if (url.ok()) {
      github.api_url = *url;
    } else {
      in.Refuse(*v, url.status().message());
    }
  }
  if (auto v = in.Find(value, "ca_file")) {
    github.ca_file = ReadPath(in, *v);
    if (absl::StartsWith(github.api_url, "http://")) {
      in.Refuse(
          *v,
          absl::StrCat("has no effect on ", github.api_url,
                       ", which is not encrypted; remove it, or use https://"));
    }
  }
}

void ReadAccounts(YamlReader& in, const YamlValue& value,
                  GitHubConfig& github) {
  if (auto v = in.Need(value, "accounts", "a list of logins, or [\"*\"]")) {
    github.accounts = ReadSome(in, *v, "logins", CheckAccount, "logins, or *");
  }
}

void ReadCredential(YamlReader& in, const YamlValue& value,
                    GitHubConfig& github) {
  const auto token_file = in.Find(value, "token_file");
  const auto app = in.Find(value, "app");
  in.NeedOneOf(value, "app", "token_file");

  if (token_file.has_value()) github.token_file = ReadPath(in, *token_file);
  if (app.has_value()) github.app = ReadApp(in, *app);
}

void ReadPace(YamlReader& in, const YamlValue& value, GitHubConfig& github) {
  if (auto v = in.Find(value, "pace")) {
    github.pace.pace_per_minute = PacePerMinuteOf(in, *v);
  }
  if (auto v = in.Find(value, "burst")) {
    github.pace.burst = in.Number(*v, 1, 10'000);
  }
  if (auto v = in.Find(value, "reserve")) github.pace.reserve = ShareOf(in, *v);
  if (auto v = in.Find(value, "max_in_flight")) {
    github.pace.max_in_flight = in.Number(*v, 1, 100);
  }
}

GitHubConfig ReadGitHub(YamlReader& in, const YamlValue& value) {
  GitHubConfig github;
  if (!in.IsMap(value,
                {"host", "api_url", "ca_file", "accounts", "token_file", "app",
                 "pace", "burst", "reserve", "max_in_flight", "allow_http"})) {
    return github;
  }
  ReadHost(in, value, github);
  ReadApi(in, value, github);
  ReadAccounts(in, value, github);
  ReadCredential(in, value, github);
  ReadPace(in, value, github);
  return github;
}

void CheckAccounts(YamlReader& in, const std::vector<GitHubConfig>& items,
                   const std::vector<YamlValue>& values) {
  std::map<std::string, size_t> claimed;
  for (size_t i = 0; i < items.size(); ++i) {
    for (const std::string& account : items[i].accounts) {
      const std::string key =
          absl::AsciiStrToLower(absl::StrCat(items[i].host, "/", account));
      const auto [first, fresh] = claimed.emplace(key, i);
      if (fresh) continue;
      in.Refuse(values[i],
                absl::StrCat("accounts: ", Quoted(account), " of ",
                             items[i].host, " already has a credential in ",
                             values[first->second].path));
    }
  }
}

}  // namespace

std::vector<GitHubConfig> ReadGitHubConfigs(YamlReader& in,
                                            const YamlValue& list) {
  std::vector<GitHubConfig> items;
  const std::vector<YamlValue> values =
      in.List(list, "credentials, each with accounts and a token_file or app");
  for (const YamlValue& value : values) {
    items.push_back(ReadGitHub(in, value));
  }
  CheckAccounts(in, items, values);
  return items;
}

}  // namespace signalbox
