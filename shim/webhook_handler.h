#ifndef SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_
#define SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "shim/delivery_totals.h"
#include "shim/http_adapter.h"
#include "shim/refusals.h"
#include "shim/server_call.h"
#include "shim/webhook/event.h"
#include "shim/webhook/signature.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

struct WebhookHandlerOptions {
  std::string path = "/event_handler";
  // The JSON of a delivery. A form may have three times as many bytes, for its
  // encoding. GitHub sends nothing over 25 MiB.
  size_t max_body = 25 << 20;
  // False: takes what is not signed. For trying things out.
  bool verify = true;
  // From the first byte of a request until the server must have answered.
  // GitHub hangs up after 10 s.
  std::chrono::milliseconds server_timeout{8500};
  // Bytes of bodies in memory at once, over 256 KiB for each request, which is
  // more than nearly any delivery has. Beyond it: 503.
  int64_t max_buffered = 96 << 20;
  // By which the server knows the shim; empty: it does not tell callers apart.
  std::string token;
};

// A connection to signalbox-server at `address` that finds a restarted server
// within about a second, and repeats calls that met it while it was away for a
// moment. Deliveries may be repeated: the server knows them by their ids.
std::unique_ptr<v1::StatusService::Stub> ConnectToServer(
    const std::string& address);

// The secrets that count now.
using SecretSource = std::function<std::shared_ptr<const WebhookSecrets>(
    std::chrono::steady_clock::time_point now)>;

// Turns one delivery of GitHub into one call to the server, and the server's
// answer into one for GitHub:
//   202  the server has it on disk.
//   200  there is nothing to do: ping, an event or action that is not used, no
//        context expected of the repository, an event that is no report and
//        that the server is too old for; a repository, an account or a context
//        named by GitHub that the shim has no grant of.
//   400  malformed, or the body does not belong to the event.
//   401  the signature is missing or wrong.
//   404, 405, 413, 415  wrong path, method, size, content type.
//   503  the server cannot take it now, or does not take it from this shim: it
//        does not know its token, or gives it no right to pass webhooks on.
//        That is for people to mend, and GitHub's deliveries are made again
//        afterwards.
//   500  a bug.
// GET of `/healthz` and of `/` is 200 as long as the shim runs, whatever the
// server does, and is not logged. A slash behind the path makes no difference.
//
// Keeps nothing, and reads nothing of a body before its signature is known to
// be good. Writes one log line for each request, and once an hour, if there are
// any, what became of all so far, by event.
//
// Thread-safe.
class WebhookHandler {
 public:
  // Borrows `server`.
  WebhookHandler(const WebhookHandlerOptions& options, SecretSource secrets,
                 v1::StatusService::StubInterface& server)
      : options_(options), secrets_(std::move(secrets)), server_(server) {}

  HttpAnswer Handle(const HttpRequest& request, BodyReader read_body);

  // Logs what became of all requests so far, a line for each event.
  void LogTotals() const;

 private:
  struct Delivery;  // What is logged of a request.
  struct Body;

  int StatusFor(const HttpRequest& request, BodyReader read_body,
                Delivery& delivery);
  int ReadBody(const HttpRequest& request, BodyReader read_body, Body& body,
               Delivery& delivery);
  // Of an answer that is no OK.
  int Refused(const HookCall& call, const ServerAnswer& answer,
              Delivery& delivery);
  int Call(const HookCall& call, absl::string_view json,
           const HttpRequest& request, Delivery& delivery);

  const WebhookHandlerOptions options_;
  const SecretSource secrets_;
  v1::StatusService::StubInterface& server_;

  DeliveryTotals totals_;
  std::atomic<int64_t> buffered_ = 0;  // Of bodies, over the free part.
  Refusals refusals_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_
