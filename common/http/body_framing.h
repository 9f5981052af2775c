#ifndef SIGNALBOX_COMMON_HTTP_BODY_FRAMING_H_
#define SIGNALBOX_COMMON_HTTP_BODY_FRAMING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/http_server.h"

namespace signalbox {

// BodyFraming finds the body of a request, and its end, in the bytes of a
// connection. It removes the framing: the sizes and line ends that surround the
// pieces ("chunks") of a body with `Transfer-Encoding: chunked`. HttpServer
// uses it.
//
// It is strict and needs little memory. cpp-httplib's own code takes a chunk
// with a wrong end for the end of the body, and stores a framing line of any
// length.
//
// Not thread-safe.
class BodyFraming {
 public:
  // `head` says whether the body is chunked, or how long it is.
  explicit BodyFraming(const HttpHead& head)
      : chunked_(head.chunked),
        state_(head.chunked               ? State::kSize
               : head.content_length == 0 ? State::kEnd
                                          : State::kData),
        left_(head.content_length) {}

  // Takes framing and at most one piece of the body from the front of `bytes`,
  // and returns the piece, which is a view of the same memory. Call it until
  // `bytes` is empty, then with the next bytes of the connection. Returns an
  // empty piece if `bytes` had only framing, at the end of the body, and after
  // an error.
  absl::string_view Next(absl::string_view& bytes);

  // Whether the whole body has been read.
  bool is_at_end() const { return state_ == State::kEnd; }
  // INVALID_ARGUMENT: the framing is wrong.
  const absl::Status& status() const { return status_; }

 private:
  // The part of the framing, or of the body, that comes next.
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
  // Goes on to `next`, or sets the error if the byte is not right.
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
