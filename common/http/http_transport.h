#ifndef SIGNALBOX_COMMON_HTTP_HTTP_TRANSPORT_H_
#define SIGNALBOX_COMMON_HTTP_HTTP_TRANSPORT_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"

namespace signalbox {

struct HttpRequest {
  std::string method;  // "GET" or "POST"
  std::string url;     // Absolute, percent-encoded.
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent as `Authorization: Bearer ...` if not empty. Not in `headers`, so that
  // those can be logged.
  Secret bearer;
  std::string body;
  // The total time, from Send to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(12);
  // How much of the answer's body to keep.
  size_t max_body = 64 << 10;

  // False if a line break or another control character in the method, the URL,
  // a header or the bearer could forge another header.
  bool IsWellFormed() const;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // At most HttpRequest::max_body of it.
  // From Send to the last byte; zero if the transport does not measure it.
  absl::Duration elapsed;

  // The first header of that name in any case; empty if there is none.
  absl::string_view Header(absl::string_view name) const;
};

// Sends HTTP requests. Does not follow redirects: they are answers.
//
// Thread-safe.
class HttpTransport {
 public:
  // The answer, whatever its status code, or the reason why there is none:
  //   FAILED_PRECONDITION: the request was certainly not sent;
  //   RESOURCE_EXHAUSTED: it was certainly not sent, because it waited too long
  //   for another request of this transport to end, or the process was stopped;
  //   UNAVAILABLE: it may have been sent and applied;
  //   DEADLINE_EXCEEDED: as UNAVAILABLE, after the whole timeout.
  using Done = std::function<void(absl::StatusOr<HttpResponse>)>;

  virtual ~HttpTransport() = default;

  // Begins a request and returns at once. `done` runs exactly once, on one of
  // the transport's threads, never inside Send. It must not block or throw.
  virtual void Send(HttpRequest request, Done done) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_TRANSPORT_H_
