#include "rest/request_body.h"

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signalbox {

RestOr<std::string> ReadRequestBody(const HttpHead& head, BodyReader read_body,
                                    size_t most) {
  const RestRefusal too_large = PlainRefusal(413, "Request body is too large");
  if (head.content_length > most) return too_large;
  std::string body;
  const absl::Status complete = read_body([&](absl::string_view bytes) {
    if (body.size() + bytes.size() > most) return false;
    body.append(bytes.data(), bytes.size());
    return true;
  });
  if (complete.ok()) return body;
  if (absl::IsCancelled(complete)) return too_large;
  if (absl::IsInvalidArgument(complete)) {
    return PlainRefusal(400, "Problems parsing JSON");
  }
  return TryLaterRefusal("BODY_TOO_SLOW");
}

}  // namespace signalbox
