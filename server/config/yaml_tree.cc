#include "server/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr size_t kMaxValues = 100'000;
constexpr size_t kMaxLevels = 32;

[[noreturn]] void Refuse(const YAML::Mark& mark, const std::string& problem) {
  throw YAML::ParserException(mark, problem);
}

size_t CountValues(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += CountValues(item);
  for (const YamlMember& member : node.members) {
    count += CountValues(member.value);
  }
  return count;
}

// Escapes the library's message, which may end with a byte of the file.
std::string Printable(const std::string& message) {
  std::string printable;
  for (const char c : message) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      printable += c;
    } else {
      absl::StrAppend(&printable, absl::CHexEscape(absl::string_view(&c, 1)));
    }
  }
  return printable;
}

// Whether the line, counted from 0, is indented with a tab. The library's
// message about that does not name the tab.
bool HasTabIndent(absl::string_view yaml, int line) {
  for (; line > 0; --line) {
    const size_t end = yaml.find('\n');
    if (end == absl::string_view::npos) return false;
    yaml.remove_prefix(end + 1);
  }
  const size_t indent = std::min(yaml.find_first_not_of(" \t"), yaml.size());
  return absl::StrContains(yaml.substr(0, indent), '\t');
}

// Whether the quotation at `begin` ends. The library accepts the end of the
// text as its end.
bool QuotationEnds(absl::string_view yaml, size_t begin) {
  const char quote = yaml[begin];
  for (size_t i = begin + 1; i < yaml.size(); ++i) {
    if (quote == '"' && yaml[i] == '\\') {
      ++i;
    } else if (yaml[i] == quote) {
      const bool doubled =
          quote == '\'' && i + 1 < yaml.size() && yaml[i + 1] == quote;
      if (!doubled) return true;
      ++i;
    }
  }
  return false;
}

// Builds a tree from the parser's events. It throws ParserException, which
// stops the parser, at anything that a configuration must not have.
class TreeBuilder : public YAML::EventHandler {
 public:
  // `yaml` is borrowed: the text that the events come from.
  explicit TreeBuilder(absl::string_view yaml) : yaml_(yaml) {}

  YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      Refuse(mark, "a second YAML document begins here; wanted one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Begin(mark, YamlNode::Kind::kNothing, "?", anchor);
    End();
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    CheckQuotation(mark, anchor);
    if (IsKeyNext()) {
      TakeKey(mark, tag, value);
      return;
    }
    // An empty plain scalar and `~` are YAML's ways to write nothing.
    const bool nothing = tag == "?" && (value.empty() || value == "~");
    Begin(mark, nothing ? YamlNode::Kind::kNothing : YamlNode::Kind::kText, tag,
          anchor);
    open_.back().node.text = nothing ? "" : value;
    open_.back().node.quoted = tag == "!";
    End();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(mark, YamlNode::Kind::kList, tag, anchor);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Begin(mark, YamlNode::Kind::kMap, tag, anchor);
  }
  void OnMapEnd() override { End(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (IsKeyNext()) Refuse(mark, "a key is not text");
    const auto anchored = anchored_.find(anchor);
    if (anchored == anchored_.end()) {
      Refuse(mark, "this alias refers to the value that contains it");
    }
    Count(mark, CountValues(anchored->second));
    const int line = anchored->second.line;
    Put(anchored->second, line);
  }

 private:
  // A value that has begun and not ended.
  struct Open {
    YamlNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::set<std::string> keys;  // Those of a map so far.
    bool key_taken = false;  // The last of node.members waits for its value.
  };

  void CheckQuotation(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    auto begin = static_cast<size_t>(mark.pos);
    if (anchor != YAML::NullAnchor) {
      begin = std::min(yaml_.find_first_of(" \n", begin), yaml_.size());
      begin = std::min(yaml_.find_first_not_of(" \n", begin), yaml_.size());
    }
    if (begin < yaml_.size() && (yaml_[begin] == '"' || yaml_[begin] == '\'') &&
        !QuotationEnds(yaml_, begin)) {
      Refuse(mark, "the quoted text has no closing quote");
    }
  }

  bool IsKeyNext() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap &&
           !open_.back().key_taken;
  }

