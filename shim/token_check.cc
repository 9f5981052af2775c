#include "shim/token_check.h"

#include "common/log.h"
#include "shim/server_call.h"

namespace signalbox {

TokenCheck::TokenCheck(const Secret& token,
                       v1::StatusService::StubInterface* server)
    : code_(std::async(std::launch::async,
                       [this, token, server] { return Run(token, server); })) {}

TokenCheck::~TokenCheck() {
  MutexLock lock(&mu_);
  gives_up_ = true;
  if (under_way_ != nullptr) under_way_->TryCancel();
}

grpc::StatusCode TokenCheck::Run(const Secret& token,
                                 v1::StatusService::StubInterface* server) {
  grpc::ClientContext context;
  AddToken(token.Reveal(), &context);
  context.set_wait_for_ready(true);
  {
    MutexLock lock(&mu_);
    if (gives_up_) return grpc::StatusCode::CANCELLED;
    under_way_ = &context;
  }
  // The cheapest call that shows whether the server knows the token. It shows
  // that even without the right to read.
  v1::ListCommitsRequest request;
  request.set_page_size(1);
  v1::ListCommitsResponse response;
  const grpc::Status status = server->ListCommits(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
    LogError(
        "the server does not accept this shim's token, so the shim answers "
        "every webhook with 503; restart it with a --token-file that holds "
        "the token of a configured caller",
        {{"why", status.error_message()}});
  }
  MutexLock lock(&mu_);
  under_way_ = nullptr;
  return status.error_code();
}

}  // namespace signalbox
