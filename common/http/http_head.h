#ifndef SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_
#define SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/http_server.h"

namespace signalbox {

// The parser for the head of an HTTP request: its request line and headers.
// HttpServer uses it instead of cpp-httplib's own parser, which is too lax: it
// percent-decodes values, skips lines that end in LF alone, limits neither the
// number nor the length of lines, and accepts contradicting lengths.

// The most bytes of a head.
constexpr size_t kMaxHttpHead = 16 << 10;

// Finds the end of the head. `bytes` is all that has arrived on a connection.
// Returns how many of these bytes belong to the head. 0: the head is not
// complete. If the bytes cannot be a head, or the head has more than
// kMaxHttpHead bytes, returns the number of all bytes; ParseHttpHead then
// returns the error.
//
// `known` is the number of bytes in the last call that returned 0. Without it,
// a head that arrives byte by byte would take quadratic time.
size_t HttpHeadSize(absl::string_view bytes, size_t known = 0);

// Parses a head. INVALID_ARGUMENT: two parsers could read the head differently.
// So it is with a line that does not end in CRLF, a folded line, a control
// byte, and a header's name that is not a token; with a length that is
// repeated, not decimal, or beside Transfer-Encoding; with a transfer coding
// other than `chunked`, and any Content-Encoding. INVALID_ARGUMENT also for
// more than kMaxHttpHead bytes or 100 headers.
absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view head);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_
