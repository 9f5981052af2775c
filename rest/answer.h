#ifndef SIGNALBOX_REST_ANSWER_H_
#define SIGNALBOX_REST_ANSWER_H_

#include <string>

#include "common/http/http_server.h"
#include "rest/refusal.h"
#include "rest/server_calls.h"

namespace signalbox {

// How the door writes answers. Thread-safe.

HttpAnswer JsonAnswer(std::string text, int status = 200);

// The refusal as an answer, with the headers that belong to it.
HttpAnswer Refused(const RestRefusal& refusal);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_ANSWER_H_
