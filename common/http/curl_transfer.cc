#include "common/http/curl_transfer.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/monotonic_time.h"

namespace signalbox {

std::string CurlTransfer::HostOf(const std::string& url) {
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

CurlTransfer::CurlTransfer(HttpRequest request, HttpTransport::Done done,
                           absl::Duration begin_time)
    : request_(std::move(request)),
      done_(std::move(done)),
      begin_time_(begin_time),
      host_(HostOf(request_.url)),
      easy_(curl_easy_init()) {}

CurlTransfer::~CurlTransfer() { curl_easy_cleanup(easy_); }

absl::Status CurlTransfer::Prepare(const CurlTransportOptions& options,
                                   absl::Duration now) {
  if (easy_ == nullptr) return absl::FailedPreconditionError("out of memory");
  const std::string malformed = request_.MalformedPart();
  if (!malformed.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the request was not sent: its ", malformed,
                     " has a line break or another control character"));
  }
  if (request_.timeout < absl::Milliseconds(1)) {
    return absl::FailedPreconditionError(absl::StrCat(
        host_, ": the request was not sent: no time was left for it"));
  }
  const absl::Duration left = Deadline() - now;
  if (now > LastBegin(options) || left < absl::Milliseconds(1)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        host_, ": the request was not sent: this process held it up for ",
        absl::FormatDuration(
            absl::Trunc(now - begin_time_, absl::Milliseconds(1)))));
  }
  last_repeat_ = options.last_repeat;
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(left)));
  SetRequest();
  SetConnection(options);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  return absl::OkStatus();
}

void CurlTransfer::SetRequest() {
  for (const auto& [name, value] : request_.headers) {
    headers_.Add(name, value);
  }
  if (!request_.bearer.empty()) {
    std::string value = absl::StrCat("Bearer ", request_.bearer.Reveal());
    headers_.Add("Authorization", value);
    OPENSSL_cleanse(value.data(), value.size());
  }

  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  headers_.SetOn(easy_);
  if (request_.method == "GET") {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body.size()));
  // Not CURLOPT_POSTFIELDS: curl must ask before it sends a body again.
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &CurlTransfer::OnSend);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &CurlTransfer::OnRepeat);
  curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void CurlTransfer::SetConnection(const CurlTransportOptions& options) {
  SetUpCurl(easy_);
  const auto ca_file = options.ca_files.find(host_);
  if (ca_file != options.ca_files.end()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file->second.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
}

size_t CurlTransfer::OnHeader(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<CurlTransfer*>(transfer);
  // Anything but `size` ends the transfer.
  return self->head_.Take(absl::string_view(data, size)) ? size : 0;
}

size_t CurlTransfer::OnBody(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<CurlTransfer*>(transfer);
  std::string& body = self->answer_.body;
  const size_t wanted = std::min(size, self->request_.max_body - body.size());
  body.append(data, wanted);
  if (wanted == size) return size;
  self->body_was_cut_ = true;
  return 0;  // Ends the transfer: nobody reads the rest.
}

size_t CurlTransfer::OnSend(char* data, size_t, size_t size, void* transfer) {
  auto* const self = static_cast<CurlTransfer*>(transfer);
  const size_t sent = self->request_.body.copy(data, size, self->sent_);
  self->sent_ += sent;
  return sent;
}

int CurlTransfer::OnRepeat(void* transfer, int64_t offset, int) {
  auto* const self = static_cast<CurlTransfer*>(transfer);
  if (MonotonicTime() - self->begin_time_ > self->last_repeat_) {
    return CURL_SEEKFUNC_FAIL;
  }
  self->sent_ = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

absl::Status CurlTransfer::Outcome(int code) const {
  if (code == CURLE_OK || body_was_cut_) return absl::OkStatus();
  // Not curl's detailed message, which can quote what a server sent.
  const std::string message = absl::StrCat(
      host_, ": ", curl_easy_strerror(static_cast<CURLcode>(code)));
  long sent = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
  if (sent == 0) return absl::FailedPreconditionError(message);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError(message);
  }
  return absl::UnavailableError(message);
}

void CurlTransfer::Finish(int code, absl::Duration now) {
  absl::Status outcome = Outcome(code);
  if (!outcome.ok()) {
    done_(std::move(outcome));
    return;
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  answer_.status = static_cast<int>(status);
  answer_.headers = std::move(head_.headers);
  answer_.elapsed = now - begin_time_;
  done_(std::move(answer_));
}

}  // namespace signalbox
