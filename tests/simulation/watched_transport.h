#ifndef SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_
#define SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "tests/history/history.h"

namespace signalbox {

// The connection from one life of the server to GitHub (see ServerLife). It
// writes each request and each answer into the history. The simulation can cut
// it, or freeze it, as if the process had stopped between its last look at the
// clock and the socket.
//
// Not thread-safe.
class WatchedTransport : public HttpTransport {
 public:
  // Turns the name of a repository in a URL ("acme/app", or its number) into
  // its name in the history.
  using NameOf = std::function<std::string(absl::string_view)>;

  // All are borrowed. `now` is the true time, whatever the server's clock says.
  // Every request uses `credential`. Requests are numbered on from `*exchange`,
  // which several lives share. `server` as in history::Began.
  WatchedTransport(HttpTransport* github, std::function<absl::Time()> now,
                   history::History* history, std::string credential,
                   NameOf name_of, int64_t* exchange, std::string server = "");

  // From now on nothing is sent, and no callback runs.
  void Cut() { *is_cut_ = true; }

  void Send(HttpRequest request, Done done) override;

  // New requests wait for Thaw. Requests that were sent go on.
  void HoldRequests() { holds_requests_ = true; }
  // Whether a request waits.
  bool HoldsOne() const { return !held_requests_.empty(); }
  // New requests and all answers wait for Thaw.
  void Freeze() { holds_requests_ = holds_answers_ = true; }
  // Ends the freeze: delivers the answers that waited, and sends the requests
  // that waited. Every second of these requests ends with DEADLINE_EXCEEDED
  // although GitHub gets it, because the process believes that it has waited
  // for an answer all the time.
  void Thaw();

 private:
  // A request that has begun.
  struct Exchange {
    int64_t number = 0;
    absl::Time begin;
    bool is_post = false;
    Done done;
    bool was_held = false;
  };

  history::Began Read(const HttpRequest& request) const;
  void HandOver(HttpRequest request, Exchange exchange);
  void End(const Exchange& exchange, absl::StatusOr<HttpResponse> answer);

  HttpTransport* const github_;
  const std::function<absl::Time()> now_;
  history::History* const history_;
  const std::string credential_;
  const NameOf name_of_;
  int64_t* const exchange_;
  const std::string server_;
  bool holds_requests_ = false;
  bool holds_answers_ = false;
  std::vector<std::pair<HttpRequest, Exchange>> held_requests_;
  std::vector<std::pair<Exchange, absl::StatusOr<HttpResponse>>> held_answers_;
  const std::shared_ptr<bool> is_cut_ = std::make_shared<bool>(false);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_
