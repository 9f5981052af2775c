#include "server/config/yaml_reader.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxText = 4096;

std::string MemberPath(absl::string_view path, absl::string_view key) {
  return absl::StrCat(path, path.empty() ? "" : ".", key);
}

std::string DurationText(absl::Duration duration) {
  return duration > kDay && duration % kDay == absl::ZeroDuration()
             ? absl::StrCat(duration / kDay, "d")
             : absl::FormatDuration(duration);
}

// The key among `known` that names a file with the value of `key`, as
// `token_file` does for `token`; nullptr if there is none.
const char* FileKey(absl::string_view key,
                    const std::vector<const char*>& known) {
  for (const char* const candidate : known) {
    if (!absl::EndsWith(candidate, "_file")) continue;
    if (candidate == absl::StrCat(key, "_file") ||
        (key == "token" && absl::StartsWith(candidate, "token_"))) {
      return candidate;
    }
  }
  return nullptr;
}

}  // namespace

void YamlReader::Refuse(const YamlValue& value, absl::string_view problem) {
  if (!status_.ok()) return;
  status_ =
      YamlError(file_, value.node->line,
                value.path.empty() ? std::string(problem)
                                   : absl::StrCat(value.path, ": ", problem));
}

void YamlReader::Warn(const YamlValue& value, absl::string_view problem) {
  warnings_.push_back(absl::StrCat(file_, ":", value.node->line, ": ",
                                   value.path, ": ", problem));
}

void YamlReader::RefuseValue(const YamlValue& value, absl::string_view wanted) {
  std::string problem;
  switch (value.node->kind) {
    case YamlNode::Kind::kNothing:
      problem = "is empty; wanted ";
      break;
    case YamlNode::Kind::kText:
      problem = absl::StrCat(Quoted(value.node->text), " is not ");
      break;
    case YamlNode::Kind::kList:
      problem = "is a list; wanted ";
      break;
    case YamlNode::Kind::kMap:
      problem = "is a map; wanted ";
      break;
  }
  Refuse(value, absl::StrCat(problem, wanted));
}

bool YamlReader::IsMap(const YamlValue& value,
                       const std::vector<const char*>& known) {
  if (value.node->kind != YamlNode::Kind::kMap) {
    RefuseValue(value, absl::StrCat("a map with ", absl::StrJoin(known, ", ")));
    return false;
  }
  for (const YamlMember& member : value.node->members) {
    if (std::ranges::find(known, member.key) != known.end()) {
      continue;
    }
    const absl::string_view key = member.key;
    const YamlValue unknown = {
        &member.value,
        MemberPath(value.path, absl::CHexEscape(key.substr(0, 80)))};
    const char* const file_key = FileKey(key, known);
    Refuse(
        unknown,
        file_key == nullptr
            ? absl::StrCat("is not a known key; wanted one of ",
                           absl::StrJoin(known, ", "))
            : absl::StrCat(
                  "is not a known key, and this file must hold no "
                  "secret; put the secret into a file and name that file with ",
                  file_key));
    return false;
  }
  return true;
}

std::optional<YamlValue> YamlReader::Find(const YamlValue& map,
                                          absl::string_view key) const {
  for (const YamlMember& member : map.node->members) {
    if (member.key == key) {
      return YamlValue{&member.value, MemberPath(map.path, key)};
    }
  }
  return std::nullopt;
}

std::optional<YamlValue> YamlReader::Need(const YamlValue& map,
                                          absl::string_view key,
                                          absl::string_view wanted) {
  std::optional<YamlValue> found = Find(map, key);
  if (!found.has_value()) {
    Refuse(map, absl::StrCat(key, " is missing; wanted ", wanted));
  }
  return found;
}

void YamlReader::NeedOneOf(const YamlValue& map, absl::string_view one,
                           absl::string_view other) {
  const bool has_one = Find(map, one).has_value();
  if (has_one != Find(map, other).has_value()) return;
  Refuse(map, absl::StrCat("has ", has_one ? "both " : "neither ", one,
                           has_one ? " and " : " nor ", other,
                           "; wanted one of them"));
}

