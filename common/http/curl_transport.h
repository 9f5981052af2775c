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
  // PEM files with the certificates to trust instead of the system's. The keys
  // are URLs; a file is for the host of its URL.
  std::map<std::string, std::string> ca_files;
  // If so many requests to a host are under way, further ones wait.
  int max_connections_per_host = 256;
  // How long after Send a request may begin to be sent. One that still waits
  // then ends with RESOURCE_EXHAUSTED. A request with a body is not sent a
  // second time either after that; see MakeCurlTransport.
  absl::Duration last_repeat = absl::Seconds(2);
};

// Makes the HttpTransport that uses libcurl, with one thread for all requests.
// It reuses connections. TLS is 1.2 or newer, and it verifies certificates and
// host names. It allows only http and https, and ignores the environment's
// proxies.
//
// Servers close idle connections without notice. So if a request fails on a
// reused connection before its answer begins, it is sent a second time. This
// failure shows within a round trip. A request that fails later may have
// arrived, and its effect must not come twice, so a request with a body is sent
// again only within `last_repeat`. One without a body may always be repeated.
//
// Of an answer it keeps the first HttpRequest::max_body bytes of the body and
// the first 100 headers, and drops the rest. If an answer has more than 64 KiB
// of headers, the request ends with UNAVAILABLE.
//
// The destructor ends requests in flight with UNAVAILABLE. Error messages have
// the host and libcurl's text, and never a value from the request.
//
// Errors: the system's error, with the file's name, if a certificate file
// cannot be read. INTERNAL if libcurl cannot be started.
absl::StatusOr<std::unique_ptr<HttpTransport>> MakeCurlTransport(
    CurlTransportOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_CURL_TRANSPORT_H_
