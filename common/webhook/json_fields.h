#ifndef SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_
#define SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signalbox {

struct JsonNull {};
struct JsonObject {};
// An array, a fraction, or an integer that does not fit 64 bits with a sign.
struct JsonOther {};
using JsonTexts = std::vector<std::string>;
using JsonValue = std::variant<JsonNull, JsonObject, JsonOther, bool, int64_t,
                               std::string, JsonTexts>;

// JsonFields reads a few members of a JSON object from outside, in one pass and
// without building the rest.
//
// INVALID_ARGUMENT if `json` is not exactly one JSON object (RFC 8259, UTF-8),
// is nested deeper than 32, has a number that no double can hold, or names a
// member twice anywhere: two parsers could disagree about which one counts.
class JsonFields {
 public:
  // `wanted` names members by their path from the top, as
  // `pull_request.head.sha`. Members inside arrays have no path, but
  // `hook.events[]` is the first 100 texts of an array, without its other
  // elements. A name with a dot or a bracket never matches.
  static absl::StatusOr<JsonFields> Read(
      absl::string_view json, absl::Span<const absl::string_view> wanted);

  // One text at the top of an object. The rest of the object is not checked:
  // its depth, its numbers and repeated members do not matter. Empty: there is
  // no such text. INVALID_ARGUMENT only if `json` is not a JSON object.
  static absl::StatusOr<std::string> ReadText(absl::string_view json,
                                              absl::string_view name);

  // The member at a wanted path; null: there is none. Borrowed.
  const JsonValue* Find(absl::string_view path) const;

 private:
  absl::flat_hash_map<std::string, JsonValue> values_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_JSON_FIELDS_H_
