#include "shim/token_check.h"

#include "common/log.h"
#include "shim/server_call.h"

namespace signalbox {

TokenCheck::TokenCheck(const Secret& token,
                       v1::StatusService::StubInterface* server)
    : thread_([this, token, server] { Run(token, server); }) {}

TokenCheck::~TokenCheck() {
  {
    MutexLock lock(&mu_);
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
    bool is_wanted = false;
    {
      MutexLock lock(&mu_);
      is_wanted = !gives_up_;
      if (is_wanted) under_way_ = &context;
    }
    if (is_wanted) {
      // The cheapest call that shows whether the server knows the token. It
      // shows that even without the right to read.
      v1::ListCommitsRequest request;
      request.set_page_size(1);
      v1::ListCommitsResponse response;
      status = server->ListCommits(&context, request, &response);
    }
    MutexLock lock(&mu_);
    under_way_ = nullptr;
  }
  Done(status);
}

grpc::StatusCode TokenCheck::Wait() {
  MutexLock lock(&mu_);
  while (!is_done_) changed_.Wait(&mu_);
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
  MutexLock lock(&mu_);
  is_done_ = true;
  code_ = status.error_code();
  changed_.NotifyAll();
}

}  // namespace signalbox
