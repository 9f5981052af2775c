#include "common/webhook/form.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/hex.h"

namespace signalbox {
namespace {

constexpr absl::string_view kField = "payload";

bool IsSpecial(char c) { return c == '%' || c == '+' || c == '&'; }

absl::Status WrongEncoding() {
  return absl::InvalidArgumentError(
      "form: a % without two hexadecimal digits after it");
}

absl::Status TooLong(size_t max_payload) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "form: the payload is over the limit of ", max_payload, " bytes"));
}

}  // namespace

absl::Status FormDecoder::Update(absl::string_view bytes) {
  while (status_.ok() && !bytes.empty()) {
    const char c = bytes.front();
    if (escape_digits_ > 0) {
      if (!absl::ascii_isxdigit(c)) {
        status_ = WrongEncoding();
        break;
      }
      escape_value_ = escape_value_ * 16 + HexValue(c);
      if (--escape_digits_ == 0) Put(static_cast<char>(escape_value_));
    } else if (c == '%') {
      escape_digits_ = 2;
      escape_value_ = 0;
    } else if (c == '&') {
      EndField();
    } else if (c == '=' && in_name_) {
      EndName();
    } else {
      Put(c == '+' ? ' ' : c);
    }
    bytes.remove_prefix(1);
    if (!status_.ok()) break;

    // Most of a payload needs no decoding.
    if (!in_payload_ || escape_digits_ > 0) continue;
    const absl::string_view plain(
        bytes.data(),
        static_cast<size_t>(std::ranges::find_if(bytes, IsSpecial) -
                            bytes.begin()));
    if (plain.size() > max_payload_ - payload_.size()) {
      status_ = TooLong(max_payload_);
      break;
    }
    payload_.append(plain.data(), plain.size());
    bytes.remove_prefix(plain.size());
  }
  return status_;
}

absl::StatusOr<std::string> FormDecoder::Finish() {
  if (status_.ok() && escape_digits_ > 0) {
    status_ = WrongEncoding();
  }
  EndField();
  if (status_.ok() && !found_) {
    status_ = absl::InvalidArgumentError("form: the field payload is missing");
  }
  if (!status_.ok()) return status_;
  return std::move(payload_);
}

void FormDecoder::EndName() {
  in_name_ = false;
  if (name_ != kField) return;
  if (found_ && status_.ok()) {
    status_ = absl::InvalidArgumentError(
        "form: the field payload is there twice; wanted one");
  }
  found_ = true;
  in_payload_ = true;
}

void FormDecoder::EndField() {
  if (in_name_) EndName();
  in_name_ = true;
  in_payload_ = false;
  name_.clear();
}

void FormDecoder::Put(char c) {
  if (in_name_) {
    // A longer name belongs to another field.
    if (name_.size() <= kField.size()) name_ += c;
    return;
  }
  if (!in_payload_) return;
  if (payload_.size() >= max_payload_) {
    status_ = TooLong(max_payload_);
    return;
  }
  payload_ += c;
}

}  // namespace signalbox
