#ifndef SIGNALBOX_COMMON_HTTP_BODY_FRAMING_H_
#define SIGNALBOX_COMMON_HTTP_BODY_FRAMING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/http_server.h"

namespace signalbox {

// BodyFraming removes the framing from the body of a request as its bytes
// arrive, and finds its end. It is strict and bounded, unlike cpp-httplib: that
// takes a chunk with a wrong end for the end of the body, and stores a framing
// line of any length until it ends.
//
// Not thread-safe.
class BodyFraming {
 public:
  // `head` says how the body is framed.
  explicit BodyFraming(const HttpHead& head)
      : chunked_(head.chunked),
        state_(head.chunked               ? State::kSize
               : head.content_length == 0 ? State::kEnd
                                          : State::kData),
        left_(head.content_length) {}

  // Removes framing and at most one piece of the body from the front of
  // `bytes`, and returns the piece, a view of them. Empty if `bytes` was all
  // framing, at the end, and after the body was found broken.
  absl::string_view Next(absl::string_view& bytes);

  bool is_at_end() const { return state_ == State::kEnd; }
  // INVALID_ARGUMENT after the body was found broken.
  const absl::Status& status() const { return status_; }

 private:
  enum class State {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerBegin,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kEnd,
  };

  // Processes one byte of framing.
  void Take(char c);
  void TakeSize(char c);
  void Expect(bool is_right, State next);

  const bool chunked_;
  State state_;
  uint64_t left_ = 0;      // Of a chunk, or of a body that is not chunked.
  size_t digits_ = 0;      // Of the size.
  size_t line_bytes_ = 0;  // Of a chunk's first line, or of all trailers.
  absl::Status status_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_BODY_FRAMING_H_
