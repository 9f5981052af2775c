#include "common/http/streaming_client.h"

#include <curl/curl.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/curl_setup.h"
#include "common/monotonic_time.h"

namespace signalbox {
namespace {

constexpr size_t kMostIdle = 8;
// curl may send a body a second time, on another connection, if the first was
// closed before the answer. After so long, the other side may have acted on the
// request.
constexpr absl::Duration kLastRepeat = absl::Seconds(2);
constexpr absl::Duration kLongestWait = absl::Seconds(1);

}  // namespace

class StreamingClient::Handle {
 public:
  Handle() : easy_(curl_easy_init()), multi_(curl_multi_init()) {}
  ~Handle() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool IsUsable() const { return easy_ != nullptr && multi_ != nullptr; }
  CURL* easy() const { return easy_; }
  CURLM* multi() const { return multi_; }

 private:
  CURL* const easy_;
  CURLM* const multi_;
};

class StreamTransfer final : public StreamResponse {
 public:
  StreamTransfer(StreamingClient& client, StreamRequest request)
      : client_(client),
        request_(std::move(request)),
        begin_time_(MonotonicTime()),
        handle_(client.Take()) {}
  ~StreamTransfer() override {
    if (is_added_) curl_multi_remove_handle(handle_->multi(), handle_->easy());
    // Before the list of headers goes, which it refers to.
    if (handle_->IsUsable()) curl_easy_reset(handle_->easy());
    client_.PutBack(std::move(handle_));
  }
  StreamTransfer(const StreamTransfer&) = delete;
  StreamTransfer& operator=(const StreamTransfer&) = delete;

  // As StreamingClient::Send.
  absl::Status AwaitHead() {
    if (!handle_->IsUsable()) return absl::FailedPreconditionError("no memory");
    SetUp();
    is_added_ =
        curl_multi_add_handle(handle_->multi(), handle_->easy()) == CURLM_OK;
    if (!is_added_) return absl::FailedPreconditionError("cannot start curl");
    const absl::Duration deadline = begin_time_ + client_.options_.head_timeout;
    while (Perform() && !has_head_) {
      const absl::Duration left = deadline - MonotonicTime();
      if (left <= absl::ZeroDuration()) {
        return absl::DeadlineExceededError("no answer came in time");
      }
      Wait(left);
    }
    return has_head_ ? absl::OkStatus() : Outcome();
  }

  int status() const override { return static_cast<int>(ResponseCode()); }
  const std::vector<std::pair<std::string, std::string>>& headers()
      const override {
    return head_.headers;
  }
  std::optional<uint64_t> size() const override {
    curl_off_t size = -1;
    curl_easy_getinfo(handle_->easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &size);
    if (size < 0) return std::nullopt;
    return static_cast<uint64_t>(size);
  }

  absl::Status Read(absl::FunctionRef<bool(absl::string_view)> sink) override {
    sink_ = &sink;
    received_ = 0;
    // This hands over what curl held back. If the sink wants none of it, curl
    // returns the error here, and the request would go on.
    if (!is_done_) {
      code_ = curl_easy_pause(handle_->easy(), CURLPAUSE_CONT);
      is_done_ = code_ != CURLE_OK;
    }
    absl::Duration waited;
    while (Perform()) {
      if (waited >= client_.options_.least_bytes_time) {
        if (received_ < client_.options_.least_bytes) {
          return absl::DeadlineExceededError("the body came too slowly");
        }
        waited = absl::ZeroDuration();
        received_ = 0;
      }
      // Without the time in which the sink blocks.
      const absl::Duration begin = MonotonicTime();
      Wait(client_.options_.least_bytes_time - waited);
      waited += MonotonicTime() - begin;
    }
    if (was_cancelled_) return absl::CancelledError("the sink wants no more");
    return Outcome();
  }

 private:
  long ResponseCode() const {
    long code = 0;
    curl_easy_getinfo(handle_->easy(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  void SetUp() {
    CURL* const easy = handle_->easy();
    SetUpCurl(easy);
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    bool has_accept = false;
    bool has_type = false;
    for (const auto& [name, value] : request_.headers) {
      headers_.Add(name, value);
      has_accept |= absl::EqualsIgnoreCase(name, "accept");
      has_type |= absl::EqualsIgnoreCase(name, "content-type");
    }
    if (!has_accept) headers_.Omit("Accept");
    if (!has_type) headers_.Omit("Content-Type");
    if (!request_.authorization.empty()) {
      headers_.Add("Authorization", request_.authorization.Reveal());
    }
    headers_.SetOn(easy);
    SetMethod();
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &StreamTransfer::OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &StreamTransfer::OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  }

  void SetMethod() {
    CURL* const easy = handle_->easy();
    const std::string& method = request_.method;
    if (method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
      return;
    }
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    const bool says_length =
        method == "POST" || method == "PUT" || method == "PATCH";
    if (says_length || !request_.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request_.body.size()));
      curl_easy_setopt(easy, CURLOPT_POST, 1L);
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, &StreamTransfer::OnSend);
      curl_easy_setopt(easy, CURLOPT_READDATA, this);
      curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &StreamTransfer::OnRepeat);
      curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
    }
    // Without a body, curl repeats the request itself if a connection that it
    // reuses ends before the answer, however late. OnRepeat is not asked.
    if (method != "GET" && request_.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }

