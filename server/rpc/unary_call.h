#ifndef SIGNALBOX_SERVER_RPC_UNARY_CALL_H_
#define SIGNALBOX_SERVER_RPC_UNARY_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/worker.h"
#include "server/rpc/errors.h"

namespace signalbox {

// One unary call under way. Its work or its deadline ends it, whichever comes
// first.
//
// Thread-safe.
class UnaryCall {
 public:
  // Both are borrowed. `counters` counts how calls end.
  UnaryCall(grpc::CallbackServerContext* context, CodeCounters* counters)
      : context_(context),
        reactor_(context->DefaultReactor()),
        counters_(counters) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  bool ended() const { return ended_.load(); }

  // `write` fills the response. It runs only if the call has not ended yet,
  // because the response does not exist afterwards.
  template <typename Write>
  void End(Write write) {
    if (ended_.exchange(true)) return;
    const absl::Status status = write();
    counters_->Count(status.code());
    reactor_->Finish(ToGrpcStatus(status, context_));
  }

  void Fail(const absl::Status& status) {
    End([&status] { return status; });
  }

 private:
  grpc::CallbackServerContext* const context_;
  grpc::ServerUnaryReactor* const reactor_;
  CodeCounters* const counters_;
  std::atomic<bool> ended_ = false;
};

// Ends the calls that have waited too long for the disk, with
// DEADLINE_EXCEEDED, reason SERVER_TOO_SLOW.
//
// Thread-safe.
class CallDeadlines {
 public:
  // Calls end up to a second later than `max_call_time`. `clock` is borrowed.
  CallDeadlines(absl::Duration max_call_time, Clock* clock);

  // Adds a call that begins now.
  void Add(const std::shared_ptr<UnaryCall>& call);

 private:
  absl::Time ExpireCalls();

  const absl::Duration max_call_time_;
  Clock* const clock_;

  Mutex mu_;
  // In order of their begin. Ended calls are dropped from the front.
  std::deque<std::pair<absl::Duration, std::weak_ptr<UnaryCall>>> calls_
      ABSL_GUARDED_BY(mu_);

  Worker expirer_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_UNARY_CALL_H_
