#include "rest/url_mover.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace signalbox {
namespace {

constexpr absl::string_view kJsonSpace = " \t\r\n";
constexpr size_t kEnd = absl::string_view::npos;

// Whether `rest`, which follows an address, leaves it what it is. A host or a
// path may only begin like that of the API.
bool EndsAddress(absl::string_view rest) {
  return rest.empty() || absl::StrContains("/?#{", rest[0]);
}

std::string OriginOf(absl::string_view url) {
  const size_t host = url.find("://");
  if (host == kEnd) return std::string(url);
  return std::string(url.substr(0, url.find('/', host + 3)));
}

// Takes one character of the inside of a JSON string. Nothing but ASCII is of
// interest: for the rest it returns 0.
char TakeCharacter(absl::string_view* raw) {
  if (raw->empty()) return '\0';
  const char first = raw->front();
  raw->remove_prefix(1);
  if (first != '\\' || raw->empty()) return first;
  const char escape = raw->front();
  raw->remove_prefix(1);
  if (escape != 'u') {
    return absl::StrContains("\"\\/", escape) ? escape : '\0';
  }
  unsigned code = 0;
  if (raw->size() < 4 || !absl::SimpleHexAtoi(raw->substr(0, 4), &code)) {
    return '\0';
  }
  raw->remove_prefix(4);
  return code < 0x80 ? static_cast<char>(code) : '\0';
}

// Where the string of JSON that begins at `begin` ends, behind its quote.
size_t EndOfString(absl::string_view json, size_t begin) {
  size_t at = begin + 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return std::min(at + 1, json.size());
}

// `raw` is the inside of a string of JSON.
bool NamesUrl(absl::string_view raw) {
  std::string name;
  while (!raw.empty()) name += TakeCharacter(&raw);
  return name == "url" || absl::EndsWith(name, "_url");
}

}  // namespace

UrlMover::UrlMover(std::string api, std::string base)
    : api_(std::move(api)), origin_(OriginOf(api_)), base_(std::move(base)) {}

std::string UrlMover::Moved(absl::string_view url) const {
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, api_) || !EndsAddress(rest)) {
    return std::string(url);
  }
  return absl::StrCat(base_, rest);
}

std::string UrlMover::Link(absl::string_view value) const {
  std::string moved;
  while (!value.empty()) {
    const size_t begin = value.find('<');
    const size_t end = begin == kEnd ? kEnd : value.find('>', begin);
    if (end == kEnd) break;
    absl::StrAppend(&moved, value.substr(0, begin + 1),
                    Moved(value.substr(begin + 1, end - begin - 1)), ">");
    value.remove_prefix(end + 1);
  }
  absl::StrAppend(&moved, value);
  return moved;
}

std::string UrlMover::Location(absl::string_view value) const {
  if (absl::StartsWith(value, "//")) {
    return Moved(absl::StrCat(api_.substr(0, api_.find("//")), value));
  }
  if (absl::StartsWith(value, "/")) return Moved(absl::StrCat(origin_, value));
  return Moved(value);
}

size_t UrlMover::AddressIn(absl::string_view raw) const {
  absl::string_view rest = raw;
  for (const char c : api_) {
    if (rest.empty() || TakeCharacter(&rest) != c) return 0;
  }
  const size_t size = raw.size() - rest.size();
  const bool is_moved =
      rest.empty() || absl::StrContains("/?#{", TakeCharacter(&rest));
  return is_moved ? size : 0;
}

std::string UrlMover::Json(std::string body) const {
  if (!nlohmann::json::accept(body)) return body;
  const absl::string_view json = body;
  std::string moved;
  size_t copied = 0;
  size_t at = json.find('"');
  while (at != kEnd) {
    const size_t end = EndOfString(json, at);
    const size_t colon = json.find_first_not_of(kJsonSpace, end);
    // In valid JSON, a string before a colon is the name of a member.
    if (colon != kEnd && json[colon] == ':' &&
        NamesUrl(json.substr(at + 1, end - at - 2))) {
      const size_t value = json.find_first_not_of(kJsonSpace, colon + 1);
      const size_t inside = value + 1;
      const size_t size =
          json[value] == '"'
              ? AddressIn(
                    json.substr(inside, EndOfString(json, value) - 1 - inside))
              : 0;
      if (size > 0) {
        absl::StrAppend(&moved, json.substr(copied, inside - copied), base_);
        copied = inside + size;
      }
    }
    at = json.find('"', end);
  }
  if (copied == 0) return body;
  absl::StrAppend(&moved, json.substr(copied));
  return moved;
}

}  // namespace signalbox
