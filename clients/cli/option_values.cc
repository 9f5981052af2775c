#include "clients/cli/option_values.h"

#include <algorithm>

#include "absl/strings/numbers.h"

namespace signalbox {
namespace {

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit);
}

}  // namespace

std::string ReadNumber(absl::string_view name,
                       const std::optional<std::string>& text,
                       std::optional<int64_t>* value) {
  if (!text) return "";
  int64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number) || number < 0) {
    return absl::StrCat(name, ": \"", *text, "\" is not a number, 0 or more");
  }
  *value = number;
  return "";
}

std::string ReadDuration(absl::string_view name,
                         const std::optional<std::string>& text,
                         absl::Duration least, absl::Duration most,
                         absl::string_view wanted,
                         std::optional<absl::Duration>* value) {
  if (!text) return "";
  absl::Duration duration;
  if (!absl::ParseDuration(IsNumber(*text) ? absl::StrCat(*text, "s") : *text,
                           &duration) ||
      duration < least || duration > most) {
    return absl::StrCat(name, ": \"", *text, "\" is not ", wanted);
  }
  *value = duration;
  return "";
}

}  // namespace signalbox
