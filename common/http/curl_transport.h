#ifndef SIGNALBOX_COMMON_HTTP_CURL_TRANSPORT_H_
#define SIGNALBOX_COMMON_HTTP_CURL_TRANSPORT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"

namespace signalbox {

struct CurlTransportOptions {
  // URL, of which only the host counts -> PEM file with the certificates to
  // trust for this host instead of the system's.
  std::map<std::string, std::string> ca_files;
  // Requests over this number wait for a connection, until `last_repeat` at the
  // latest, and then end with RESOURCE_EXHAUSTED.
  int max_connections_per_host = 256;
  // The latest time after its begin at which a request may still be sent, or,
  // if it has a body, be sent once more.
  absl::Duration last_repeat = absl::Seconds(2);
};

// An HttpTransport by libcurl, on one thread. Each request has a total
// deadline. Connections are kept and reused. TLS is 1.2 or newer with verified
// chains and names; only http(s) is allowed. Ignores proxies in the
// environment.
//
// A request is sent once more if it fails on a reused connection before the
// first line of the answer, because servers close idle connections without
// notice. It is not sent again after `last_repeat`, when the server may have
// been processing it.
//
// Keeps `max_body` bytes and 100 headers of an answer. Over 64 KiB of headers
// end the request with UNAVAILABLE.
//
// The destructor ends requests in flight with UNAVAILABLE. Error messages hold
// the host and curl's own words, never a part of the request.
//
// Errors: the system's error for a certificate file that cannot be read, with
// its name; INTERNAL if curl cannot be started.
absl::StatusOr<std::unique_ptr<HttpTransport>> MakeCurlTransport(
    CurlTransportOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_CURL_TRANSPORT_H_
