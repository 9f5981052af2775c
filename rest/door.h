#ifndef SIGNALBOX_REST_DOOR_H_
#define SIGNALBOX_REST_DOOR_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/http/http_server.h"
#include "common/mutex.h"
#include "rest/bodies.h"
#include "rest/forwarder.h"
#include "rest/route.h"
#include "rest/server_calls.h"
#include "rest/visitor.h"

namespace signalbox {

// The settings of RestDoor.
struct RestDoorOptions {
  // Only programs on this machine can connect to the listener, and none of them
  // is known to pass on the requests of other machines.
  bool listener_is_loopback = true;
  // What clients see before the path, such as `https://signalbox.example`,
  // without a slash at the end. Empty: `scheme` and the Host of each request.
  std::string public_url;
  std::string scheme = "http";  // What the listener speaks; or "https".
  // Where repositories are if the path does not name a host.
  std::string default_host = "github.com";
  // From the first byte of a request until its answer. Clients give up after
  // 10 s.
  std::chrono::milliseconds timeout{9000};
  // Nothing: no request goes on to GitHub.
  std::optional<ForwarderOptions> forwarding;
  // The time, for Date, and for statuses without a time.
  std::function<absl::Time()> clock;
  // Makes the identifier of a request.
  std::function<std::string()> new_request_id;
};

// RestDoor answers as GitHub's REST API does, as far as tools need it that
// create and read commit statuses. A tool needs the address of the door instead
// of GitHub's, and a caller's token instead of GitHub's.
//
// It keeps nothing, and has no rights: it passes each request's own
// Authorization on to the server, which alone judges it. A report is answered
// with 201 once the server has it on disk.
//
// Requests that are not about statuses go on to GitHub, if the options say so
// and the server says that the request's token is GitHub's own. The server is
// asked each time.
//
// Thread-safe.
class RestDoor {
 public:
  // Borrows `server`.
  RestDoor(RestDoorOptions options, v1::StatusService::StubInterface& server)
      : options_(std::move(options)),
        calls_(server),
        forwarder_(options_.forwarding.has_value()
                       ? std::make_unique<Forwarder>(*options_.forwarding)
                       : nullptr) {}

  // The handler for HttpServer. Blocks until the server or GitHub has answered.
  HttpAnswer Handle(const HttpServerRequest& request, BodyReader read_body);
  // The answer of HttpServer itself with this status: Handle has not seen the
  // request, or has failed.
  HttpAnswer AnswerUnseen(int status) const;

 private:
  // A request on its way.
  struct Visit {
    const HttpServerRequest& request;
    BodyReader read_body;
    Visitor visitor;
    RestRoute route;
    RestPlace place;
    CallTerms terms;
    absl::Time now;
    bool is_forwarded;  // The answer is GitHub's.
  };

  Visit VisitOf(const HttpServerRequest& request, BodyReader read_body) const;
  HttpAnswer Answer(Visit& visit);
  // Writes the log, and adds the headers that all answers of the door have.
  static void Finish(const Visit& visit, HttpAnswer* answer);
  // GitHub's answer, or why there is none. Nothing: this caller's requests do
  // not go on to GitHub.
  std::optional<HttpAnswer> Forward(Visit& visit);
  // Answers what needs no token. Nothing: it is something else.
  static std::optional<HttpAnswer> AnswerOpenly(const Visit& visit);
  // Whether the request may go on to the server, which judges its token.
  std::optional<RestRefusal> RefuseStranger(const Visit& visit);
  // Whether the server answered a short time ago that it has callers.
  bool HasSeenCallers(absl::Time now);
  // Puts the name in the place if the path has only a number.
  std::optional<RestRefusal> FindName(Visit& visit) const;

  HttpAnswer CreateStatus(Visit& visit) const;
  HttpAnswer ShowStatuses(Visit& visit) const;
  // The same, or GitHub's answer if the server does not know the ref.
  HttpAnswer StatusesOrForwarded(Visit& visit);
  HttpAnswer ShowRepository(Visit& visit) const;
  HttpAnswer ShowCommit(Visit& visit) const;
  // Answers about users and limits, which every known caller may see.
  HttpAnswer ShowCaller(const Visit& visit) const;

  const RestDoorOptions options_;
  const ServerCalls calls_;
  const std::unique_ptr<Forwarder> forwarder_;  // Null: nothing is forwarded.

  Mutex mu_;
  // When the server last answered that it has callers.
  absl::Time callers_seen_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_DOOR_H_
