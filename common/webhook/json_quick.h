#ifndef SIGNALBOX_COMMON_WEBHOOK_JSON_QUICK_H_
#define SIGNALBOX_COMMON_WEBHOOK_JSON_QUICK_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/webhook/json_fields.h"

namespace signalbox {

// A reader for ordinary deliveries, several times as fast as the one of
// json_strict.h. It gives the same result as that one, or none: the text is
// wrong, unusual or longer than 128 KiB, and StrictRead must decide. It holds a
// tree of the text while it reads. A tree takes some 3 times the text's length,
// and at most 15 times. Between texts the memory of at most four trees is kept.
//
// Thread-safe.

// As StrictRead. A path of `wanted` has no dot at its ends and no two together,
// and no bracket but in the `[]` at its end.
std::optional<JsonMembers> QuickRead(
    absl::string_view json, absl::Span<const absl::string_view> wanted);

// As StrictReadText.
std::optional<std::string> QuickReadText(absl::string_view json,
                                         absl::string_view name);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_JSON_QUICK_H_
