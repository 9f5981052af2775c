#ifndef SIGNALBOX_COMMON_WEBHOOK_FORM_H_
#define SIGNALBOX_COMMON_WEBHOOK_FORM_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// FormDecoder decodes the field `payload` of an
// application/x-www-form-urlencoded body, piece by piece as the body arrives.
// GitHub sends a webhook's JSON in this field, unless the hook is set to JSON.
// FormDecoder checks the encoding of other fields, and drops their content.
//
// Not thread-safe.
class FormDecoder {
 public:
  // `max_payload`: the most bytes of the decoded payload. `likely`: the bytes
  // for which to allocate memory at once.
  explicit FormDecoder(size_t max_payload, size_t likely = 0)
      : max_payload_(max_payload) {
    payload_.reserve(likely);
  }

  // Decodes the next bytes of the body. After an error, all further calls
  // return the same error. Errors:
  //   INVALID_ARGUMENT    the percent-encoding is wrong, or there is a second
  //                       payload.
  //   RESOURCE_EXHAUSTED  the payload is over the limit.
  absl::Status Update(absl::string_view bytes);

  // The bytes of the payload that have been decoded.
  size_t size() const { return payload_.size(); }

  // Call it once, at the end of the body. Returns the decoded payload. Errors
  // as for Update, and INVALID_ARGUMENT if there is no payload.
  absl::StatusOr<std::string> Finish();

 private:
  void EndName();
  void EndField();
  // Adds one decoded character to the name or the payload.
  void Put(char c);

  const size_t max_payload_;
  absl::Status status_;
  std::string name_;  // Of the field that is being read; may be cut.
  std::string payload_;
  bool in_name_ = true;
  bool in_payload_ = false;
  bool found_ = false;     // There is a payload.
  int escape_digits_ = 0;  // Digits of a `%2F` that have not arrived.
  int escape_value_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_FORM_H_
