#ifndef SIGNALBOX_SERVER_GITHUB_CURL_TRANSPORT_H_
#define SIGNALBOX_SERVER_GITHUB_CURL_TRANSPORT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/github/http_transport.h"
#include "server/github/waiting_times.h"

namespace signalbox {

struct CurlTransportOptions {
  // Host name (as in the URL) -> PEM file with the certificates to trust there
  // instead of the system's.
  std::map<std::string, std::string> ca_files;
  // An HTTP proxy; empty: none. The environment's is not used.
  std::string proxy;
  // What is more waits, but no longer than `last_repeat`, and then ends with
  // RESOURCE_EXHAUSTED.
  int max_connections_per_host = 256;
  // How long after its begin a request may still be begun, or, if it has a
  // body, be sent once more.
  absl::Duration last_repeat = kLastRepeat;
};

// HTTP by libcurl, on one thread: a total deadline per request, connections
// kept and reused, TLS 1.2 or newer with verified chains and names, http(s)
// only. A request that fails on a reused connection before the first line of
// the answer is sent once more: GitHub closes idle connections without a word.
// But not later than `last_repeat`: GitHub may then have been at work on it.
// Of an answer `max_body` bytes and 100 headers are kept; over 64 KiB of
// headers end it with UNAVAILABLE.
//
// The destructor ends what is under way with UNAVAILABLE. Error messages hold
// the host and curl's own words, never a part of the request.
//
// Errors: those of the system for a certificate file that cannot be read, with
// its name; INTERNAL if curl cannot be started.
absl::StatusOr<std::unique_ptr<HttpTransport>> MakeCurlTransport(
    CurlTransportOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CURL_TRANSPORT_H_