  void TakeKey(const YAML::Mark& mark, const std::string& tag,
               const std::string& key) {
    if (tag != "?" && tag != "!") {
      Refuse(mark, "the server does not support YAML tags");
    }
    Open& map = open_.back();
    if (!map.keys.insert(key).second) {
      Refuse(mark, absl::StrCat("the key ", Quoted(key), " appears twice"));
    }
    map.node.members.push_back({key, {}});
    map.node.members.back().value.line = mark.line + 1;
    map.key_taken = true;
  }

  void Begin(const YAML::Mark& mark, YamlNode::Kind kind,
             const std::string& tag, YAML::anchor_t anchor) {
    if (IsKeyNext()) Refuse(mark, "a key is not text");
    if (tag != "?" && tag != "!" && !tag.empty()) {
      Refuse(mark, "the server does not support YAML tags");
    }
    if (open_.size() == kMaxLevels) {
      Refuse(mark, absl::StrCat("the file has more than ", kMaxLevels,
                                " levels of nesting"));
    }
    Count(mark, 1);
    Open open;
    open.node.kind = kind;
    open.mark = mark;
    open.anchor = anchor;
    open_.push_back(std::move(open));
  }

  void End() {
    Open ended = std::move(open_.back());
    open_.pop_back();
    if (ended.anchor != YAML::NullAnchor) {
      Count(ended.mark, CountValues(ended.node));
      YamlNode& anchored = anchored_[ended.anchor];
      anchored = ended.node;
      anchored.line = ended.mark.line + 1;
    }
    Put(std::move(ended.node), ended.mark.line + 1);
  }

  void Put(YamlNode node, int line) {
    node.line = line;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    YamlNode& value = parent.node.members.back().value;
    node.line = value.line;
    value = std::move(node);
    parent.key_taken = false;
  }

  void Count(const YAML::Mark& mark, size_t values) {
    values_ += values;
    if (values_ > kMaxValues) {
      Refuse(mark,
             absl::StrCat("the file has more than ", kMaxValues, " values"));
    }
  }

  const absl::string_view yaml_;
  YamlNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchored_;
  size_t values_ = 0;
  int documents_ = 0;
};

}  // namespace

absl::Status YamlError(absl::string_view file, int line,
                       absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
               absl::StrCat(file, ":", line, ": ", problem));
}

absl::StatusOr<YamlNode> ParseYaml(absl::string_view yaml,
                                   absl::string_view file) {
  if (yaml.size() > kMaxBytes) {
    return YamlError(
        file, 1, absl::StrCat("the file is longer than ", kMaxBytes, " bytes"));
  }
  absl::ConsumePrefix(&yaml, "\xEF\xBB\xBF");
  // In other encodings, the library's positions differ from those in the text.
  if (absl::StrContains(yaml, '\0') || absl::StartsWith(yaml, "\xFF\xFE") ||
      absl::StartsWith(yaml, "\xFE\xFF")) {
    return YamlError(file, 1, "the file is not UTF-8 text");
  }
  TreeBuilder tree(yaml);
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    // The second call finds the end, or a second document, which the builder
    // refuses.
    if (parser.HandleNextDocument(tree)) parser.HandleNextDocument(tree);
  } catch (const YAML::Exception& e) {
    if (e.mark.line >= 0 && HasTabIndent(yaml, e.mark.line)) {
      return YamlError(file, e.mark.line + 1,
                       "this line is indented with a tab; YAML wants spaces");
    }
    return YamlError(file, std::max(e.mark.line + 1, 1), Printable(e.msg));
  } catch (const std::exception& e) {
    return YamlError(file, 1, e.what());
  }
  return tree.Take();
}

}  // namespace signalbox
