#ifndef SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_
#define SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

struct YamlMember;

// A value of a YAML document: a text (any scalar), a list, a map, or nothing
// (null, or an empty document).
struct YamlNode {
  enum class Kind { kNothing, kText, kList, kMap };

  Kind kind = Kind::kNothing;
  // From 1. For a member of a map, the line of its key.
  int line = 1;
  std::string text;                 // kText.
  bool quoted = false;              // kText in quotes, so `"true"` is a text.
  std::vector<YamlNode> items;      // kList.
  std::vector<YamlMember> members;  // kMap, in the file's order; no key twice.
};

struct YamlMember {
  std::string key;
  YamlNode value;
};

// Makes an error of the configuration file: INVALID_ARGUMENT, reason
// INVALID_CONFIG, as `FILE:LINE: PROBLEM`.
absl::Status YamlError(absl::string_view file, int line,
                       absl::string_view problem);

// Parses the text of a configuration file, which is one YAML document. An empty
// file is kNothing. Replaces aliases by copies. A document may have, with these
// copies, 1 MiB, 100,000 values and 32 levels.
//
// Errors are made by YamlError: a limit is exceeded, the syntax is wrong, a key
// is repeated or is not a text, or there is a tag or a second document.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view yaml,
                                   absl::string_view file);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_
