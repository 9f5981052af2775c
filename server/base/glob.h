#ifndef SIGNALBOX_SERVER_BASE_GLOB_H_
#define SIGNALBOX_SERVER_BASE_GLOB_H_

#include "absl/strings/string_view.h"

namespace signalbox {

// Whether the whole of `text` matches `pattern`, without regard to ASCII case.
// A `*` in the pattern stands for any number of characters, also for none, and
// never for a part of one if pattern and text are UTF-8. If `star_stops_at` is
// not '\0', it does not stand for that character. No other character is
// special. Takes at most |pattern| x |text| steps, so a pattern from outside
// does no harm.
bool GlobMatches(absl::string_view pattern, absl::string_view text,
                 char star_stops_at = '\0');

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_GLOB_H_
