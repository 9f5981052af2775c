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

// The way from one life of the server to GitHub. It logs requests and answers,
// and is cut when that life ends. It can be frozen, as if the process had
// stopped between its last look at the clock and the socket.
//
// Not thread-safe.
class WatchedTransport : public HttpTransport {
 public:
  // The name of a repository in the log, from its name in a URL: "acme/app", or
  // its number.
  using NameOf = std::function<std::string(absl::string_view)>;

  // All are borrowed. `now` is the true time. Every request uses `credential`;
  // `exchange` is the number of the last request. `server` as in
  // history::Began.
  WatchedTransport(HttpTransport* github, std::function<absl::Time()> now,
                   history::History* history, std::string credential,
                   NameOf name_of, int64_t* exchange, std::string server = "");

  // From now on nothing is sent, and nobody gets an answer.
  void Cut() { *is_cut_ = true; }

  void Send(HttpRequest request, Done done) override;

  // From now on requests wait for Thaw, and those that were sent go on.
  void HoldRequests() { holds_requests_ = true; }
  bool HoldsOne() const { return !held_requests_.empty(); }
  // From now on answers wait for Thaw, too.
  void Freeze() { holds_requests_ = holds_answers_ = true; }
  // Sends and answers what has waited. Of every other late request the answer
  // is lost.
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
