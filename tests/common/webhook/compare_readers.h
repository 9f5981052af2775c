#ifndef SIGNALBOX_TESTS_COMMON_WEBHOOK_COMPARE_READERS_H_
#define SIGNALBOX_TESTS_COMMON_WEBHOOK_COMPARE_READERS_H_

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/webhook/json_fields.h"
#include "common/webhook/json_quick.h"
#include "common/webhook/json_strict.h"

namespace signalbox {

inline std::string Described(const JsonValue& value) {
  return std::visit(
      [&](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        const std::string kind = absl::StrCat(value.index(), ":");
        if constexpr (std::is_same_v<T, JsonTexts>) {
          return absl::StrCat(kind, held.size(), ":",
                              absl::CEscape(absl::StrJoin(held, ",")));
        } else if constexpr (std::is_same_v<T, std::string>) {
          return absl::StrCat(kind, absl::CEscape(held));
        } else if constexpr (std::is_arithmetic_v<T>) {
          return absl::StrCat(kind, held);
        } else {
          return kind;
        }
      },
      value);
}

inline std::string Described(const JsonMembers& members) {
  const std::map<std::string, JsonValue> ordered(members.begin(),
                                                 members.end());
  return absl::StrJoin(ordered, "; ", [](std::string* out, const auto& member) {
    absl::StrAppend(out, member.first, "=", Described(member.second));
  });
}

// How QuickRead and StrictRead, or the readers of the text `name`, contradict
// each other; empty if they do not. QuickRead may leave any text to StrictRead.
inline std::string Contradiction(absl::string_view json,
                                 absl::Span<const absl::string_view> wanted,
                                 absl::string_view name) {
  if (const std::optional<JsonMembers> quick = QuickRead(json, wanted)) {
    const absl::StatusOr<JsonMembers> strict = StrictRead(json, wanted);
    if (!strict.ok()) return absl::StrCat("taken: ", strict.status().message());
    if (Described(*quick) != Described(*strict)) {
      return absl::StrCat(Described(*quick), " instead of ",
                          Described(*strict));
    }
  }
  if (const std::optional<std::string> quick = QuickReadText(json, name)) {
    const absl::StatusOr<std::string> strict = StrictReadText(json, name);
    if (!strict.ok()) {
      return absl::StrCat("taken as text: ", strict.status().message());
    }
    if (*quick != *strict) {
      return absl::StrCat("the text ", absl::CEscape(*quick), " instead of ",
                          absl::CEscape(*strict));
    }
  }
  return "";
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_WEBHOOK_COMPARE_READERS_H_
