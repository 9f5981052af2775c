#ifndef SIGNALBOX_REST_APP_DOOR_H_
#define SIGNALBOX_REST_APP_DOOR_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "common/http/http_server.h"
#include "rest/bodies.h"
#include "rest/route.h"
#include "rest/server_calls.h"

namespace signalbox {

// Answers the requests of tools that authenticate as a GitHub App: about the
// App, about its installations, and for a token of one. The App is the caller,
// which the server knows by the JWT of the request. An installation is an
// account that the caller's grants name. The token is one that the server
// issues: for an hour, for the repositories and the permission that the tool
// asks for, and never for more than the caller may do.
//
// An installation's number that is not one of ours is GitHub's own, which tools
// read in webhooks. Its token is for all that the caller may do on this host.
//
// 401: the caller is no App, or comes with an issued token.
//
// `route` is one of the resources from kApp on. Blocks until the server has
// answered.
HttpAnswer AnswerApp(const RestRoute& route, const RestPlace& place,
                     const CallTerms& terms, const ServerCalls& calls,
                     absl::FunctionRef<RestOr<std::string>()> read_body);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_APP_DOOR_H_
