#ifndef SIGNALBOX_COMMON_WEBHOOK_JSON_STRICT_H_
#define SIGNALBOX_COMMON_WEBHOOK_JSON_STRICT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/webhook/json_fields.h"

namespace signalbox {

// The reader that decides what JsonFields takes, and words its errors. Of the
// text it holds what is wanted, and the names of the open objects.
//
// Thread-safe.

constexpr size_t kMaxJsonDepth = 32;
// Limits the memory for finding duplicates. GitHub's largest objects have about
// a hundred members.
constexpr size_t kMaxJsonMembers = 10000;
constexpr size_t kMaxJsonTexts = 100;

// As JsonFields::Read.
absl::StatusOr<JsonMembers> StrictRead(
    absl::string_view json, absl::Span<const absl::string_view> wanted);

// As JsonFields::ReadText.
absl::StatusOr<std::string> StrictReadText(absl::string_view json,
                                           absl::string_view name);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_JSON_STRICT_H_
