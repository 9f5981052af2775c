#ifndef SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_
#define SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

struct YamlMember;

// A value of a YAML document.
struct YamlNode {
  enum class Kind { kNothing, kText, kList, kMap };

  Kind kind = Kind::kNothing;
  // From 1. For a member of a map, the line of its key.
  int line = 1;
  std::string text;                 // kText.
  bool quoted = false;              // kText: "true" is not a boolean.
  std::vector<YamlNode> items;      // kList.
  std::vector<YamlMember> members;  // kMap, in the file's order; no key twice.
};

struct YamlMember {
  std::string key;
  YamlNode value;
};

// INVALID_ARGUMENT, reason INVALID_CONFIG, as `FILE:LINE: PROBLEM`.
absl::Status YamlError(absl::string_view file, int line,
                       absl::string_view problem);

// Reads the one document of a configuration file; an empty file is kNothing.
// Aliases are replaced by copies. The limits of a document, copies included,
// are 1 MiB, 100,000 values and 32 levels. Errors (by YamlError, with `file`):
// a limit is exceeded, wrong syntax, a repeated key, a key that is not text, a
// tag, a second document.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view yaml,
                                   absl::string_view file);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_YAML_TREE_H_
