#ifndef SIGNALBOX_COMMON_HTTP_STREAMING_CLIENT_H_
#define SIGNALBOX_COMMON_HTTP_STREAMING_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "common/secret.h"

namespace signalbox {

struct StreamRequest {
  std::string method;
  std::string url;  // Absolute, percent-encoded.
  // All that is sent, beside Host, Authorization, and those about the body's
  // length.
  std::vector<std::pair<std::string, std::string>> headers;
  Secret authorization;  // The value of that header. Empty: it is not sent.
  std::string body;
};

// An answer whose head has arrived. The destructor drops the connection, unless
// the whole body was read. Not thread-safe.
class StreamResponse {
 public:
  virtual ~StreamResponse() = default;

  virtual int status() const = 0;
  // In the order sent. Names as sent.
  virtual const std::vector<std::pair<std::string, std::string>>& headers()
      const = 0;
  // The size of the body; of an answer to HEAD, that which GET would have.
  // Nothing: it is not known yet.
  virtual std::optional<uint64_t> size() const = 0;

  // Reads the body and passes it to `sink`, at most 16 KiB at a time. Keeps
  // nothing of it: while `sink` blocks, the other side must wait. Call it at
  // most once. Errors:
  //   CANCELLED          `sink` returned false, and wants no more.
  //   DEADLINE_EXCEEDED  the body comes too slowly.
  //   UNAVAILABLE        the connection was lost.
  virtual absl::Status Read(
      absl::FunctionRef<bool(absl::string_view)> sink) = 0;
};

// StreamingClient makes HTTP requests whose answers may be large, on the
// thread that asks. For short answers see HttpTransport, which needs no thread
// for each request. As there, connections are reused, redirects are returned,
// and TLS is verified. The process must ignore SIGPIPE.
//
// Thread-safe.
class StreamingClient {
 public:
  struct Options {
    // The most time until the head of the answer has arrived.
    absl::Duration head_timeout = absl::Seconds(12);
    // Then, the body must have at least so many bytes in each such time of
    // waiting for it.
    size_t least_bytes = 10 << 10;
    absl::Duration least_bytes_time = absl::Seconds(10);
  };

  explicit StreamingClient(const Options& options);
  // All answers must be gone.
  ~StreamingClient();
  StreamingClient(const StreamingClient&) = delete;
  StreamingClient& operator=(const StreamingClient&) = delete;

  // Sends a request, and waits for the head of its answer. Borrows the client.
  // Errors, whose messages have no text of the request:
  //   FAILED_PRECONDITION  it was certainly not sent.
  //   DEADLINE_EXCEEDED    no answer came in time. The other side may have
  //                        acted on the request.
  //   UNAVAILABLE          the connection was lost. The same.
  absl::StatusOr<std::unique_ptr<StreamResponse>> Send(StreamRequest request);

 private:
  friend class StreamTransfer;
  // A request of curl with the connections that it left open.
  class Handle;

  std::unique_ptr<Handle> Take();
  void PutBack(std::unique_ptr<Handle> handle);

  const Options options_;

  Mutex mu_;
  std::vector<std::unique_ptr<Handle>> idle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_STREAMING_CLIENT_H_
