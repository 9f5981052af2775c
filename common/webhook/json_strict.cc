#include "common/webhook/json_strict.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

// Receives the parser's events. Returning false ends the parse.
class FieldCollector final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit FieldCollector(absl::Span<const absl::string_view> wanted) {
    for (const absl::string_view path : wanted) {
      wanted_.insert(path);
      for (size_t dot = path.find('.'); dot != absl::string_view::npos;
           dot = path.find('.', dot + 1)) {
        parents_.insert(path.substr(0, dot));
      }
    }
  }

  absl::string_view problem() const { return problem_; }
  JsonMembers TakeMembers() { return std::move(members_); }

  bool null() override { return Value(JsonNull()); }
  bool boolean(bool value) override { return Value(value); }
  bool number_integer(int64_t value) override { return Value(value); }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Value(JsonOther());
    }
    return Value(static_cast<int64_t>(value));
  }
  bool number_float(double, const std::string&) override {
    return Value(JsonOther());
  }
  bool string(std::string& value) override {
    if (!levels_.empty() && levels_.back().is_texts) {
      if (texts_.size() < kMaxJsonTexts) texts_.push_back(std::move(value));
      return true;
    }
    return Value(std::move(value));
  }
  bool binary(nlohmann::json::binary_t&) override { return Fail("binary"); }

  bool start_object(size_t) override {
    return Value(JsonObject()) && Open(/*is_array=*/false);
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override {
    return Value(JsonOther()) && Open(/*is_array=*/true);
  }
  bool end_array() override { return Close(); }

  bool key(std::string& name) override {
    Level& level = levels_.back();
    if (level.names.size() >= kMaxJsonMembers) {
      return Fail(absl::StrCat("an object of the JSON has more than ",
                               kMaxJsonMembers, " members"));
    }
    if (level.on_path) {
      path_.resize(level.path_size);
      if (!path_.empty()) path_ += '.';
      // A dot in a name would let one member pass for another.
      path_ += name.find_first_of(".[") == std::string::npos ? name : ".";
    }
    if (!level.names.insert(std::move(name)).second) {
      return Fail("an object of the JSON has two members of one name");
    }
    return true;
  }

  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail("the body is not JSON");
  }

 private:
  // An open object or array.
  struct Level {
    bool on_path;      // Members of it may be wanted.
    bool is_texts;     // An array whose texts are wanted.
    size_t path_size;  // Of its own path.
    absl::flat_hash_set<std::string> names;
  };

  bool Fail(absl::string_view problem) {
    if (problem_.empty()) problem_ = std::string(problem);
    return false;
  }

  bool Value(JsonValue value) {
    if (levels_.empty()) {
      return std::holds_alternative<JsonObject>(value) ||
             Fail("the body is not a JSON object");
    }
    if (levels_.back().on_path && wanted_.contains(path_)) {
      members_.emplace(path_, std::move(value));
    }
    return true;
  }

  bool Open(bool is_array) {
    if (levels_.size() >= kMaxJsonDepth) {
      return Fail(absl::StrCat("the JSON is nested deeper than ", kMaxJsonDepth,
                               " levels"));
    }
    const bool is_member = !levels_.empty() && levels_.back().on_path;
    const bool on_path = !is_array && (levels_.empty() ||
                                       (is_member && parents_.contains(path_)));
    const bool is_texts =
        is_array && is_member && wanted_.contains(path_ + "[]");
    levels_.push_back(Level{on_path, is_texts, path_.size(), {}});
    return true;
  }

  bool Close() {
    if (levels_.back().is_texts) {
      members_.emplace(path_ + "[]", std::move(texts_));
      texts_.clear();
    }
    levels_.pop_back();
    return true;
  }

  absl::flat_hash_set<absl::string_view> wanted_;
  absl::flat_hash_set<absl::string_view> parents_;
  std::vector<Level> levels_;
  std::string path_;  // Of the member being read, where it may be wanted.
  JsonTexts texts_;   // Of the open array, if its texts are wanted.
  JsonMembers members_;
  std::string problem_;
};

// Finds one text in the outermost object. It only counts the open levels.
class TextFinder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TextFinder(absl::string_view name) : name_(name) {}

  bool is_object() const { return is_object_; }
  // Whether it is JSON, or would be if a double could hold each number.
  bool is_json() const { return is_json_; }
  std::string TakeText() { return std::move(text_); }

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(int64_t) override { return Value(); }
  bool number_unsigned(uint64_t) override { return Value(); }
  bool number_float(double, const std::string&) override { return Value(); }
  bool string(std::string& value) override {
    if (depth_ == 1 && is_next_ && text_.empty()) text_ = std::move(value);
    return Value();
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(size_t) override {
    if (depth_ == 0) is_object_ = true;
    ++depth_;
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override {
    ++depth_;
    return is_object_;
  }
  bool end_array() override { return Close(); }
  bool key(std::string& name) override {
    is_next_ = depth_ == 1 && name == name_;
    return true;
  }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    constexpr int kNumberOutOfRange = 406;
    is_json_ = error.id == kNumberOutOfRange;
    return false;
  }

 private:
  bool Value() { return is_object_; }
  bool Close() {
    --depth_;
    return true;
  }

  const absl::string_view name_;
  size_t depth_ = 0;
  bool is_object_ = false;
  bool is_json_ = true;
  bool is_next_ = false;  // The next value has the name.
  std::string text_;
};

}  // namespace

absl::StatusOr<std::string> StrictReadText(absl::string_view json,
                                           absl::string_view name) {
  TextFinder finder(name);
  const bool has_nul = json.find('\0') != absl::string_view::npos;
  if (!has_nul) nlohmann::json::sax_parse(json.begin(), json.end(), &finder);
  if (has_nul || !finder.is_json()) {
    return absl::InvalidArgumentError("the body is not JSON");
  }
  if (!finder.is_object()) {
    return absl::InvalidArgumentError("the body is not a JSON object");
  }
  return finder.TakeText();
}

absl::StatusOr<JsonMembers> StrictRead(
    absl::string_view json, absl::Span<const absl::string_view> wanted) {
  // The library takes a NUL byte for the end and ignores the rest.
  if (json.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("the body is not JSON");
  }
  FieldCollector collector(wanted);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &collector)) {
    return absl::InvalidArgumentError(collector.problem().empty()
                                          ? "the body is not JSON"
                                          : collector.problem());
  }
  return collector.TakeMembers();
}

}  // namespace signalbox
