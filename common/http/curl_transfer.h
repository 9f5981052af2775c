#ifndef SIGNALBOX_COMMON_HTTP_CURL_TRANSFER_H_
#define SIGNALBOX_COMMON_HTTP_CURL_TRANSFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/curl_transport.h"
#include "common/http/http_transport.h"

struct curl_slist;

namespace signalbox {

// CurlTransfer is one request of CurlTransport, and what has arrived of its
// answer. It ends with one call of Finish or Fail. Times are MonotonicTime.
//
// Not thread-safe.
class CurlTransfer {
 public:
  CurlTransfer(HttpRequest request, HttpTransport::Done done,
               absl::Duration begin_time);
  ~CurlTransfer();

  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The host of a URL as curl reads it, in lower case, with the brackets of
  // IPv6. Empty: curl cannot read the URL.
  static std::string HostOf(const std::string& url);

  void* easy() const { return easy_; }  // A CURL*.
  const std::string& host() const { return host_; }
  absl::Duration Deadline() const { return begin_time_ + request_.timeout; }
  // If it were sent later, it could take effect later than its caller expects.
  absl::Duration LastBegin(const CurlTransportOptions& options) const {
    return std::min(Deadline(), begin_time_ + options.last_repeat);
  }

  // Hands the request to curl. An error means that nothing was sent (see Send).
  absl::Status Prepare(const CurlTransportOptions& options, absl::Duration now);

  // Ends the request with curl's result, a CURLcode.
  void Finish(int code, absl::Duration now);
  void Fail(absl::Status status) { done_(std::move(status)); }

 private:
  static size_t OnHeader(char* data, size_t, size_t size, void* transfer);
  static size_t OnBody(char* data, size_t, size_t size, void* transfer);
  static size_t OnSend(char* data, size_t, size_t size, void* transfer);
  static int OnRepeat(void* transfer, int64_t offset, int);

  // Leaves no copy of `rest` but the one in `headers_`.
  void AddHeader(absl::string_view begin, absl::string_view rest);
  void SetRequest();
  void SetConnection(const CurlTransportOptions& options);
  absl::Status Outcome(int code) const;

  HttpRequest request_;
  const HttpTransport::Done done_;
  const absl::Duration begin_time_;
  const std::string host_;
  void* const easy_;
  absl::Duration last_repeat_;
  size_t sent_ = 0;  // Of the body.
  curl_slist* headers_ = nullptr;

  HttpResponse answer_;
  size_t header_bytes_ = 0;
  bool body_was_cut_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_CURL_TRANSFER_H_
