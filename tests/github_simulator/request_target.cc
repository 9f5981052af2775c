#include "tests/github_simulator/request_target.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/hex.h"

namespace signalbox {

std::optional<std::string> PercentDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const std::optional<std::string> byte = BytesOfHex(text.substr(i + 1, 2));
    if (!byte.has_value()) return std::nullopt;
    decoded += *byte;
    i += 2;
  }
  return decoded;
}

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  for (const unsigned char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      encoded.push_back(static_cast<char>(c));
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", c);
    }
  }
  return encoded;
}

RequestTarget RequestTarget::Parse(absl::string_view target,
                                   absl::string_view prefix) {
  RequestTarget result;
  absl::string_view path = target.substr(0, target.find('?'));
  if (path.size() < target.size()) {
    result.raw_query = std::string(target.substr(path.size() + 1));
  }
  for (const absl::string_view pair :
       absl::StrSplit(result.raw_query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    result.query.emplace_back(PercentDecode(parts.first).value_or(""),
                              PercentDecode(parts.second).value_or(""));
  }
  if (!absl::ConsumePrefix(&path, prefix)) return result;
  result.is_valid = path == "/" || (path.empty() && !prefix.empty());
  if (result.is_valid || !absl::ConsumePrefix(&path, "/")) return result;
  for (const absl::string_view raw : absl::StrSplit(path, '/')) {
    const std::optional<std::string> segment = PercentDecode(raw);
    if (raw.empty() || !segment.has_value()) return result;
    result.raw_segments.emplace_back(raw);
    result.segments.push_back(*segment);
  }
  result.is_valid = true;
  return result;
}

absl::string_view RequestTarget::Query(absl::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

std::string RequestTarget::RawQueryWithout(
    std::initializer_list<absl::string_view> names) const {
  std::string result;
  for (const absl::string_view pair :
       absl::StrSplit(raw_query, '&', absl::SkipEmpty())) {
    const std::string name =
        PercentDecode(pair.substr(0, pair.find('='))).value_or("");
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      absl::StrAppend(&result, pair, "&");
    }
  }
  return result;
}

std::string RequestTarget::RawAfter(size_t count) const {
  std::string result;
  for (size_t i = count; i < raw_segments.size(); ++i) {
    absl::StrAppend(&result, "/", raw_segments[i]);
  }
  if (!raw_query.empty()) absl::StrAppend(&result, "?", raw_query);
  return result;
}

}  // namespace signalbox
