#ifndef SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_
#define SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/http_server.h"

namespace signalbox {

// HttpServer parses heads itself. cpp-httplib's parser percent-decodes values,
// skips lines that end in LF alone, limits neither their number nor their
// length, and accepts contradicting lengths. So it gets no head from outside.

constexpr size_t kMaxHttpHead = 16 << 10;

// Returns how many of `bytes`, the beginning of a connection, belong to the
// head; 0: more bytes are needed. If the bytes cannot be a head, or the head is
// over kMaxHttpHead, it returns their whole number, and ParseHttpHead returns
// the error.
//
// `known`: for how many of these bytes the result was 0. Without it, a head
// that arrives byte by byte takes time quadratic in its length.
size_t HttpHeadSize(absl::string_view bytes, size_t known = 0);

// Parses a head. INVALID_ARGUMENT for everything that two parsers could read
// differently: lines that do not end in CRLF, folded lines, control bytes,
// names that are not tokens, lengths that are repeated, not decimal or beside
// Transfer-Encoding, any transfer coding but `chunked`, any Content-Encoding.
// Also for more than kMaxHttpHead bytes or 100 headers.
absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view head);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_HEAD_H_
