#include "common/http/body_framing.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/hex.h"

namespace signalbox {
namespace {

// More than any body needs, without overflow.
constexpr size_t kMaxDigits = 15;
constexpr size_t kMaxLine = 4 << 10;

}  // namespace

absl::string_view BodyFraming::Next(absl::string_view& bytes) {
  while (!bytes.empty() && status_.ok() && state_ != State::kEnd) {
    if (state_ == State::kData) {
      const absl::string_view piece = bytes.substr(0, left_);
      bytes.remove_prefix(piece.size());
      left_ -= piece.size();
      if (left_ == 0) state_ = chunked_ ? State::kDataCr : State::kEnd;
      return piece;
    }
    Take(bytes.front());
    bytes.remove_prefix(1);
  }
  return {};
}

void BodyFraming::Take(char c) {
  if (++line_bytes_ > kMaxLine) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the line with the size of a chunk, or the trailers, are "
                     "longer than ",
                     kMaxLine, " bytes"));
    return;
  }
  switch (state_) {
    case State::kSize:
      return TakeSize(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      return Expect(c != '\n', state_);
    case State::kSizeLf:
      line_bytes_ = 0;
      return Expect(c == '\n',
                    left_ == 0 ? State::kTrailerBegin : State::kData);
    case State::kDataCr:
      return Expect(c == '\r', State::kDataLf);
    case State::kDataLf:
      digits_ = 0;
      line_bytes_ = 0;
      return Expect(c == '\n', State::kSize);
    case State::kTrailerBegin:
      state_ = c == '\r' ? State::kEndLf : State::kTrailer;
      return Expect(c != '\n', state_);
    case State::kTrailer:
      if (c == '\r') state_ = State::kTrailerLf;
      return Expect(c != '\n', state_);
    case State::kTrailerLf:
      return Expect(c == '\n', State::kTrailerBegin);
    case State::kEndLf:
      return Expect(c == '\n', State::kEnd);
    case State::kData:
    case State::kEnd:
      return;
  }
}

void BodyFraming::TakeSize(char c) {
  if (absl::ascii_isxdigit(c)) {
    left_ = left_ * 16 + static_cast<uint64_t>(HexValue(c));
    return Expect(++digits_ <= kMaxDigits, State::kSize);
  }
  const bool is_extension = c == ';' || c == ' ' || c == '\t';
  Expect(digits_ > 0 && (is_extension || c == '\r'),
         is_extension ? State::kExtension : State::kSizeLf);
}

void BodyFraming::Expect(bool is_right, State next) {
  state_ = next;
  if (!is_right) {
    status_ = absl::InvalidArgumentError(
        "the chunks of the body are not SIZE CRLF DATA CRLF");
  }
}

}  // namespace signalbox
