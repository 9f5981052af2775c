#ifndef SIGNALBOX_REST_END_TO_END_H_
#define SIGNALBOX_REST_END_TO_END_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http/http_server.h"
#include "rest/url_mover.h"

namespace signalbox {

// What passes through the door between a tool and GitHub, beside the bodies.

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The headers of a tool's request that GitHub gets. Without those that are
// about the connection, the length or the coding of bodies, without Host and
// Authorization, which have their own rules, without cookies, which may belong
// to a proxy or page at the door's address, and without those by which proxies
// tell of the inner network.
//
// Always asks for an answer without Content-Encoding, whose URLs can be moved.
HttpHeaders RequestHeadersFor(const HttpHead& head);

// The headers of GitHub's answer that the tool gets, with moved URLs. Without
// those about the connection, the length and type of the body, cookies, and
// those that speak about GitHub's host to browsers.
HttpHeaders AnswerHeadersFor(const HttpHeaders& headers, const UrlMover& mover);

// The value of the first header with this name, in any case. Empty: there is
// none. Borrowed.
absl::string_view HeaderOf(const HttpHeaders& headers, absl::string_view name);

// Whether an answer of this Content-Type is JSON.
bool IsJsonType(absl::string_view content_type);

// The address of the GraphQL API beside that of the REST API, without a slash
// at the end. On GitHub Enterprise Server the one is not below the other.
std::string GraphqlUrlOf(absl::string_view api_url);

// Whether a token may be sent to `url`: it is https, or on this machine.
bool IsPrivateUrl(absl::string_view url);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_END_TO_END_H_
