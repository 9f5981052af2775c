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

// The interface of the HTTP client, by which the server reaches GitHub's API.
// MakeCurlTransport makes the real one; tests replace it.

struct HttpRequest {
  std::string method;  // "GET" or "POST"
  std::string url;     // Absolute, percent-encoded.
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent as `Authorization: Bearer ...`, unless empty. It is apart from
  // `headers`, so that those can be logged.
  Secret bearer;
  std::string body;
  // The total time, from Send to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(12);
  // The most bytes of the answer's body to keep. The rest is not read.
  size_t max_body = 64 << 10;

  // The name of the first part, such as "URL", that has a line break or another
  // control character. Such a request must not be sent, because the character
  // could forge a header. Empty: there is no such part.
  std::string MalformedPart() const;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // At most HttpRequest::max_body of it.
  // From Send to the last byte; zero if the transport does not measure it.
  absl::Duration elapsed;

  // The value of the first header with this name, in any case. Empty: there is
  // none.
  absl::string_view Header(absl::string_view name) const;
};

// Sends HTTP requests. Does not follow redirects: it returns them as answers.
//
// Thread-safe.
class HttpTransport {
 public:
  // Receives the answer, whatever its status code, or an error that says what
  // is known about the request:
  //   FAILED_PRECONDITION  it was certainly not sent.
  //   RESOURCE_EXHAUSTED   it was certainly not sent: it waited too long for
  //                        other requests of this transport, or the process was
  //                        suspended meanwhile.
  //   UNAVAILABLE          the other side may have received it and acted on it.
  //   DEADLINE_EXCEEDED    as UNAVAILABLE, after the whole timeout.
  using Done = std::function<void(absl::StatusOr<HttpResponse>)>;

  virtual ~HttpTransport() = default;

  // Begins a request and returns at once. `done` runs exactly once, on one of
  // the transport's threads, never inside Send. It must not block or throw.
  virtual void Send(HttpRequest request, Done done) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_TRANSPORT_H_
