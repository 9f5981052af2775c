#ifndef SIGNALBOX_COMMON_WEBHOOK_FORM_H_
#define SIGNALBOX_COMMON_WEBHOOK_FORM_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// FormDecoder extracts the field `payload` from an
// application/x-www-form-urlencoded body as the body arrives. GitHub sends a
// webhook's JSON this way by default. The encoding of other fields is checked,
// and their content is dropped.
//
// Not thread-safe.
class FormDecoder {
 public:
  // `max_payload`: the most bytes of the decoded payload. `likely`: how many
  // bytes to reserve at once.
  explicit FormDecoder(size_t max_payload, size_t likely = 0)
      : max_payload_(max_payload) {
    payload_.reserve(likely);
  }

  // Decodes the next bytes. After an error, every further call returns it and
  // drops the bytes:
  //   INVALID_ARGUMENT    wrong percent-encoding, or a second payload.
  //   RESOURCE_EXHAUSTED  the payload is over the limit.
  absl::Status Update(absl::string_view bytes);

  // Bytes of the payload so far.
  size_t size() const { return payload_.size(); }

  // The decoded payload, at the end of the body. Errors as for Update, and
  // INVALID_ARGUMENT if there is no payload. Call it once, last.
  absl::StatusOr<std::string> Finish();

 private:
  void EndName();
  void EndField();
  void Put(char c);

  const size_t max_payload_;
  absl::Status status_;
  std::string name_;
  std::string payload_;
  bool in_name_ = true;
  bool in_payload_ = false;
  bool found_ = false;
  int escape_digits_ = 0;  // Expected after a '%'.
  int escape_value_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_FORM_H_
