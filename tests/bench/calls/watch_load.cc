#include "tests/bench/calls/watch_load.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "common/mutex.h"
#include "tests/bench/calls/call_load.h"

namespace signalbox {
namespace {

// The most streams that the server takes on one connection.
constexpr int kWatchersOfConnection = 100;

}  // namespace

// One watcher. Whenever the server asks for it, the watcher resumes after the
// last change that it got.
class Watchers::Watch {
 public:
  Watch(Watchers* owner, v1::StatusService::Stub* stub,
        const std::string& repository)
      : owner_(*owner), stub_(*stub) {
    if (!repository.empty()) request_.add_repositories(repository);
    MutexLock lock(&mu_);
    Begin();
  }

  ~Watch() {
    MutexLock lock(&mu_);
    is_over_ = true;
    if (stream_ != nullptr) stream_->context.TryCancel();
    while (stream_ != nullptr) ended_.Wait(&mu_);
  }

 private:
  struct Stream : grpc::ClientReadReactor<v1::WatchStatusesResponse> {
    explicit Stream(Watch* watch) : watch(*watch) {}

    void OnReadDone(bool ok) override {
      if (!ok) return;
      watch.Received(change);
      StartRead(&change);
    }
    void OnDone(const grpc::Status& status) override { watch.Ended(status); }

    Watch& watch;
    grpc::ClientContext context;
    v1::WatchStatusesResponse change;
  };

  void Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    stream_ = std::make_unique<Stream>(this);
    if (last_ > 0) request_.set_after_sequence(last_);
    stub_.async()->WatchStatuses(&stream_->context, &request_, stream_.get());
    stream_->StartRead(&stream_->change);
    stream_->StartCall();
  }

  void Received(const v1::WatchStatusesResponse& message) {
    MutexLock lock(&mu_);
    const bool is_bookmark = !message.has_status();
    if (message.sequence() < last_ + (is_bookmark ? 0 : 1)) ++owner_.failed_;
    last_ = message.sequence();
    if (!is_bookmark) ++owner_.received_;
  }

  void Ended(const grpc::Status& status) {
    MutexLock lock(&mu_);
    const std::unique_ptr<Stream> ended = std::move(stream_);
    ended_.NotifyAll();
    if (is_over_) return;
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      ++owner_.resumed_;
      Begin();
    } else {
      ++owner_.failed_;
    }
  }

  Watchers& owner_;
  v1::StatusService::Stub& stub_;

  Mutex mu_;
  CondVar ended_;
  v1::WatchStatusesRequest request_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Stream> stream_ ABSL_GUARDED_BY(mu_);
  int64_t last_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_over_ ABSL_GUARDED_BY(mu_) = false;
};

Watchers::Watchers(const std::string& address, int count,
                   const std::function<std::string(int)>& repository_of)
    : stubs_(Connect(address, (count + kWatchersOfConnection - 1) /
                                  kWatchersOfConnection)) {
  for (int i = 0; i < count; ++i) {
    watches_.push_back(std::make_unique<Watch>(
        this, stubs_[static_cast<size_t>(i / kWatchersOfConnection)].get(),
        repository_of(i)));
  }
}

Watchers::~Watchers() = default;

}  // namespace signalbox
