#ifndef SIGNALBOX_REST_VISITOR_H_
#define SIGNALBOX_REST_VISITOR_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/http_server.h"

namespace signalbox {

// How far the door trusts a request before the server has seen it. The server
// alone judges tokens; but a server whose configuration names no callers
// accepts all calls, so that such a request must come from a program on this
// machine.
enum class Visitor {
  kLocal,     // Comes from this machine: needs no callers.
  kRemote,    // May be anybody: needs a token that the server knows.
  kWebPage,   // A browser sends it for a page: refused.
  kNameless,  // Has no Host, several, or none that can be in a link: malformed.
};

// Who sends a request. Local is one that came to a loopback listener, from a
// loopback address, for a loopback host, and through no proxy that says so.
// The host matters because a page can have its own name point to 127.0.0.1.
Visitor VisitorOf(const HttpServerRequest& request, bool listener_is_loopback);

// The address before the prefix of a path, for links in answers: `public_url`,
// or if that is empty, `scheme` (`https`) and the Host of the request.
std::string BaseOf(const HttpHead& head, const std::string& public_url,
                   absl::string_view scheme);

// The Authorization header as gRPC can pass it on. Empty: there is none, or
// several, or one that cannot be a token.
std::string AuthorizationOf(const HttpHead& head);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_VISITOR_H_
