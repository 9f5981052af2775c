#include "rest/route.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "common/hex.h"
#include "common/names.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

constexpr int64_t kMostPerPage = 100;
constexpr size_t kMaxRef = 255;

using Segments = absl::Span<const std::string>;

// Nothing: a percent sign is not followed by two digits, or the text has a
// control character.
std::optional<std::string> Decoded(absl::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    char byte = text[0];
    size_t size = 1;
    if (byte == '%') {
      if (text.size() < 3 || !absl::ascii_isxdigit(text[1]) ||
          !absl::ascii_isxdigit(text[2])) {
        return std::nullopt;
      }
      byte = static_cast<char>(HexValue(text[1]) * 16 + HexValue(text[2]));
      size = 3;
    }
    if (absl::ascii_iscntrl(byte)) return std::nullopt;
    decoded += byte;
    text.remove_prefix(size);
  }
  return decoded;
}

// Whether a part of a decoded segment, which may have slashes, is `.` or `..`.
bool HasDots(absl::string_view segment) {
  return std::ranges::any_of(
      std::vector<absl::string_view>(absl::StrSplit(segment, '/')),
      [](absl::string_view part) { return part == "." || part == ".."; });
}

// The decoded segments of a path. Nothing: one of them is refused.
std::optional<std::vector<std::string>> SegmentsOf(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) return std::nullopt;
  std::vector<std::string> segments;
  for (const absl::string_view raw :
       absl::StrSplit(path, '/', absl::SkipEmpty())) {
    std::optional<std::string> segment = Decoded(raw);
    if (!segment.has_value() || HasDots(*segment)) return std::nullopt;
    segments.push_back(*std::move(segment));
  }
  return segments;
}

bool HasSlash(absl::string_view segment) {
  return absl::StrContains(segment, '/');
}

// GitHub's own paths begin with none of these.
bool NamesHost(absl::string_view segment) {
  const absl::string_view name = segment.substr(0, segment.find(':'));
  return IsHost(segment) && (absl::StrContains(name, '.') ||
                             absl::EqualsIgnoreCase(name, "localhost"));
}

// Takes the prefix off the segments.
Segments TakePrefix(Segments segments, RestRoute* route) {
  if (!segments.empty() && NamesHost(segments[0])) {
    route->host = absl::AsciiStrToLower(segments[0]);
    route->prefix = absl::StrCat("/", segments[0]);
    segments.remove_prefix(1);
  }
  if (segments.size() >= 2 && segments[0] == "api" && segments[1] == "v3") {
    absl::StrAppend(&route->prefix, "/api/v3");
    segments.remove_prefix(2);
  }
  return segments;
}

// Whether a segment can be a word of GitHub's paths. With another character, a
// proxy on the way or GitHub could read it as another word: `statuses;x`.
bool IsWord(absl::string_view segment, absl::string_view others = "-_") {
  return std::ranges::all_of(segment, [others](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           absl::StrContains(others, static_cast<char>(c));
  });
}

// Whether the path may only be one thing to everybody who reads it, and creates
// no status.
bool IsPlainPath(Segments segments) {
  if (segments.empty()) return true;
  // A second prefix: GitHub could take it off, as the door has the first.
  const bool is_prefix = absl::EqualsIgnoreCase(segments[0], "api") &&
                         !(segments.size() == 2 && segments[1] == "graphql");
  if (!IsWord(segments[0]) || is_prefix) return false;
  // The word that says what is asked of a repository. What follows it can be a
  // name with slashes, which clients encode.
  size_t word = segments.size();
  if (absl::EqualsIgnoreCase(segments[0], "repos")) {
    if (segments.size() > 1 && !IsOwner(segments[1])) return false;
    // GitHub also knows names with `.git` at the end.
    if (segments.size() > 2 && !IsWord(segments[2], "-_.")) return false;
    word = 3;
  } else if (absl::EqualsIgnoreCase(segments[0], "repositories")) {
    if (segments.size() > 1 && !IsWord(segments[1])) return false;
    word = 2;
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    if (i < word && HasSlash(segments[i])) return false;
    if (i == word && (!IsWord(segments[i]) ||
                      absl::EqualsIgnoreCase(segments[i], "statuses"))) {
      return false;
    }
  }
  return true;
}

// The `github_path` of a route. `segments` are what follows the prefix,
// decoded.
std::string GithubPath(absl::string_view path, absl::string_view query,
                       Segments segments) {
  std::vector<absl::string_view> raw =
      absl::StrSplit(path, '/', absl::SkipEmpty());
  raw.erase(raw.begin(),
            raw.end() - static_cast<std::ptrdiff_t>(segments.size()));
  if (!IsPlainPath(segments) || absl::StrContains(query, '#')) return "";
  for (size_t i = 0; i < segments.size(); ++i) {
    if (absl::StrContains(segments[i], '\\') ||
        absl::StrContains(absl::AsciiStrToLower(raw[i]), "%2e") ||
        absl::StrContains(raw[i], '#')) {
      return "";
    }
  }
  return absl::StrCat("/", absl::StrJoin(raw, "/"));
}

// The number of a query's parameter; nothing: it is missing, or no number.
std::optional<int64_t> NumberIn(absl::string_view query,
                                absl::string_view name) {
  for (absl::string_view one : absl::StrSplit(query, '&')) {
    int64_t number = 0;
    if (!absl::ConsumePrefix(&one, name) || !absl::ConsumePrefix(&one, "=")) {
      continue;
    }
    if (std::ranges::all_of(one, absl::ascii_isdigit) &&
        absl::SimpleAtoi(one, &number)) {
      return number;
    }
  }
  return std::nullopt;
}

