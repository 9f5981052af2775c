#ifndef SIGNALBOX_SERVER_REPORT_TEXT_H_
#define SIGNALBOX_SERVER_REPORT_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// Makes the free texts of a report fit GitHub. A link or a text is never a
// reason to lose a result: what can't be kept is mended, and the caller is
// told.

// The description as it is posted: one line without control characters and
// without the sequences that steer a terminal, no code points above U+FFFF
// (GitHub: 422 "description doesn't accept 4-byte Unicode"), at most 140
// characters (GitHub: 422 "description is too long"), the last of them "…" if
// it was cut. Bytes that are not UTF-8 become U+FFFD.
std::string FitDescription(absl::string_view description);

// A text as it was or became, and what was done to it, for the receipt.
struct Mended {
  std::string text;
  std::string warning;  // Empty if nothing was done.
};

// The description as it is kept: valid UTF-8, at most 4 KiB.
Mended KeepDescription(absl::string_view description);

// The target URL as it is kept and posted: left out unless it is http(s) with
// a host and at most 2,048 bytes long; without white space around it;
// percent-encoded where it needs to be.
Mended KeepTargetUrl(absl::string_view target_url);

// The character at the front of `text`, which is not empty, for an error:
// `U+00FC`, or `the byte 0xff` if it is not UTF-8.
std::string CharacterName(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_TEXT_H_