  static size_t OnHeader(char* data, size_t, size_t size, void* transfer) {
    auto* const self = static_cast<StreamTransfer*>(transfer);
    if (self->has_head_) return size;  // A trailer.
    if (!self->head_.Take(absl::string_view(data, size))) return 0;
    // Before, there may be interim answers.
    self->has_head_ = self->head_.is_at_end() && self->ResponseCode() >= 200;
    return size;
  }

  static size_t OnBody(char* data, size_t, size_t size, void* transfer) {
    auto* const self = static_cast<StreamTransfer*>(transfer);
    if (self->sink_ == nullptr) return CURL_WRITEFUNC_PAUSE;
    if (self->was_cancelled_) return 0;
    self->received_ += size;
    self->was_cancelled_ = !(*self->sink_)(absl::string_view(data, size));
    return self->was_cancelled_ ? 0 : size;
  }

  static size_t OnSend(char* data, size_t, size_t size, void* transfer) {
    auto* const self = static_cast<StreamTransfer*>(transfer);
    const size_t sent = self->request_.body.copy(data, size, self->sent_);
    self->sent_ += sent;
    return sent;
  }

  static int OnRepeat(void* transfer, curl_off_t offset, int) {
    auto* const self = static_cast<StreamTransfer*>(transfer);
    if (MonotonicTime() - self->begin_time_ > kLastRepeat) {
      return CURL_SEEKFUNC_FAIL;
    }
    self->sent_ = static_cast<size_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  // Lets curl do what it can without waiting. False: the request has ended.
  bool Perform() {
    if (is_done_) return false;
    int running = 0;
    if (curl_multi_perform(handle_->multi(), &running) != CURLM_OK) {
      is_done_ = true;
      code_ = CURLE_FAILED_INIT;
    }
    int left = 0;
    while (const CURLMsg* message =
               curl_multi_info_read(handle_->multi(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      is_done_ = true;
      code_ = message->data.result;
    }
    return !is_done_;
  }

  void Wait(absl::Duration most) {
    const absl::Duration wait = std::min(most, kLongestWait);
    curl_multi_poll(handle_->multi(), nullptr, 0,
                    static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1,
                    nullptr);
  }

  // What became of the request, which has ended.
  absl::Status Outcome() const {
    if (code_ == CURLE_OK) return absl::OkStatus();
    // Not curl's detailed message, which can quote what a server sent.
    const std::string message = curl_easy_strerror(code_);
    long sent = 0;
    curl_easy_getinfo(handle_->easy(), CURLINFO_REQUEST_SIZE, &sent);
    return sent == 0 ? absl::FailedPreconditionError(message)
                     : absl::UnavailableError(message);
  }

  StreamingClient& client_;
  const StreamRequest request_;
  const absl::Duration begin_time_;
  std::unique_ptr<StreamingClient::Handle> handle_;
  CurlHeaders headers_;
  bool is_added_ = false;  // To the handle's multi.
  size_t sent_ = 0;        // Bytes of the request's body.

  ResponseHead head_;
  bool has_head_ = false;
  // Null until Read is called. Until then, curl pauses at the body.
  absl::FunctionRef<bool(absl::string_view)>* sink_ = nullptr;
  size_t received_ = 0;  // Bytes of the body, since `waited` was zero.
  bool was_cancelled_ = false;
  bool is_done_ = false;
  CURLcode code_ = CURLE_OK;
};

StreamingClient::StreamingClient(const Options& options) : options_(options) {
  InitializeCurl();
}

StreamingClient::~StreamingClient() = default;

absl::StatusOr<std::unique_ptr<StreamResponse>> StreamingClient::Send(
    StreamRequest request) {
  auto transfer = std::make_unique<StreamTransfer>(*this, std::move(request));
  absl::Status status = transfer->AwaitHead();
  if (!status.ok()) return status;
  return std::unique_ptr<StreamResponse>(std::move(transfer));
}

std::unique_ptr<StreamingClient::Handle> StreamingClient::Take() {
  {
    MutexLock lock(&mu_);
    if (!idle_.empty()) {
      std::unique_ptr<Handle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>();
}

void StreamingClient::PutBack(std::unique_ptr<Handle> handle) {
  // A handle that is not kept closes its connections, but after the lock.
  MutexLock lock(&mu_);
  if (handle->IsUsable() && idle_.size() < kMostIdle) {
    idle_.push_back(std::move(handle));
  }
}

}  // namespace signalbox
