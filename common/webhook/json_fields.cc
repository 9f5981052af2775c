#include "common/webhook/json_fields.h"

#include <optional>

#include "common/webhook/json_quick.h"
#include "common/webhook/json_strict.h"

namespace signalbox {

absl::StatusOr<JsonFields> JsonFields::Read(
    absl::string_view json, absl::Span<const absl::string_view> wanted) {
  if (std::optional<JsonMembers> quick = QuickRead(json, wanted)) {
    return JsonFields(*std::move(quick));
  }
  absl::StatusOr<JsonMembers> strict = StrictRead(json, wanted);
  if (!strict.ok()) return strict.status();
  return JsonFields(*std::move(strict));
}

absl::StatusOr<std::string> JsonFields::ReadText(absl::string_view json,
                                                 absl::string_view name) {
  if (std::optional<std::string> quick = QuickReadText(json, name)) {
    return *std::move(quick);
  }
  return StrictReadText(json, name);
}

const JsonValue* JsonFields::Find(absl::string_view path) const {
  const auto found = members_.find(path);
  return found == members_.end() ? nullptr : &found->second;
}

}  // namespace signalbox
