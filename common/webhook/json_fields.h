#ifndef SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_
#define SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signalbox {

// The value of a member of a JSON object.
struct JsonNull {};
struct JsonObject {};  // An object; its members have paths of their own.
// An array, a fraction, or an integer that does not fit into int64_t.
struct JsonOther {};
using JsonTexts = std::vector<std::string>;  // For a path that ends in `[]`.
using JsonValue = std::variant<JsonNull, JsonObject, JsonOther, bool, int64_t,
                               std::string, JsonTexts>;
using JsonMembers = absl::flat_hash_map<std::string, JsonValue>;  // By path.

// JsonFields holds a few members of a JSON object from outside, and nothing of
// the rest, which may be large.
class JsonFields {
 public:
  // Reads the members with the paths `wanted`. A path has the names of the
  // members from the top, as `pull_request.head.sha`. `hook.events[]` are the
  // first 100 texts of the array `hook.events`; other elements of an array
  // cannot be read. A member whose name has a dot or a bracket is never found.
  //
  // INVALID_ARGUMENT: `json` is not exactly one JSON object (RFC 8259, UTF-8),
  // is nested deeper than 32 levels, has a number that is too large for a
  // double, or has two members of one name in one object, because two parsers
  // could choose different ones.
  static absl::StatusOr<JsonFields> Read(
      absl::string_view json, absl::Span<const absl::string_view> wanted);

  // Reads only the text member `name` at the top of an object. Empty: there is
  // no such text. INVALID_ARGUMENT: `json` is not a JSON object. Does not check
  // the depth, the numbers or repeated members.
  static absl::StatusOr<std::string> ReadText(absl::string_view json,
                                              absl::string_view name);

  // The member at a path of `wanted`. Null: the object lacks it. Borrowed.
  const JsonValue* Find(absl::string_view path) const;

 private:
  explicit JsonFields(JsonMembers members) : members_(std::move(members)) {}

  JsonMembers members_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_
