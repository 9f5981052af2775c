#ifndef SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_
#define SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/http/http_transport.h"
#include "tests/history/history.h"

namespace signalbox {

// The way from one life of the server to GitHub. It logs requests and answers,
// and is cut when that life ends.
//
// Not thread-safe.
class WatchedTransport : public HttpTransport {
 public:
  // The name of a repository in the log, from its name in a URL: "acme/app", or
  // its number.
  using NameOf = std::function<std::string(absl::string_view)>;

  // All are borrowed. `now` is the true time. Every request uses `credential`;
  // `exchange` is the number of the last request.
  WatchedTransport(HttpTransport* github, std::function<absl::Time()> now,
                   history::History* history, std::string credential,
                   NameOf name_of, int64_t* exchange);

  // From now on nothing is sent, and nobody gets an answer.
  void Cut() { *is_cut_ = true; }

  void Send(HttpRequest request, Done done) override;

 private:
  history::Began Read(const HttpRequest& request) const;

  HttpTransport* const github_;
  const std::function<absl::Time()> now_;
  history::History* const history_;
  const std::string credential_;
  const NameOf name_of_;
  int64_t* const exchange_;
  const std::shared_ptr<bool> is_cut_ = std::make_shared<bool>(false);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WATCHED_TRANSPORT_H_
