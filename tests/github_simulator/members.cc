#include "tests/github_simulator/members.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

using UnorderedJson = nlohmann::json;

Members::Members(absl::string_view body) : json_(UnorderedJson::object()) {
  if (body.empty()) return;
  json_ = UnorderedJson::parse(body.begin(), body.end(), nullptr,
                               /*allow_exceptions=*/false);
  if (json_.is_object()) return;
  json_ = UnorderedJson::object();
  complaint_ = "the body is not a JSON object";
}

void Members::Complain(absl::string_view name, absl::string_view problem) {
  if (!complaint_.empty()) return;
  const UnorderedJson* const value = Find(name);
  const bool is_shown = value != nullptr && name != "token" && name != "secret";
  const std::string shown = !is_shown            ? ""
                            : value->is_string() ? value->get<std::string>()
                                                 : value->dump();
  complaint_ =
      absl::StrCat(name, is_shown ? " " + Quoted(shown) : "", " ", problem);
}

const UnorderedJson* Members::Find(absl::string_view name) const {
  const auto it = json_.find(std::string(name));
  return it == json_.end() || it->is_null() ? nullptr : &*it;
}

std::string Members::Text(const char* name, const std::string& fallback) {
  const UnorderedJson* const value = Find(name);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->get<std::string>();
  Complain(name, "is not a string");
  return fallback;
}

std::vector<std::string> Members::Texts(const char* name) {
  const UnorderedJson* const value = Find(name);
  if (value == nullptr) return {};
  std::vector<std::string> texts;
  for (const UnorderedJson& text : *value) {
    if (!value->is_array() || !text.is_string()) break;
    texts.push_back(text.get<std::string>());
  }
  if (!value->is_array() || texts.size() != value->size()) {
    Complain(name, "is not a list of strings");
  }
  return texts;
}

int64_t Members::Number(const char* name, int64_t fallback) {
  const UnorderedJson* const value = Find(name);
  if (value == nullptr) return fallback;
  constexpr int64_t kMost = int64_t{1} << 53;
  const bool is_big = value->is_number_unsigned() &&
                      value->get<uint64_t>() > static_cast<uint64_t>(kMost);
  if (value->is_number_integer() && !is_big && value->get<int64_t>() >= -1) {
    return value->get<int64_t>();
  }
  Complain(name, "is not a whole number from -1 to 2^53");
  return fallback;
}

int Members::SmallNumber(const char* name, int fallback) {
  const int64_t number = Number(name, fallback);
  if (number <= std::numeric_limits<int>::max()) {
    return static_cast<int>(number);
  }
  Complain(name, "is not a whole number from -1 to 2147483647");
  return fallback;
}

bool Members::Flag(const char* name, bool fallback) {
  const UnorderedJson* const value = Find(name);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  Complain(name, "is not true or false");
  return fallback;
}

std::string Members::Raw(const char* name) const {
  const UnorderedJson* const value = Find(name);
  return value == nullptr ? "" : value->dump();
}

std::vector<std::pair<std::string, std::string>> Members::Headers(
    const char* name) {
  std::vector<std::pair<std::string, std::string>> headers;
  const UnorderedJson* const value = Find(name);
  if (value == nullptr) return headers;
  if (value->is_object()) {
    for (const auto& [key, text] : value->items()) {
      if (text.is_string()) headers.emplace_back(key, text.get<std::string>());
    }
  }
  if (!value->is_object() || headers.size() != value->size()) {
    Complain(name, "is not an object of strings");
  }
  return headers;
}

std::string Members::FullName(const char* name) {
  const std::string text = Text(name);
  Require(IsFullName(text), name, "is not OWNER/NAME");
  return text;
}

std::string Members::Sha(const char* name) {
  const std::string text = Text(name);
  Require(IsFullSha(text), name, "is not 40 hexadecimal digits");
  return text;
}

}  // namespace signalbox
