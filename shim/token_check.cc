#include "shim/token_check.h"

#include "common/log.h"
#include "shim/server_call.h"

namespace signalbox {

TokenCheck::TokenCheck(const Secret& token,
                       v1::StatusService::StubInterface* server)
    : thread_([this, token, server] { Run(token, server); }) {}

TokenCheck::~TokenCheck() {
  {
    const std::lock_guard<std::mutex> lock(mu_);
    gives_up_ = true;
    if (under_way_ != nullptr) under_way_->TryCancel();
  }
  thread_.join();
}

void TokenCheck::Run(const Secret& token,
                     v1::StatusService::StubInterface* server) {
  grpc::Status status = grpc::Status::CANCELLED;
  {
    grpc::ClientContext context;
    AddToken(token.Reveal(), &context);
    context.set_wait_for_ready(true);
    {
      const std::lock_guard<std::mutex> lock(mu_);
      if (!gives_up_) under_way_ = &context;
    }
    if (under_way_ != nullptr) {
      // The cheapest call that shows whether the server knows the token. It
      // shows that even without the right to read.
      v1::ListCommitsRequest request;
      request.set_page_size(1);
      v1::ListCommitsResponse response;
      status = server->ListCommits(&context, request, &response);
    }
    const std::lock_guard<std::mutex> lock(mu_);
    under_way_ = nullptr;
  }
  Done(status);
}

grpc::StatusCode TokenCheck::Wait() {
  std::unique_lock<std::mutex> lock(mu_);
  changed_.wait(lock, [this] { return is_done_; });
  return code_;
}

void TokenCheck::Done(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
    LogError(
        "the server does not accept this shim's token, so the shim answers "
        "every webhook with 503; restart it with a --token-file that holds "
        "the token of a configured caller",
        {{"why", status.error_message()}});
  }
  const std::lock_guard<std::mutex> lock(mu_);
  is_done_ = true;
  code_ = status.error_code();
  changed_.notify_all();
}

}  // namespace signalbox
