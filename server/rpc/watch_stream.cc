#include "server/rpc/watch_stream.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/call_id.h"
#include "server/rpc/errors.h"
#include "server/rpc/stream_steps.h"

namespace signalbox {
namespace {

// The most changes that wait for one client. The hub holds most of them anyway,
// except for a client that catches up.
constexpr size_t kMaxWaiting = 128;

class WatchStream : public WatchReactor,
                    public Watcher,
                    private StreamSteps,
                    public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(grpc::CallbackServerContext* context, WatchFilter filter,
              std::function<absl::Status()> recheck, WatchHub* hub,
              CodeCounters* ends)
      : context_(context),
        filter_(std::move(filter)),
        recheck_(std::move(recheck)),
        hub_(hub),
        ends_(ends),
        request_id_(TakeRequestId(context)) {}

  // Keeps the stream alive until OnDone.
  void Start(const absl::Status& refusal, std::optional<ChangeCursor> after) {
    {
      MutexLock lock(&mu_);
      self_ = shared_from_this();
    }
    if (refusal.ok()) {
      hub_->Add(shared_from_this(), after);
    } else {
      End(refusal);
    }
  }

  void TakeBookmark(
      const std::shared_ptr<const WatchedChange>& bookmark) override {
    absl::Status admitted = recheck_();
    if (!admitted.ok()) {
      End(std::move(admitted));
      return;
    }
    {
      MutexLock lock(&mu_);
      // The waiting changes tell the client more than a bookmark.
      if (end_.has_value() || waiting_.size() >= kMaxWaiting) return;
      waiting_.push_back(bookmark);
    }
    Drive();
  }

  bool WantsRepository(const Repository& repository) override {
    return filter_.WantsRepository(repository);
  }

  Offered Offer(const std::shared_ptr<const WatchedChange>& change) override {
    if (!filter_.WantsStatus(change->change.status)) return Offered::kNotWanted;
    {
      MutexLock lock(&mu_);
      if (end_.has_value()) return Offered::kNotWanted;
      if (waiting_.size() >= kMaxWaiting) {
        starved_ = true;
        return Offered::kNoRoom;
      }
      waiting_.push_back(change);
    }
    Drive();
    return Offered::kTaken;
  }

  void End(absl::Status status) override {
    {
      MutexLock lock(&mu_);
      if (!end_.has_value()) end_ = std::move(status);
      waiting_.clear();
    }
    Drive();
  }

  void OnWriteDone(bool ok) override { Sent(ok); }

  void OnCancel() override {
    End(absl::CancelledError("the client went away"));
  }

  void OnDone() override {
    hub_->Remove(this);
    std::shared_ptr<WatchStream> self;
    MutexLock lock(&mu_);
    self.swap(self_);
    // `self` is declared before the lock, so it is destroyed after it.
  }

 private:
  std::function<void()> NextStep() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (finished_ || sending_) return nullptr;
    if (end_.has_value()) {
      finished_ = true;
      return [this] { FinishWithEnd(); };
    }
    if (waiting_.empty()) return nullptr;
    sent_ = std::move(waiting_.front());
    waiting_.pop_front();
    last_sequence_ = sent_->message.sequence();
    sending_ = true;
    // gRPC may then send this change together with the next.
    const bool more = !waiting_.empty();
    return [this, more] { Write(more); };
  }

  void Write(bool more_follows) {
    bool wake = false;
    {
      MutexLock lock(&mu_);
      wake = starved_ && waiting_.size() < kMaxWaiting / 2;
      if (wake) starved_ = false;
    }
    if (wake) hub_->Wake();
    grpc::WriteOptions options;
    if (more_follows) options.set_buffer_hint();
    StartWrite(&sent_->message, options);
  }

  void Sent(bool ok) {
    {
      MutexLock lock(&mu_);
      sending_ = false;
      if (!ok && !end_.has_value()) {
        end_ = absl::CancelledError("the client went away");
      }
    }
    Drive();
  }

  void FinishWithEnd() {
    absl::Status end;
    {
      MutexLock lock(&mu_);
      end = *end_;
      if (absl::IsUnavailable(end) && last_sequence_.has_value()) {
        end = Error(end.code(), ReasonOf(end),
                    absl::StrCat(end.message(), "; resume after sequence ",
                                 *last_sequence_));
      }
    }
    ends_->Count(end.code());
    Finish(ToGrpcStatus(end, context_, request_id_));
  }

  grpc::CallbackServerContext* const context_;
  const WatchFilter filter_;
  const std::function<absl::Status()> recheck_;
  WatchHub* const hub_;
  CodeCounters* const ends_;
  const std::string request_id_;

  // gRPC uses it while it writes, and one of our threads otherwise.
  std::shared_ptr<const WatchedChange> sent_;

  std::shared_ptr<WatchStream> self_ ABSL_GUARDED_BY(mu_);
  std::deque<std::shared_ptr<const WatchedChange>> waiting_
      ABSL_GUARDED_BY(mu_);
  // Offer has returned kNoRoom, and the hub was not woken since.
  bool starved_ ABSL_GUARDED_BY(mu_) = false;
  bool sending_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  // Of the last change sent.
  std::optional<int64_t> last_sequence_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

WatchReactor* OpenWatchStream(grpc::CallbackServerContext* context,
                              absl::StatusOr<WatchFilter> filter,
                              std::function<absl::Status()> recheck,
                              std::optional<ChangeCursor> after, WatchHub* hub,
                              CodeCounters* ends) {
  const absl::Status refusal = filter.status();
  const auto stream = std::make_shared<WatchStream>(
      context, filter.ok() ? *std::move(filter) : WatchFilter(),
      std::move(recheck), hub, ends);
  WatchReactor* const reactor = stream.get();
  stream->Start(refusal, after);
  return reactor;
}

}  // namespace signalbox
