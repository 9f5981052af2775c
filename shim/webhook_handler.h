#ifndef SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_
#define SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/http/http_server.h"
#include "common/secret.h"
#include "common/webhook/event.h"
#include "common/webhook/signature.h"
#include "shim/delivery_log.h"
#include "shim/server_call.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

struct WebhookHandlerOptions {
  std::string path = "/event_handler";
  // The most bytes of a delivery's JSON. A form may have three times as many
  // bytes, because of its encoding. GitHub sends at most 25 MiB.
  size_t max_body = 25 << 20;
  // False: accepts unsigned deliveries. For trials.
  bool verify = true;
  // From the first byte of a request until the server must have answered.
  // GitHub closes the connection after 10 s.
  std::chrono::milliseconds server_timeout{8500};
  // The most bytes of bodies in memory at once. The first 256 KiB of each body
  // do not count; nearly all deliveries are smaller. Beyond the limit: 503.
  int64_t max_buffered = 96 << 20;
  // Identifies the shim to the server; empty: sends none.
  Secret token;
};

// WebhookHandler turns one delivery of GitHub into one call to the server, and
// the server's answer into one for GitHub:
//   202  the server has it on disk.
//   200  there is nothing to do: a ping, an unused event or action, no context
//        expected of the repository, an event for which the server is too old
//        and which is not a report; or GitHub names a repository, an account or
//        a context that the shim has no grant of.
//   400  malformed, or the body does not belong to the event.
//   401  the signature is missing or wrong.
//   404, 405, 413, 415  wrong path, method, size, content type.
//   503  the server cannot accept it now, or does not accept it from this shim:
//        it does not know the shim's token, or the token lacks the right to
//        pass webhooks on. After an operator has repaired that, the server has
//        GitHub redeliver.
//   500  a bug.
// GET of `/healthz` and of `/` is 200 as long as the shim runs, whatever the
// server does, and is not logged. A slash after the path makes no difference.
//
// It keeps no state between deliveries, and parses nothing of a body before it
// has verified the signature. It writes one log line for each request, and once
// an hour the totals by event, if there are any.
//
// Thread-safe.
class WebhookHandler {
 public:
  // Borrows `server`.
  WebhookHandler(const WebhookHandlerOptions& options, SecretSource secrets,
                 v1::StatusService::StubInterface& server)
      : options_(options), secrets_(std::move(secrets)), server_(server) {}

  HttpAnswer Handle(const HttpServerRequest& request, BodyReader read_body);

  // Logs the totals of all requests so far, a line for each event.
  void LogTotals() const;

 private:
  struct Delivery;  // What is logged of a request.
  struct Body;

  int StatusFor(const HttpServerRequest& request, BodyReader read_body,
                Delivery& delivery);
  int ReadBody(const HttpServerRequest& request, BodyReader read_body,
               Body& body, Delivery& delivery);
  // The status for an answer that is not OK.
  int Refused(const HookCall& call, const ServerAnswer& answer,
              Delivery& delivery);
  int Call(const HookCall& call, absl::string_view json,
           const HttpServerRequest& request, Delivery& delivery);

  const WebhookHandlerOptions options_;
  const SecretSource secrets_;
  v1::StatusService::StubInterface& server_;

  DeliveryTotals totals_;
  // Of bodies, beyond the part that does not count.
  std::atomic<int64_t> buffered_ = 0;
  Refusals refusals_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_
