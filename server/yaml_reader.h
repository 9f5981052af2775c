#ifndef SIGNALBOX_SERVER_YAML_READER_H_
#define SIGNALBOX_SERVER_YAML_READER_H_

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/yaml_tree.h"

namespace signalbox {

// A value and how to name it in an error, such as `github[0].api_url`; the
// whole document has no name.
struct YamlValue {
  const YamlNode* node;
  std::string path;
};

// Reads values of a YAML tree as the types that they must have. The first
// error stays; from then on what is returned means nothing, but everything may
// still be called. So a reader of a file needs one look at `status`.
//
// `wanted` continues "is not" in an error: `"x" is not HOST:PORT`.
//
// Not thread-safe.
class YamlReader {
 public:
  // `file` is borrowed and begins every error.
  explicit YamlReader(absl::string_view file) : file_(file) {}

  // YamlError.
  const absl::Status& status() const { return status_; }

  // Notes an error, as `FILE:LINE: PATH: PROBLEM`.
  void Refuse(const YamlValue& value, absl::string_view problem);
  // The same, as `FILE:LINE: PATH: VALUE is not WANTED`.
  void RefuseValue(const YamlValue& value, absl::string_view wanted);

  // Notes what is taken, but should be written in another way; as an error.
  void Warn(const YamlValue& value, absl::string_view problem);
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Whether it is a map without other keys than those `known`. No error shows
  // the value of an unknown key: it may be a secret, and if a file with it can
  // be named (`token` and `token_file`), the error says so.
  bool IsMap(const YamlValue& value, std::initializer_list<const char*> known);

  // A member of a map; nothing if it has none. `Need` makes that an error.
  std::optional<YamlValue> Find(const YamlValue& map,
                                absl::string_view key) const;
  std::optional<YamlValue> Need(const YamlValue& map, absl::string_view key,
                                absl::string_view wanted);

  std::vector<YamlValue> List(const YamlValue& value, absl::string_view wanted);

  // A list of texts that differ in more than case and pass `check`, whose
  // message begins with the value.
  using Check = std::function<absl::Status(absl::string_view)>;
  std::vector<std::string> Texts(const YamlValue& value,
                                 absl::string_view wanted, const Check& check);

  // Not empty, without control characters, at most 4 KiB.
  std::string Text(const YamlValue& value, absl::string_view wanted);
  bool Boolean(const YamlValue& value);
  int Number(const YamlValue& value, int lowest, int highest);
  // A whole number and `ms`, `s`, `m`, `h` or `d`.
  absl::Duration Duration(const YamlValue& value, absl::Duration lowest,
                          absl::Duration highest);
  // A whole number and one of `units`.
  struct Quantity {
    int number;
    absl::string_view unit;  // As long as the tree.
  };
  Quantity NumberWithUnit(const YamlValue& value,
                          std::initializer_list<const char*> units,
                          absl::string_view wanted);

 private:
  const absl::string_view file_;
  absl::Status status_;
  std::vector<std::string> warnings_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_YAML_READER_H_
