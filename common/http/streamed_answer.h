#ifndef SIGNALBOX_COMMON_HTTP_STREAMED_ANSWER_H_
#define SIGNALBOX_COMMON_HTTP_STREAMED_ANSWER_H_

#include "common/http/http_server.h"

namespace signalbox {

// Sends an answer with `stream` to the client that sent `request`, by `write`:
// its head, and its body with the framing that the client understands.
// HttpServer uses it. If `is_kept`, the answer promises to leave the connection
// open. Headers that are not valid HTTP are left out.
//
// False: the client cannot have read the whole answer, and the connection must
// be closed. An exception of `stream` counts as an incomplete body.
bool WriteStreamedAnswer(const HttpAnswer& answer, const HttpHead& request,
                         bool is_kept, AnswerSink write);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_STREAMED_ANSWER_H_
