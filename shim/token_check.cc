#include "shim/token_check.h"

#include <memory>

#include "shim/log.h"
#include "shim/server_call.h"

namespace signalbox {

TokenCheck::TokenCheck(const std::string& token,
                       v1::StatusService::StubInterface* server) {
  auto call = std::make_shared<Call>();
  call_ = call;
  AddToken(token, &call->context);
  call->context.set_wait_for_ready(true);
  // The cheapest call that tells: the right to read is not needed to learn that
  // the token is known.
  call->request.set_page_size(1);
  server->async()->ListCommits(
      &call->context, &call->request, &call->response,
      [this, call](const grpc::Status& status) { Done(status); });
}

TokenCheck::~TokenCheck() {
  if (const std::shared_ptr<Call> call = call_.lock()) {
    call->context.TryCancel();
  }
  Wait();
}

grpc::StatusCode TokenCheck::Wait() {
  std::unique_lock<std::mutex> lock(mu_);
  changed_.wait(lock, [this] { return is_done_; });
  return code_;
}

void TokenCheck::Done(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
    LogLine(LogLevel::kError,
            "the server does not know this shim: every delivery will be "
            "answered with 503 until --token-file holds the token of a caller "
            "that the server's configuration names",
            {{"why", status.error_message()}});
  }
  const std::lock_guard<std::mutex> lock(mu_);
  is_done_ = true;
  code_ = status.error_code();
  // Under the lock: the object may go as soon as it is released.
  changed_.notify_all();
}

}  // namespace signalbox
