#ifndef SIGNALBOX_REST_FORWARDER_H_
#define SIGNALBOX_REST_FORWARDER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/http/http_server.h"
#include "common/http/streaming_client.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "rest/refusal.h"

namespace signalbox {

struct ForwarderOptions {
  StreamingClient::Options client;
  // At once: of all callers, and of one, so that a slow tool leaves places to
  // the others.
  int most_requests = 64;
  int most_of_caller = 48;
  // The longest body of a request, and the most bytes of the bodies of all
  // requests that are under way.
  size_t max_body = 10 << 20;
  size_t most_body_bytes = 64 << 20;
  // In longer answers, the URLs in JSON are not moved.
  size_t max_moved_body = 1 << 20;
};

// Where a request goes, and whose it is.
struct ForwardTarget {
  std::string caller;      // The name that the server has for the token.
  std::string url;         // The whole address.
  std::string api_url;     // Addresses in the answer that begin with it
  std::string base;        // begin with this one for the tool.
  bool moves_json = true;  // Also those in JSON.
};

// Forwarder sends a tool's request on to GitHub with the tool's own token, and
// GitHub's answer back. It keeps no request, no answer and no token, and
// follows no redirect. The caller must know that the token is GitHub's: it
// goes wherever `url` says.
//
// Thread-safe.
class Forwarder {
 public:
  explicit Forwarder(const ForwarderOptions& options)
      : options_(options), client_(options.client) {}

  // Blocks until the head of GitHub's answer has arrived. The answer streams
  // the body, and must be gone before the Forwarder. `authorization` is the
  // value of the header. Refused:
  //   413, 400  as by ReadRequestBody.
  //   503       too many requests or bodies are under way, or GitHub cannot be
  //             reached: it has not got the request.
  //   504, 502  GitHub did not answer in time, or the connection was lost. It
  //             may have acted on the request.
  RestOr<HttpAnswer> Forward(const HttpHead& head, BodyReader read_body,
                             Secret authorization, const ForwardTarget& target);

 private:
  // One request under way, and the room for its body.
  class Place;
  // An answer on its way to the tool.
  struct Passage;

  // Null: there is no place.
  std::unique_ptr<Place> Enter(const std::string& caller, size_t body_bytes);

  const ForwarderOptions options_;
  StreamingClient client_;

  Mutex mu_;
  int requests_ ABSL_GUARDED_BY(mu_) = 0;
  // Those of each caller that has any.
  absl::flat_hash_map<std::string, int> of_caller_ ABSL_GUARDED_BY(mu_);
  size_t body_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_FORWARDER_H_
