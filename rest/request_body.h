#ifndef SIGNALBOX_REST_REQUEST_BODY_H_
#define SIGNALBOX_REST_REQUEST_BODY_H_

#include <cstddef>
#include <string>

#include "common/http/http_server.h"
#include "rest/refusal.h"

namespace signalbox {

// Reads the whole body of a request, of at most `most` bytes. Refused with 413:
// it is longer. With 400: its framing is wrong. With 503: it came too slowly.
RestOr<std::string> ReadRequestBody(const HttpHead& head, BodyReader read_body,
                                    size_t most);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_REQUEST_BODY_H_
