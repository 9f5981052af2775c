#include "common/webhook/json_quick.h"

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/strip.h"
#include "common/mutex.h"
#include "common/webhook/json_strict.h"

namespace signalbox {
namespace {

namespace dom = simdjson::dom;

// GitHub's examples have at most 27 KB. A longer text would need much memory.
constexpr size_t kMaxQuickBytes = 128 << 10;

// Parsers that wait for their next text. To make one, and have the kernel clear
// its memory, takes several times as long as to parse.
class IdleParsers {
 public:
  IdleParsers() { idle_.reserve(kMostIdle); }

  std::unique_ptr<dom::parser> Take() {
    MutexLock lock(&mu_);
    if (idle_.empty()) return std::make_unique<dom::parser>();
    std::unique_ptr<dom::parser> parser = std::move(idle_.back());
    idle_.pop_back();
    return parser;
  }

  void Give(std::unique_ptr<dom::parser> parser) {
    MutexLock lock(&mu_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(parser));
  }

 private:
  // Many requests may wait for the server, but few parse at the same time.
  static constexpr size_t kMostIdle = 4;

  Mutex mu_;
  std::vector<std::unique_ptr<dom::parser>> idle_ ABSL_GUARDED_BY(mu_);
};

// As the view that all other code uses.
absl::string_view ViewOf(const auto& text) {
  return {text.data(), text.size()};
}

// Holds the tree of a text.
class Tree {
 public:
  explicit Tree(absl::string_view json) : parser_(Idle().Take()) {
    is_object_ =
        json.size() <= kMaxQuickBytes &&
        parser_->parse(json.data(), json.size()).get_object().get(top_) ==
            simdjson::SUCCESS;
  }
  ~Tree() { Idle().Give(std::move(parser_)); }

  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Null: the text is not exactly one JSON object, or it is too long.
  const dom::object* top() const { return is_object_ ? &top_ : nullptr; }

 private:
  static IdleParsers& Idle() {
    static auto* const idle = new IdleParsers();
    return *idle;
  }

  std::unique_ptr<dom::parser> parser_;
  dom::object top_;
  bool is_object_;
};

// Checks what the parser does not: the depth and the names.
class RuleChecker {
 public:
  bool Keeps(const dom::object& object, size_t depth) {
    if (depth > kMaxJsonDepth || !NamesDiffer(object)) return false;
    for (const dom::key_value_pair member : object) {
      if (!Keeps(member.value, depth + 1)) return false;
    }
    return true;
  }

 private:
  bool Keeps(const dom::element& value, size_t depth) {
    dom::object object;
    if (!value.get_object().get(object)) return Keeps(object, depth);
    dom::array array;
    if (value.get_array().get(array)) return true;
    if (depth > kMaxJsonDepth) return false;
    for (const dom::element element : array) {
      if (!Keeps(element, depth + 1)) return false;
    }
    return true;
  }

  bool NamesDiffer(const dom::object& object) {
    names_.clear();
    for (const dom::key_value_pair member : object) {
      names_.push_back(ViewOf(member.key));
    }
    if (names_.size() > kMaxJsonMembers) return false;
    std::ranges::sort(names_, [](absl::string_view a, absl::string_view b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return std::ranges::adjacent_find(names_) == names_.end();
  }

  std::vector<absl::string_view> names_;  // Of one object. Kept for its memory.
};

JsonTexts TextsOf(const dom::array& array) {
  JsonTexts texts;
  for (const dom::element element : array) {
    const auto text = element.get_string();
    if (texts.size() < kMaxJsonTexts && !text.error()) {
      texts.emplace_back(text.value_unsafe());
    }
  }
  return texts;
}

JsonValue ValueOf(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::NULL_VALUE:
      return JsonNull();
    case dom::element_type::OBJECT:
      return JsonObject();
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe();
    case dom::element_type::INT64:
      return element.get_int64().value_unsafe();
    case dom::element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    default:
      return JsonOther();
  }
}

// Adds the member at `path` to `members`, if `object` has it.
void AddMember(dom::object object, absl::string_view path,
               JsonMembers& members) {
  absl::string_view left = path;
  const bool wants_texts = absl::ConsumeSuffix(&left, "[]");
  while (true) {
    const size_t dot = left.find('.');
    const absl::string_view name = left.substr(0, dot);
    dom::element value;
    if (object.at_key({name.data(), name.size()}).get(value)) return;
    if (dot != absl::string_view::npos) {
      if (value.get_object().get(object)) return;
      left.remove_prefix(dot + 1);
      continue;
    }
    dom::array array;
    if (!wants_texts) {
      members.emplace(path, ValueOf(value));
    } else if (!value.get_array().get(array)) {
      members.emplace(path, TextsOf(array));
    }
    return;
  }
}

}  // namespace

std::optional<JsonMembers> QuickRead(
    absl::string_view json, absl::Span<const absl::string_view> wanted) {
  const Tree tree(json);
  if (tree.top() == nullptr || !RuleChecker().Keeps(*tree.top(), 1)) {
    return std::nullopt;
  }
  JsonMembers members;
  for (const absl::string_view path : wanted) {
    AddMember(*tree.top(), path, members);
  }
  return members;
}

std::optional<std::string> QuickReadText(absl::string_view json,
                                         absl::string_view name) {
  const Tree tree(json);
  if (tree.top() == nullptr) return std::nullopt;
  for (const dom::key_value_pair member : *tree.top()) {
    const auto text = member.value.get_string();
    // The name may be repeated, as in StrictReadText.
    if (ViewOf(member.key) == name && !text.error() &&
        !text.value_unsafe().empty()) {
      return std::string(text.value_unsafe());
    }
  }
  return "";
}

}  // namespace signalbox
