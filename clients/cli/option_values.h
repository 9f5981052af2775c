#ifndef SIGNALBOX_CLIENTS_CLI_OPTION_VALUES_H_
#define SIGNALBOX_CLIENTS_CLI_OPTION_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace signalbox {

// These read the text of the option `name`, such as `--after`, if it is given.
// They return what is wrong, for people; empty: nothing, and `value` is set.

// A number from 0 to 2^63 - 1.
std::string ReadNumber(absl::string_view name,
                       const std::optional<std::string>& text,
                       std::optional<int64_t>* value);

// `90`, `90s`, `1m30s`, from `least` to `most`. `wanted` says what these are:
// `a duration up to 24h, such as 5m`.
std::string ReadDuration(absl::string_view name,
                         const std::optional<std::string>& text,
                         absl::Duration least, absl::Duration most,
                         absl::string_view wanted,
                         std::optional<absl::Duration>* value);

// A value of the API by its name without `prefix`, in any case: `due` of
// POSTING_STATE_DUE. `wanted` lists them: `due, waiting or posted`.
template <typename Enum>
std::string ReadWord(absl::string_view name, const std::string& text,
                     absl::string_view prefix, absl::string_view wanted,
                     Enum* value) {
  const auto* const found =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByName(
          absl::StrCat(prefix, absl::AsciiStrToUpper(text)));
  if (found == nullptr || found->number() == 0) {
    return absl::StrCat(name, ": \"", text, "\" is not ", wanted);
  }
  *value = static_cast<Enum>(found->number());
  return "";
}

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_OPTION_VALUES_H_
