#ifndef SIGNALBOX_COMMON_TEXT_H_
#define SIGNALBOX_COMMON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// These functions make the free texts of a report fit GitHub, which refuses a
// whole status because of its text or link. The server never refuses a report
// for that reason: it repairs or leaves out what GitHub would refuse, and puts
// a warning into the receipt.

// The description as the server posts it. It is one line without control
// characters and without terminal escape sequences. It has no code points above
// U+FFFF (GitHub: 422 "description doesn't accept 4-byte Unicode") and at most
// 140 characters (GitHub: 422 "description is too long"); the last one is "…"
// if the text was cut. Bytes that are not UTF-8 become U+FFFD.
std::string FitDescription(absl::string_view description);

// A text after its repair, and a warning for the receipt that says what
// changed.
struct Kept {
  std::string text;
  std::string warning;  // Empty: nothing changed.
};

// The description as the server stores it: valid UTF-8, at most 4 KiB.
Kept KeepDescription(absl::string_view description);

// The target URL as the server stores and posts it, without white space around
// it and percent-encoded where necessary. Empty unless it is http(s) with a
// valid host and at most 2,048 bytes long.
Kept KeepTargetUrl(absl::string_view target_url);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_TEXT_H_
