#include "server/github/curl_transport.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/mutex.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxHeaderBytes = 64 << 10;
// GitHub closes idle connections. A connection that was idle for longer is not
// reused, because the try would probably fail.
constexpr long kMaxIdleSeconds = 30;
constexpr absl::Duration kLongestPoll = absl::Seconds(1);

bool InitializeCurl() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

// The host of a URL, for choosing its certificates.
std::string HostOf(const std::string& url) {
  std::string host;
  CURLU* parsed = curl_url();
  char* part = nullptr;
  if (parsed != nullptr &&
      curl_url_set(parsed, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parsed, CURLUPART_HOST, &part, 0) == CURLUE_OK) {
    host = absl::AsciiStrToLower(part);
  }
  curl_free(part);
  curl_url_cleanup(parsed);
  return host;
}

// One request on its way.
class Transfer {
 public:
  Transfer(HttpRequest request, HttpTransport::Done done,
           absl::Duration begin_time)
      : request_(std::move(request)),
        done_(std::move(done)),
        begin_time_(begin_time),
        easy_(curl_easy_init()) {}

  ~Transfer() {
    curl_easy_cleanup(easy_);
    // The list holds a copy of the token.
    for (curl_slist* item = headers_; item != nullptr; item = item->next) {
      OPENSSL_cleanse(item->data, std::char_traits<char>::length(item->data));
    }
    curl_slist_free_all(headers_);
  }

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_; }
  std::string host() const { return HostOf(request_.url); }
  absl::Duration begin_time() const { return begin_time_; }
  absl::Duration Deadline() const { return begin_time_ + request_.timeout; }

  // Hands the request to curl. An error means that nothing was sent (see Send).
  absl::Status Prepare(const CurlTransportOptions& options, absl::Duration now);

  // Ends the request with curl's result.
  void Finish(CURLcode code, absl::Duration now);
  void Fail(absl::Status status) { done_(std::move(status)); }

 private:
  static size_t OnHeader(char* data, size_t, size_t size, void* transfer);
  static size_t OnBody(char* data, size_t, size_t size, void* transfer);
  static size_t OnSend(char* data, size_t, size_t size, void* transfer);
  static int OnRepeat(void* transfer, curl_off_t offset, int);

  absl::Status Outcome(CURLcode code) const;
  void AddHeader(absl::string_view name, absl::string_view value);
  // Prepare's parts: what differs between requests, and how any is sent.
  void SetRequest(const CurlTransportOptions& options, absl::Duration left);
  void SetConduct(const CurlTransportOptions& options);

  HttpRequest request_;
  const HttpTransport::Done done_;
  const absl::Duration begin_time_;
  absl::Duration last_repeat_;
  size_t sent_ = 0;  // Of the body.
  CURL* const easy_;
  curl_slist* headers_ = nullptr;

  HttpResponse answer_;
  size_t header_bytes_ = 0;
  bool body_was_cut_ = false;
};

void Transfer::AddHeader(absl::string_view name, absl::string_view value) {
  std::string line = absl::StrCat(name, ": ", value);
  headers_ = curl_slist_append(headers_, line.c_str());
  OPENSSL_cleanse(line.data(), line.size());
}

absl::Status Transfer::Prepare(const CurlTransportOptions& options,
                               absl::Duration now) {
  if (easy_ == nullptr) return absl::FailedPreconditionError("out of memory");
  if (!request_.IsWellFormed()) {
    return absl::FailedPreconditionError(
        "the request has control characters in a URL or header");
  }
  const absl::Duration left = Deadline() - now;
  if (left < absl::Milliseconds(1)) {
    return absl::FailedPreconditionError(
        "no time was left to send the request");
  }
  SetRequest(options, left);
  SetConduct(options);
  return absl::OkStatus();
}

void Transfer::SetRequest(const CurlTransportOptions& options,
                          absl::Duration left) {
  for (const auto& [name, value] : request_.headers) AddHeader(name, value);
  if (!request_.bearer.empty()) {
    AddHeader("Authorization",
              absl::StrCat("Bearer ", request_.bearer.Reveal()));
  }
  // Without this, curl waits for "100 Continue" before it sends a larger body.
  headers_ = curl_slist_append(headers_, "Expect:");

  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(left)));
  if (request_.method == "GET") {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    // Not CURLOPT_POSTFIELDS: curl must ask before it sends a body again.
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &Transfer::OnSend);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &Transfer::OnRepeat);
    curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    last_repeat_ = options.last_repeat;
  }
}

