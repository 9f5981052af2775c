#ifndef SIGNALBOX_SERVER_CONFIG_YAML_READER_H_
#define SIGNALBOX_SERVER_CONFIG_YAML_READER_H_

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/yaml_tree.h"

namespace signalbox {

inline constexpr absl::Duration kDay = absl::Hours(24);

// A value and its name in errors, such as `github[0].api_url`. The whole
// document has an empty name.
struct YamlValue {
  const YamlNode* node;
  std::string path;
};

// Reads values of a YAML tree as the types that they must have. It keeps the
// first error. After an error the methods may still be called, but their
// results mean nothing, so a caller checks `status` only once.
//
// `wanted` continues "is not" in an error: `"x" is not HOST:PORT`.
//
// Not thread-safe.
class YamlReader {
 public:
  // `file` is borrowed. Every error begins with it.
  explicit YamlReader(absl::string_view file) : file_(file) {}

  // An error made by YamlError, or OK.
  const absl::Status& status() const { return status_; }

  // Sets an error, as `FILE:LINE: PATH: PROBLEM`.
  void Refuse(const YamlValue& value, absl::string_view problem);
  // The same, as `FILE:LINE: PATH: VALUE is not WANTED`.
  void RefuseValue(const YamlValue& value, absl::string_view wanted);

  // Adds a warning, in the form of an error, about a value that is accepted but
  // should be written differently.
  void Warn(const YamlValue& value, absl::string_view problem);
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Whether the value is a map with no other keys than `known`. An error never
  // shows the value of an unknown key, which may be a secret. If a known key
  // names a file for it (`token` and `token_file`), the error says so.
  bool IsMap(const YamlValue& value, const std::vector<const char*>& known);

  // A member that a map may have.
  struct Field {
    const char* key;
    std::function<void(const YamlValue& value)> read;
    absl::string_view wanted = "";  // For Need; empty: Find.
  };
  // Reads a map, as IsMap has it, of these members, in this order.
  void Map(const YamlValue& value, const std::vector<Field>& fields);
  // For a field: puts into `*to` what `read` makes of this reader, the value
  // and the arguments.
  template <typename To, typename Read, typename... Arguments>
  auto Into(To* to, Read read, Arguments... arguments) {
    return [=, this](const YamlValue& value) {
      *to = std::invoke(read, *this, value, arguments...);
    };
  }

  // A member of a map; nothing: it has none, which Need makes an error.
  std::optional<YamlValue> Find(const YamlValue& map,
                                absl::string_view key) const;
  std::optional<YamlValue> Need(const YamlValue& map, absl::string_view key,
                                absl::string_view wanted);

  // Refuses a map that has not one of these two, but both or none.
  void NeedOneOf(const YamlValue& map, absl::string_view one,
                 absl::string_view other);

  std::vector<YamlValue> List(const YamlValue& value, absl::string_view wanted);

  // A list of texts that pass `check` and are different without regard to case.
  // The message of `check` must begin with the value.
  using Check = std::function<absl::Status(absl::string_view)>;
  std::vector<std::string> Texts(const YamlValue& value,
                                 absl::string_view wanted, const Check& check);

  // A text that is not empty, has no control characters and at most 4 KiB.
  std::string Text(const YamlValue& value, absl::string_view wanted);
  bool Boolean(const YamlValue& value);
  int Number(const YamlValue& value, int lowest, int highest);
  // A whole number and `ms`, `s`, `m`, `h` or `d`.
  absl::Duration Duration(const YamlValue& value, absl::Duration lowest,
                          absl::Duration highest);
  // A whole number and one of `units`.
  struct Quantity {
    int number;
    absl::string_view unit;  // Valid as long as the tree.
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

#endif  // SIGNALBOX_SERVER_CONFIG_YAML_READER_H_
