#include "common/http/curl_transport.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/http/curl_setup.h"
#include "common/http/curl_transfer.h"
#include "common/log.h"
#include "common/monotonic_time.h"
#include "common/mutex.h"

namespace signalbox {
namespace {

constexpr absl::Duration kLongestPoll = absl::Seconds(1);

class CurlTransport : public HttpTransport {
 public:
  CurlTransport(CurlTransportOptions options, CURLM* multi)
      : options_(std::move(options)),
        multi_(multi),
        thread_([this] { Loop(); }) {
    pthread_setname_np(thread_.native_handle(), "http-client");
  }

  ~CurlTransport() override {
    {
      MutexLock lock(&mu_);
      stop_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  void Send(HttpRequest request, Done done) override {
    auto transfer = std::make_unique<CurlTransfer>(
        std::move(request), std::move(done), MonotonicTime());
    {
      MutexLock lock(&mu_);
      arrived_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  using Transfers = std::vector<std::unique_ptr<CurlTransfer>>;

  void Loop();
  // Returns false once the transport is being destroyed.
  bool TakeArrived(Transfers& arrived);
  void Begin(std::unique_ptr<CurlTransfer> transfer);
  // Calls Begin now, or once the host has a free connection.
  void BeginOrWait(std::unique_ptr<CurlTransfer> transfer);
  // Returns whether any transfer had finished.
  bool EndFinished();
  // Ends overdue transfers. Returns how long curl may wait at most.
  absl::Duration EndOverdue();
  void End(CURL* easy, CURLcode code);
  // Fails these transfers, and those that run or wait, at the end of the
  // thread.
  void EndAll(Transfers transfers);

  const CurlTransportOptions options_;
  CURLM* const multi_;

  // Only the thread uses these.
  std::map<CURL*, std::unique_ptr<CurlTransfer>> running_;
  struct Host {
    int running = 0;
    std::deque<std::unique_ptr<CurlTransfer>> waiting;
  };
  std::map<std::string, Host> hosts_;

  Mutex mu_;
  Transfers arrived_ ABSL_GUARDED_BY(mu_);
  bool stop_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // Last: it uses everything above.
};

bool CurlTransport::TakeArrived(Transfers& arrived) {
  MutexLock lock(&mu_);
  arrived.swap(arrived_);
  return !stop_;
}

void CurlTransport::BeginOrWait(std::unique_ptr<CurlTransfer> transfer) {
  Host& host = hosts_[transfer->host()];
  if (host.running >= options_.max_connections_per_host) {
    host.waiting.push_back(std::move(transfer));
  } else {
    Begin(std::move(transfer));
  }
}

void CurlTransport::Begin(std::unique_ptr<CurlTransfer> transfer) {
  absl::Status prepared = transfer->Prepare(options_, MonotonicTime());
  if (!prepared.ok()) {
    transfer->Fail(std::move(prepared));
    return;
  }
  CURL* const easy = transfer->easy();
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK) {
    transfer->Fail(absl::FailedPreconditionError(absl::StrCat(
        transfer->host(),
        ": the request was not sent: libcurl: ", curl_multi_strerror(code))));
    return;
  }
  ++hosts_[transfer->host()].running;
  running_.emplace(easy, std::move(transfer));
}

void CurlTransport::End(CURL* easy, CURLcode code) {
  auto ended = running_.extract(easy);
  curl_multi_remove_handle(multi_, easy);
  const std::string name = ended.mapped()->host();
  ended.mapped()->Finish(code, MonotonicTime());
  Host& host = hosts_[name];
  --host.running;
  while (!host.waiting.empty() &&
         host.running < options_.max_connections_per_host) {
    std::unique_ptr<CurlTransfer> next = std::move(host.waiting.front());
    host.waiting.pop_front();
    Begin(std::move(next));
  }
  if (host.running == 0 && host.waiting.empty()) hosts_.erase(name);
}

bool CurlTransport::EndFinished() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    End(message->easy_handle, message->data.result);
    any = true;
  }
  return any;
}

absl::Duration CurlTransport::EndOverdue() {
  const absl::Duration now = MonotonicTime();
  absl::Duration next = kLongestPoll;
  std::vector<CURL*> overdue;
  for (const auto& [easy, transfer] : running_) {
    const absl::Duration left = transfer->Deadline() - now;
    if (left <= absl::ZeroDuration()) {
      overdue.push_back(easy);
    } else {
      next = std::min(next, left);
    }
  }
  for (auto& entry : hosts_) {
    const std::string& name = entry.first;
    std::erase_if(
        entry.second.waiting, [&](std::unique_ptr<CurlTransfer>& transfer) {
          const absl::Duration left = transfer->LastBegin(options_) - now;
          if (left > absl::ZeroDuration()) {
            next = std::min(next, left);
            return false;
          }
          transfer->Fail(absl::ResourceExhaustedError(
              absl::StrCat(name, ": the request was not sent: all ",
                           options_.max_connections_per_host,
                           " connections to the host were in use")));
          return true;
        });
  }
  for (CURL* easy : overdue) End(easy, CURLE_OPERATION_TIMEDOUT);
  return next;
}

void CurlTransport::EndAll(Transfers transfers) {
  for (auto& [easy, transfer] : running_) {
    curl_multi_remove_handle(multi_, easy);
    transfers.push_back(std::move(transfer));
  }
  for (auto& [name, host] : hosts_) {
    std::ranges::move(host.waiting, std::back_inserter(transfers));
  }
  for (const auto& transfer : transfers) {
    transfer->Fail(absl::UnavailableError(
        "this process is stopping, and no longer waits for the answer"));
  }
}

void CurlTransport::Loop() {
  // OpenSSL's write to a socket that the peer has closed raises SIGPIPE.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

  for (;;) {
    Transfers arrived;
    if (!TakeArrived(arrived)) return EndAll(std::move(arrived));
    for (auto& transfer : arrived) BeginOrWait(std::move(transfer));
    const absl::Duration pause = EndOverdue() + absl::Milliseconds(1);
    // EndFinished begins requests that waited for a connection.
    do {
      int running = 0;
      const CURLMcode performed = curl_multi_perform(multi_, &running);
      if (performed != CURLM_OK) {
        LogError("curl failed while it ran HTTP requests",
                 {{"error", curl_multi_strerror(performed)}});
      }
    } while (EndFinished());
    curl_multi_poll(multi_, nullptr, 0,
                    static_cast<int>(absl::ToInt64Milliseconds(pause)),
                    nullptr);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpTransport>> MakeCurlTransport(
    CurlTransportOptions options) {
  std::map<std::string, std::string> ca_files;
  for (const auto& [url, file] : options.ca_files) {
    if (access(file.c_str(), R_OK) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", file));
    }
    ca_files[CurlTransfer::HostOf(url)] = file;
  }
  options.ca_files = std::move(ca_files);
  CURLM* const multi = InitializeCurl() ? curl_multi_init() : nullptr;
  if (multi == nullptr) return absl::InternalError("cannot start curl");
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_connections_per_host));
  return std::unique_ptr<HttpTransport>(
      std::make_unique<CurlTransport>(std::move(options), multi));
}

}  // namespace signalbox