void YamlReader::Map(const YamlValue& value, const std::vector<Field>& fields) {
  std::vector<const char*> known;
  for (const Field& field : fields) known.push_back(field.key);
  if (!IsMap(value, known)) return;
  for (const Field& field : fields) {
    const auto member = field.wanted.empty()
                            ? Find(value, field.key)
                            : Need(value, field.key, field.wanted);
    if (member.has_value()) field.read(*member);
  }
}

std::vector<YamlValue> YamlReader::List(const YamlValue& value,
                                        absl::string_view wanted) {
  std::vector<YamlValue> items;
  if (value.node->kind != YamlNode::Kind::kList) {
    RefuseValue(value, absl::StrCat("a list of ", wanted));
  }
  for (size_t i = 0; i < value.node->items.size(); ++i) {
    items.push_back(
        {&value.node->items[i], absl::StrCat(value.path, "[", i, "]")});
  }
  return items;
}

std::vector<std::string> YamlReader::Texts(const YamlValue& value,
                                           absl::string_view wanted,
                                           const Check& check) {
  std::vector<std::string> texts;
  std::set<std::string> seen;
  if (value.node->kind == YamlNode::Kind::kText && !value.node->text.empty()) {
    const std::string item = absl::CHexEscape(value.node->text.substr(0, 80));
    Refuse(value, absl::StrCat(Quoted(value.node->text),
                               " is not a list; wanted [", item, "]"));
  }
  for (const YamlValue& item : List(value, wanted)) {
    texts.push_back(Text(item, wanted));
    const absl::Status checked = check(texts.back());
    if (!checked.ok()) Refuse(item, checked.message());
    if (!seen.insert(absl::AsciiStrToLower(texts.back())).second) {
      Refuse(item, absl::StrCat(Quoted(texts.back()), " appears twice"));
    }
  }
  return texts;
}

std::string YamlReader::Text(const YamlValue& value, absl::string_view wanted) {
  const std::string& text = value.node->text;
  if (text.empty()) {
    RefuseValue(value, wanted);
  } else if (text.size() > kMaxText) {
    Refuse(value,
           absl::StrCat(Quoted(text), " is longer than ", kMaxText, " bytes"));
  } else if (std::ranges::any_of(text, absl::ascii_iscntrl)) {
    Refuse(value, absl::StrCat(Quoted(text),
                               " has a control character; wanted ", wanted));
  }
  return text;
}

bool YamlReader::Boolean(const YamlValue& value) {
  const std::string& text = value.node->text;
  if (value.node->quoted || (text != "true" && text != "false")) {
    RefuseValue(value, "true or false");
  }
  return text == "true";
}

int YamlReader::Number(const YamlValue& value, int lowest, int highest) {
  const std::string& text = value.node->text;
  int number = 0;
  if (value.node->quoted || !std::ranges::all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number) || number < lowest || number > highest) {
    RefuseValue(value, absl::StrCat("a number from ", lowest, " to ", highest));
  }
  return number;
}

YamlReader::Quantity YamlReader::NumberWithUnit(
    const YamlValue& value, std::initializer_list<const char*> units,
    absl::string_view wanted) {
  const absl::string_view text = value.node->text;
  const size_t digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  Quantity quantity = {0, text.substr(digits)};
  if (!absl::SimpleAtoi(text.substr(0, digits), &quantity.number) ||
      std::ranges::find(units, quantity.unit) == units.end()) {
    RefuseValue(value, wanted);
  }
  return quantity;
}

absl::Duration YamlReader::Duration(const YamlValue& value,
                                    absl::Duration lowest,
                                    absl::Duration highest) {
  const Quantity quantity = NumberWithUnit(
      value, {"ms", "s", "m", "h", "d"},
      "a duration: a whole number and ms, s, m, h or d, such as 90s");
  absl::Duration unit = kDay;
  if (quantity.unit == "ms") unit = absl::Milliseconds(1);
  if (quantity.unit == "s") unit = absl::Seconds(1);
  if (quantity.unit == "m") unit = absl::Minutes(1);
  if (quantity.unit == "h") unit = absl::Hours(1);
  const absl::Duration duration = quantity.number * unit;
  if (duration < lowest || duration > highest) {
    Refuse(value,
           absl::StrCat(Quoted(value.node->text), " is out of range; wanted ",
                        DurationText(lowest), " to ", DurationText(highest)));
  }
  return duration;
}

}  // namespace signalbox