void Transfer::SetConduct(const CurlTransportOptions& options) {
  // curl's signals would reach other threads. QUICK_EXIT: a resolver that hangs
  // must not hold up other requests.
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  // One request at a time uses a connection. So a reset soon after sending, and
  // before any byte of the answer, means that GitHub had closed an idle
  // connection.
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION,
                   static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  // An empty text keeps curl from reading the environment's proxies.
  curl_easy_setopt(easy_, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);

  curl_easy_setopt(easy_, CURLOPT_SSLVERSION,
                   static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  const auto ca_file = options.ca_files.find(HostOf(request_.url));
  if (ca_file != options.ca_files.end()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file->second.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }

  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

size_t Transfer::OnHeader(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<Transfer*>(transfer);
  self->header_bytes_ += size;
  if (self->header_bytes_ > kMaxHeaderBytes) return 0;  // Ends the transfer.
  const absl::string_view line =
      absl::StripAsciiWhitespace(absl::string_view(data, size));
  auto& headers = self->answer_.headers;
  if (absl::StartsWith(line, "HTTP/")) {
    headers.clear();  // The lines before were an interim answer's.
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || headers.size() >= kMaxHeaders) {
    return size;
  }
  headers.emplace_back(absl::StripAsciiWhitespace(line.substr(0, colon)),
                       absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return size;
}

size_t Transfer::OnBody(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<Transfer*>(transfer);
  std::string& body = self->answer_.body;
  const size_t wanted = std::min(size, self->request_.max_body - body.size());
  body.append(data, wanted);
  if (wanted == size) return size;
  self->body_was_cut_ = true;
  return 0;  // Ends the transfer: nobody reads the rest.
}

size_t Transfer::OnSend(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<Transfer*>(transfer);
  const size_t sent = self->request_.body.copy(data, size, self->sent_);
  self->sent_ += sent;
  return sent;
}

int Transfer::OnRepeat(void* transfer, curl_off_t offset, int) {
  auto* const self = static_cast<Transfer*>(transfer);
  const absl::Duration passed =
      Clock::System()->Monotonic() - self->begin_time_;
  if (passed > self->last_repeat_) return CURL_SEEKFUNC_FAIL;
  self->sent_ = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

absl::Status Transfer::Outcome(CURLcode code) const {
  if (code == CURLE_OK || body_was_cut_) return absl::OkStatus();
  // Not curl's detailed message, which can quote what a server sent.
  const std::string message =
      absl::StrCat(HostOf(request_.url), ": ", curl_easy_strerror(code));
  long sent = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
  if (sent == 0) return absl::FailedPreconditionError(message);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError(message);
  }
  return absl::UnavailableError(message);
}

void Transfer::Finish(CURLcode code, absl::Duration now) {
  absl::Status outcome = Outcome(code);
  if (!outcome.ok()) {
    done_(std::move(outcome));
    return;
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  answer_.status = static_cast<int>(status);
  answer_.elapsed = now - begin_time_;
  done_(std::move(answer_));
}

class CurlTransport : public HttpTransport {
 public:
  CurlTransport(CurlTransportOptions options, CURLM* multi)
      : options_(std::move(options)),
        clock_(Clock::System()),
        multi_(multi),
        thread_([this] { Loop(); }) {
    pthread_setname_np(thread_.native_handle(), "github-http");
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
    auto transfer = std::make_unique<Transfer>(
        std::move(request), std::move(done), clock_->Monotonic());
    {
      MutexLock lock(&mu_);
      arrived_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  using Transfers = std::vector<std::unique_ptr<Transfer>>;

  void Loop();
  // Returns false once the transport is being destroyed.
  bool TakeArrived(Transfers& arrived);
  void Begin(std::unique_ptr<Transfer> transfer);
  // Calls Begin now, or once the host has a free connection.
  void BeginOrWait(std::unique_ptr<Transfer> transfer);
  // Returns whether any transfer had finished.
  bool EndFinished();
  // Ends overdue transfers. Returns how long curl may wait at most.
  absl::Duration EndOverdue();
  void End(CURL* easy, CURLcode code);

  const CurlTransportOptions options_;
  Clock* const clock_;
  CURLM* const multi_;

  // Only the thread uses these.
  std::map<CURL*, std::unique_ptr<Transfer>> running_;
  struct Host {
    int running = 0;
    std::deque<std::unique_ptr<Transfer>> waiting;
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

void CurlTransport::BeginOrWait(std::unique_ptr<Transfer> transfer) {
  Host& host = hosts_[transfer->host()];
  if (host.running >= options_.max_connections_per_host) {
    host.waiting.push_back(std::move(transfer));
  } else {
    Begin(std::move(transfer));
  }
}

void CurlTransport::Begin(std::unique_ptr<Transfer> transfer) {
  absl::Status prepared = transfer->Prepare(options_, clock_->Monotonic());
  if (!prepared.ok()) {
    transfer->Fail(std::move(prepared));
    return;
  }
  CURL* const easy = transfer->easy();
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) {
    transfer->Fail(
        absl::FailedPreconditionError("curl did not accept the request"));
    return;
  }
  ++hosts_[transfer->host()].running;
  running_.emplace(easy, std::move(transfer));
}

void CurlTransport::End(CURL* easy, CURLcode code) {
  auto ended = running_.extract(easy);
  curl_multi_remove_handle(multi_, easy);
  const std::string name = ended.mapped()->host();
  ended.mapped()->Finish(code, clock_->Monotonic());
  Host& host = hosts_[name];
  --host.running;
  while (!host.waiting.empty() &&
         host.running < options_.max_connections_per_host) {
    std::unique_ptr<Transfer> next = std::move(host.waiting.front());
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
  const absl::Duration now = clock_->Monotonic();
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
        entry.second.waiting, [&](std::unique_ptr<Transfer>& transfer) {
          // If it were sent later, GitHub could act on it later than its caller
          // expects.
          const absl::Duration left =
              std::min(transfer->Deadline(),
                       transfer->begin_time() + options_.last_repeat) -
              now;
          if (left > absl::ZeroDuration()) {
            next = std::min(next, left);
            return false;
          }
          transfer->Fail(absl::ResourceExhaustedError(
              absl::StrCat(name, ": no connection became free in time")));
          return true;
        });
  }
  for (CURL* easy : overdue) End(easy, CURLE_OPERATION_TIMEDOUT);
  return next;
}

void CurlTransport::Loop() {
  // OpenSSL's write to a socket that the peer has closed raises SIGPIPE.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

  for (;;) {
    Transfers arrived;
    const bool go_on = TakeArrived(arrived);
    if (!go_on) {
      for (const auto& transfer : arrived) {
        transfer->Fail(absl::UnavailableError("the server is stopping"));
      }
      break;
    }
    for (auto& transfer : arrived) BeginOrWait(std::move(transfer));
    const absl::Duration pause = EndOverdue() + absl::Milliseconds(1);
    // EndFinished begins requests that waited for a connection.
    do {
      int running = 0;
      const CURLMcode performed = curl_multi_perform(multi_, &running);
      if (performed != CURLM_OK) {
        LogError("curl failed while it ran the requests to GitHub",
                 {{"error", curl_multi_strerror(performed)}});
      }
    } while (EndFinished());
    curl_multi_poll(multi_, nullptr, 0,
                    static_cast<int>(absl::ToInt64Milliseconds(pause)),
                    nullptr);
  }
  for (const auto& [easy, transfer] : running_) {
    curl_multi_remove_handle(multi_, easy);
    transfer->Fail(absl::UnavailableError("the server is stopping"));
  }
  running_.clear();
  for (const auto& [name, host] : hosts_) {
    for (const auto& transfer : host.waiting) {
      transfer->Fail(absl::UnavailableError("the server is stopping"));
    }
  }
  hosts_.clear();
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpTransport>> MakeCurlTransport(
    CurlTransportOptions options) {
  std::map<std::string, std::string> ca_files;
  for (const auto& [host, file] : options.ca_files) {
    if (access(file.c_str(), R_OK) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", file));
    }
    ca_files[absl::AsciiStrToLower(host)] = file;
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