// The ref that some segments make up; empty: they make up none.
std::string RefOf(Segments segments) {
  std::string ref = absl::StrJoin(segments, "/");
  // The server's protocol carries UTF-8 alone.
  const bool fits = ref.size() <= kMaxRef && IsValidUtf8(ref) &&
                    !absl::StartsWith(ref, "/") && !absl::EndsWith(ref, "/") &&
                    !absl::StrContains(ref, "//");
  return fits ? ref : std::string();
}

// `resource`, if the segments make up a ref.
RestResource AtRef(RestResource resource, Segments segments, std::string* ref) {
  *ref = RefOf(segments);
  return ref->empty() ? RestResource::kNone : resource;
}

// What is asked of a repository. `rest` follows its name.
RestResource OfRepository(bool is_post, Segments rest, std::string* ref) {
  if (rest.empty()) {
    return is_post ? RestResource::kNone : RestResource::kRepository;
  }
  const Segments behind = rest.subspan(1);
  if (!is_post && behind.empty() && rest[0] == "installation") {
    return RestResource::kInstallationOf;
  }
  if (rest[0] == "statuses") {
    if (!is_post) return AtRef(RestResource::kStatuses, behind, ref);
    return std::ranges::any_of(behind, HasSlash)
               ? RestResource::kNone
               : AtRef(RestResource::kCreateStatus, behind, ref);
  }
  if (is_post || rest[0] != "commits") return RestResource::kNone;
  if (behind.size() < 2) return AtRef(RestResource::kCommit, behind, ref);
  const RestResource resource =
      behind.back() == "status"     ? RestResource::kCombined
      : behind.back() == "statuses" ? RestResource::kStatuses
                                    : RestResource::kNone;
  return AtRef(resource, behind.first(behind.size() - 1), ref);
}

RestResource WithoutRepository(Segments segments, std::string* login) {
  static constexpr std::pair<absl::string_view, RestResource> kSingle[] = {
      {"meta", RestResource::kMeta},
      {"zen", RestResource::kZen},
      {"versions", RestResource::kVersions},
      {"rate_limit", RestResource::kRateLimit},
      {"user", RestResource::kUser}};
  if (segments.empty()) return RestResource::kRoot;
  if (segments.size() == 2 && segments[0] == "users") {
    *login = segments[1];
    return IsOwner(absl::StripSuffix(*login, "[bot]"))
               ? RestResource::kUserOfLogin
               : RestResource::kNone;
  }
  for (const auto& [name, resource] : kSingle) {
    if (segments.size() == 1 && segments[0] == name) return resource;
  }
  return RestResource::kNone;
}

bool ParseId(absl::string_view text, int64_t* id) {
  return std::ranges::all_of(text, absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, id) && *id > 0;
}

// What is asked about an App. `segments` begin with `app`.
RestResource OfApp(bool is_post, Segments segments, int64_t* id) {
  if (!is_post && segments.size() == 1) return RestResource::kApp;
  if (segments.size() < 2 || segments[1] != "installations") {
    return RestResource::kNone;
  }
  if (!is_post && segments.size() == 2) return RestResource::kInstallations;
  if (segments.size() < 3 || !ParseId(segments[2], id)) {
    return RestResource::kNone;
  }
  if (segments.size() == 3) {
    return is_post ? RestResource::kNone : RestResource::kInstallation;
  }
  return is_post && segments.size() == 4 && segments[3] == "access_tokens"
             ? RestResource::kCreateAppToken
             : RestResource::kNone;
}

RestResource ResourceOf(bool is_post, Segments segments, RestRoute* route) {
  const std::string first = segments.empty() ? "" : segments[0];
  if (first == "repos" && segments.size() >= 3) {
    route->owner = segments[1];
    route->name = segments[2];
    if (!IsOwner(route->owner) || !IsRepositoryName(route->name)) {
      return RestResource::kNone;
    }
    return OfRepository(is_post, segments.subspan(3), &route->ref);
  }
  if (first == "repositories" && segments.size() >= 2) {
    if (!ParseId(segments[1], &route->repository_id)) {
      return RestResource::kNone;
    }
    return OfRepository(is_post, segments.subspan(2), &route->ref);
  }
  if (first == "app") return OfApp(is_post, segments, &route->installation_id);
  if (is_post) return RestResource::kNone;
  const bool is_account = first == "users" || first == "orgs";
  if (is_account && segments.size() == 3 && segments[2] == "installation") {
    route->owner = segments[1];
    return IsOwner(route->owner) ? RestResource::kInstallationOf
                                 : RestResource::kNone;
  }
  return WithoutRepository(segments, &route->login);
}

}  // namespace

RestRoute FindRoute(absl::string_view method, absl::string_view path,
                    absl::string_view query) {
  RestRoute route;
  const auto segments = SegmentsOf(path);
  if (!segments.has_value()) return route;
  const Segments rest = TakePrefix(*segments, &route);
  route.github_path = GithubPath(path, query, rest);
  route.is_graphql =
      route.github_path == "/graphql" || route.github_path == "/api/graphql";
  const bool is_post = method == "POST";
  if (!is_post && method != "GET" && method != "HEAD") return route;
  route.resource = ResourceOf(is_post, rest, &route);
  route.per_page = NumberIn(query, "per_page").value_or(0);
  if (route.per_page < 1) route.per_page = RestRoute().per_page;
  route.per_page = std::min(route.per_page, kMostPerPage);
  route.page = std::max<int64_t>(1, NumberIn(query, "page").value_or(1));
  return route;
}

}  // namespace signalbox
