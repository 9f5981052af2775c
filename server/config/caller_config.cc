#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/timestamp.h"
#include "server/config/config_values.h"

namespace signalbox {
namespace {

constexpr absl::string_view kRights = "report, read, operate, webhook or admin";

bool Has(const CallerConfig& caller, absl::string_view right) {
  return std::ranges::find(caller.rights, right) != caller.rights.end();
}

absl::Status CheckRight(absl::string_view right) {
  return right == "report" || right == "read" || right == "operate" ||
                 right == "webhook" || right == "admin"
             ? absl::OkStatus()
             : InvalidValue(right,
                            absl::StrCat("is not a right; wanted ", kRights));
}

// Whether the caller may report every context, whatever it is called.
bool HasAllContexts(const CallerConfig& caller) {
  return std::ranges::any_of(caller.contexts, [](absl::string_view pattern) {
    return pattern.find_first_not_of('*') == absl::string_view::npos;
  });
}

std::string RightsLine(const std::vector<std::string>& rights) {
  return absl::StrCat("\"rights: [", absl::StrJoin(rights, ", "), "]\"");
}

// For one release: a file that names `webhook` nowhere may be older than the
// rights webhook and operate. At that time, every caller had to name its
// rights. Callers that name them keep what they could do. Callers that name
// none are no sign of a new file, because a farm that is added without rights
// must not take the shim's right. If no caller may report every context, the
// shim is one of those with fewer.
void KeepFormerRights(YamlReader& in, const std::vector<YamlValue>& items,
                      std::vector<CallerConfig>& callers) {
  std::vector<size_t> former;
  bool has_likely_shim = false;
  for (size_t i = 0; i < callers.size(); ++i) {
    const CallerConfig& caller = callers[i];
    // Like `tokens`, this is newer than these rights.
    if (caller.app.has_value()) continue;
    const bool reports = Has(caller, "report");
    has_likely_shim = has_likely_shim || (reports && HasAllContexts(caller));
    if (!in.Find(items[i], "rights").has_value()) continue;
    if (Has(caller, "webhook")) return;
    // `tokens` and `forward` are newer than these rights.
    if (in.Find(items[i], "tokens").has_value()) continue;
    if (in.Find(items[i], "forward").has_value()) continue;
    if (reports) former.push_back(i);
  }
  for (const size_t i : former) {
    CallerConfig& caller = callers[i];
    const size_t before = caller.rights.size();
    // A line that names operate is not older than the right.
    const bool is_old_line = !Has(caller, "operate");
    if (is_old_line) caller.rights.push_back("operate");
    const std::string without_webhook = RightsLine(caller.rights);
    const bool webhook =
        HasAllContexts(caller) || (is_old_line && !has_likely_shim);
    if (webhook) caller.rights.push_back("webhook");
    if (caller.rights.size() == before) continue;
    in.Warn(*in.Find(items[i], "rights"),
            absl::StrCat(
                "until the next release, the rights of caller ",
                Quoted(caller.name), " also include ",
                absl::StrJoin(caller.rights.begin() + before,
                              caller.rights.end(), " and "),
                ", because no caller in this file names the right webhook; ",
                webhook ? absl::StrCat("write ", RightsLine(caller.rights),
                                       " if the caller is signalbox-shim (only "
                                       "the shim needs webhook), else ")
                        : "write ",
                without_webhook));
  }
}

constexpr char kDigestFile[] = "the path of a file with the token's SHA-256";

absl::Time ReadTime(YamlReader& in, const YamlValue& value) {
  constexpr char kWanted[] =
      "a time with a zone, from 1970 on, such as 2027-01-31T00:00:00Z";
  const std::optional<absl::Time> time =
      ParseTimestamp(in.Text(value, kWanted));
  // The API cannot express times after the year 9999.
  const absl::Time last = absl::FromUnixSeconds(253402300799);
  if (!time.has_value() || *time < absl::UnixEpoch() || *time > last) {
    in.RefuseValue(value, kWanted);
  }
  return time.value_or(absl::InfiniteFuture());
}

std::vector<CallerTokenConfig> ReadTokens(YamlReader& in,
                                          const YamlValue& list) {
  constexpr size_t kMaxTokens = 2;
  std::vector<CallerTokenConfig> tokens;
  for (const YamlValue& item : in.List(list, "tokens, each with sha256_file")) {
    CallerTokenConfig& token = tokens.emplace_back();
    in.Map(item,
           {{"sha256_file", in.Into(&token.sha256_file, ReadPath), kDigestFile},
            {"expires", in.Into(&token.expires, ReadTime)}});
  }
  if (tokens.empty() || tokens.size() > kMaxTokens) {
    in.Refuse(list, absl::StrCat("has ", tokens.size(),
                                 " tokens; wanted one, or two while the caller "
                                 "changes from one to the other"));
  }
  return tokens;
}

int64_t ReadAppId(YamlReader& in, const YamlValue& value) {
  constexpr char kWanted[] = "a number that tools use as the App's, such as 7";
  const std::string text = in.Text(value, kWanted);
  int64_t number = 0;
  // Some tools keep it in a double.
  const bool fits = text.size() <= 15 &&
                    std::ranges::all_of(text, absl::ascii_isdigit) &&
                    absl::SimpleAtoi(text, &number) && number > 0;
  if (!fits) in.RefuseValue(value, kWanted);
  return number;
}

std::optional<CallerAppConfig> ReadCallerApp(YamlReader& in,
                                             const YamlValue& value) {
  CallerAppConfig app;
  in.Map(value, {{"app_id", in.Into(&app.app_id, ReadAppId),
                  "a number that tools use as the App's"},
                 {"public_key_file", in.Into(&app.public_key_file, ReadPath),
                  "the path of a PEM file"}});
  return app;
}

CallerConfig ReadCaller(YamlReader& in, const YamlValue& value) {
  CallerConfig caller;
  std::string only_token;
  constexpr absl::string_view kName = "the caller's name, for logs and errors";
  constexpr absl::string_view kPatterns = "patterns, such as acme/*";
  constexpr absl::string_view kContexts = "patterns, such as ci/*";
  in.Map(
      value,
      {{"name", in.Into(&caller.name, &YamlReader::Text, kName), kName},
       {"token_sha256_file", in.Into(&only_token, ReadPath)},
       {"tokens", in.Into(&caller.tokens, ReadTokens)},
       {"app", in.Into(&caller.app, ReadCallerApp)},
       {"repositories",
        in.Into(&caller.repositories, ReadSome, kPatterns, CheckPattern,
                kPatterns),
        kPatterns},
       {"contexts",
        in.Into(&caller.contexts, ReadSome, kContexts, CheckContext, kContexts),
        kContexts},
       {"rights",
        in.Into(&caller.rights, ReadSome, "rights", CheckRight, kRights)},
       {"forward", in.Into(&caller.forward, &YamlReader::Boolean)}});
  const bool has_tokens = !only_token.empty() || !caller.tokens.empty();
  if (has_tokens || !caller.app.has_value()) {
    in.NeedOneOf(value, "token_sha256_file", "tokens");
  }
  if (!only_token.empty()) {
    caller.tokens.push_back({only_token, absl::InfiniteFuture()});
  }
  if (caller.rights.empty()) {
    caller.rights = {"report", "read", "operate"};
    // A tool with a token of GitHub's is not the shim.
    if (HasAllContexts(caller) && has_tokens && !caller.forward) {
      caller.rights.push_back("webhook");
    }
  }
  return caller;
}

}  // namespace

std::vector<CallerConfig> ReadCallerConfigs(YamlReader& in,
                                            const YamlValue& list) {
  if (list.node->kind == YamlNode::Kind::kNothing ||
      (list.node->kind == YamlNode::Kind::kList && list.node->items.empty())) {
    in.Refuse(list,
              "is empty; name at least one caller, or remove callers to let "
              "everybody who can connect make calls");
  }
  std::vector<CallerConfig> callers;
  std::set<std::string> names;
  std::set<int64_t> apps;
  const std::vector<YamlValue> items =
      in.List(list, "callers, each with a name");
  for (const YamlValue& item : items) {
    callers.push_back(ReadCaller(in, item));
    const std::string& name = callers.back().name;
    if (!names.insert(name).second) {
      in.Refuse(
          item,
          absl::StrCat("name: ", Quoted(name),
                       " appears twice; wanted another name for each caller"));
    }
    const auto& app = callers.back().app;
    if (app.has_value() && !apps.insert(app->app_id).second) {
      in.Refuse(item, absl::StrCat("app: app_id ", app->app_id,
                                   " appears twice; wanted another number for "
                                   "each caller"));
    }
  }
  if (in.status().ok()) KeepFormerRights(in, items, callers);
  return callers;
}

}  // namespace signalbox
