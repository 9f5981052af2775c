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
  // The most time from the first byte of a request until the server has
  // answered. GitHub closes the connection after 10 s.
  std::chrono::milliseconds server_timeout{8500};
  // The most bytes of bodies in memory at once. The first 256 KiB of each body
  // do not count, and nearly all deliveries are smaller. A request over the
  // limit gets a 503.
  int64_t max_buffered = 96 << 20;
  // Identifies the shim to the server; empty: sends none.
  Secret token;
};

// WebhookHandler is the shim's HttpHandler. It turns a delivery of GitHub into
// one call to the server, and the server's answer into one for GitHub:
//   202  the server has stored the delivery on disk.
//   200  there is nothing to do: the delivery is a ping; Signalbox does not use
//        its event or action; the repository expects no context; the server is
//        too old for an event that is no report; or the shim has no grant of
//        the repository, the account or the context.
//   400  the delivery is malformed, or its body belongs to another event.
//   401  the signature is missing or wrong.
//   404, 405, 413, 415  the path, the method, the size or the content type is
//        wrong.
//   503  the server cannot accept the delivery now. Or it does not know the
//        shim's token, or the token lacks the right `webhook`. After an
//        operator has repaired that, the server asks GitHub to redeliver.
//   500  a bug.
// GET of `/healthz` and of `/` gets a 200 while the shim runs, even if the
// server does not. These requests are not logged. A path may have a slash at
// its end.
//
// WebhookHandler keeps no state between deliveries, apart from what it logs. It
// parses nothing of a body before it has verified the signature. It writes one
// log line for each delivery, and once an hour the totals by event.
//
// Thread-safe.
class WebhookHandler {
 public:
  // Borrows `server`.
  WebhookHandler(const WebhookHandlerOptions& options, SecretSource secrets,
                 v1::StatusService::StubInterface& server)
      : options_(options),
        secrets_(std::move(secrets)),
        server_(server, options.token) {}

  // Answers one request; see HttpHandler.
  HttpAnswer Handle(const HttpServerRequest& request, BodyReader read_body);

  // Logs the totals of all deliveries so far, a line for each event.
  void LogTotals() const;

 private:
  struct Delivery;  // What the log shows of a request.
  struct Body;

  // These do parts of Handle. They return the HTTP status of the answer, and
  // add to `delivery` what they find out.
  int StatusFor(const HttpServerRequest& request, BodyReader read_body,
                Delivery& delivery);
  // Reads the body, checks its signature, and decodes it. 0: all succeeded.
  int ReadBody(const HttpServerRequest& request, BodyReader read_body,
               Body& body, Delivery& delivery);
  // For an answer of the server that is not OK.
  int Refused(const HookCall& call, const ServerAnswer& answer,
              Delivery& delivery);
  int Call(const HookCall& call, absl::string_view json,
           const HttpServerRequest& request, Delivery& delivery);

  const WebhookHandlerOptions options_;
  const SecretSource secrets_;
  ServerLink server_;

  DeliveryTotals totals_;
  // Bytes of bodies in memory that count towards `max_buffered`.
  std::atomic<int64_t> buffered_ = 0;
  Refusals refusals_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_HANDLER_H_
