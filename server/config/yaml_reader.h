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

// A value of the configuration file.
struct YamlValue {
  const YamlNode* node;  // Borrowed.
  // Its name in errors, such as `github[0].api_url`. Empty: the whole document.
  std::string path;
};

// YamlReader converts values of a YAML tree to the types that they must have.
// The functions in this folder use it to read the configuration.
//
// It keeps the first error. After an error its functions may still be called,
// but their results mean nothing. So read everything first, and then check
// `status` once.
//
// `wanted` says in an error what the value should have been, after "is not":
// `"x" is not HOST:PORT`.
//
// Not thread-safe.
class YamlReader {
 public:
  // `file` is borrowed. Every error begins with it.
  explicit YamlReader(absl::string_view file) : file_(file) {}

  // An error made by YamlError, or OK.
  const absl::Status& status() const { return status_; }

  // Set the error, unless there is one already. Refuse makes it `FILE:LINE:
  // PATH: PROBLEM`, RefuseValue `FILE:LINE: PATH: VALUE is not WANTED`.
  void Refuse(const YamlValue& value, absl::string_view problem);
  void RefuseValue(const YamlValue& value, absl::string_view wanted);

  // Adds a warning, in the form of an error, about a value that is accepted but
  // should be written differently.
  void Warn(const YamlValue& value, absl::string_view problem);
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Whether the value is a map that has only keys of `known`. Else sets the
  // error. The error never shows the value of an unknown key, because it may be
  // a secret. If `token` is unknown and `token_file` is known, the error
  // suggests `token_file`; so with every such pair.
  bool IsMap(const YamlValue& value, const std::vector<const char*>& known);

  // A member that a map may have.
  struct Field {
    const char* key;
    // Map calls it with the member's value. Not called if the map lacks it.
    std::function<void(const YamlValue& value)> read;
    // Not empty: the map must have the member; see Need.
    absl::string_view wanted = "";
  };
  // Reads a map that has only these members, in this order.
  void Map(const YamlValue& value, const std::vector<Field>& fields);
  // Makes a Field::read that calls `read(reader, value, arguments...)` and
  // stores the result in `*to`.
  template <typename To, typename Read, typename... Arguments>
  auto Into(To* to, Read read, Arguments... arguments) {
    return [=, this](const YamlValue& value) {
      *to = std::invoke(read, *this, value, arguments...);
    };
  }

  // The member of a map with this key. Nothing: the map lacks it. Need also
  // sets the error then.
  std::optional<YamlValue> Find(const YamlValue& map,
                                absl::string_view key) const;
  std::optional<YamlValue> Need(const YamlValue& map, absl::string_view key,
                                absl::string_view wanted);

  // Sets the error unless the map has exactly one of the keys `one` and
  // `other`.
  void NeedOneOf(const YamlValue& map, absl::string_view one,
                 absl::string_view other);

  // The items of a list.
  std::vector<YamlValue> List(const YamlValue& value, absl::string_view wanted);

  // A list of texts. Each must pass `check`, and no two may differ in case
  // alone or be equal. The message of `check`'s error must begin with the text.
  using Check = std::function<absl::Status(absl::string_view)>;
  std::vector<std::string> Texts(const YamlValue& value,
                                 absl::string_view wanted, const Check& check);

  // A text that is not empty, has no control characters and at most 4 KiB.
  std::string Text(const YamlValue& value, absl::string_view wanted);
  bool Boolean(const YamlValue& value);
  // A whole number from `lowest` to `highest`.
  int Number(const YamlValue& value, int lowest, int highest);
  // A whole number and `ms`, `s`, `m`, `h` or `d`; `lowest` to `highest`.
  absl::Duration Duration(const YamlValue& value, absl::Duration lowest,
                          absl::Duration highest);
  // A whole number and one of `units`, such as `80/min`.
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
