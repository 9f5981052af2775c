#ifndef SIGNALBOX_SHIM_HTTP_HEAD_H_
#define SIGNALBOX_SHIM_HTTP_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// The head of an HTTP/1 request, read strictly and decoded not at all.
//
// cpp-httplib's own reading of a head percent-decodes values, skips lines that
// end in LF alone, bounds neither their number nor their length and takes
// contradicting lengths, so nothing from outside reaches it: it is given a
// head that is made of this.
struct HttpHead {
  std::string method;
  std::string path;  // Up to a '?', as sent.
  // In order; names in lower case, values without the space around them.
  std::vector<std::pair<std::string, std::string>> headers;

  // How the body is framed.
  bool chunked = false;
  uint64_t content_length = 0;  // 0 if chunked.

  bool expects_continue = false;

  // The values of all headers of a lower-case name. Borrowed.
  std::vector<absl::string_view> Values(absl::string_view name) const;
};

constexpr size_t kMaxHttpHead = 16 << 10;

// How many of `bytes`, the begin of a connection, are the head. 0: more bytes
// are needed to tell. All of them if they can be no head, or one that is over
// kMaxHttpHead: ParseHttpHead will say so.
//
// `known`: for how many of them the answer was 0. Without it a head that comes
// byte by byte costs the square of its length.
size_t HttpHeadSize(absl::string_view bytes, size_t known = 0);

// INVALID_ARGUMENT for anything that two readers could take differently:
// lines that do not end in CRLF, folded lines, control bytes, names that are no
// tokens, lengths that are repeated, not decimal or beside Transfer-Encoding,
// any transfer coding but `chunked`, any Content-Encoding; and for more than
// kMaxHttpHead bytes or 100 headers.
absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view head);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_HTTP_HEAD_H_
