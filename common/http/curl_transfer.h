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
#include "common/http/curl_setup.h"
#include "common/http/curl_transport.h"
#include "common/http/http_transport.h"

namespace signalbox {

// CurlTransfer is one request of CurlTransport (curl_transport.cc), with the
// part of its answer that has arrived. CurlTransport calls Prepare, gives
// easy() to curl, and calls Finish when curl has ended the request. If it
// cannot begin the request, it calls Fail. Exactly one call of Finish or Fail
// calls `done`.
//
// Times are MonotonicTime. Not thread-safe.
class CurlTransfer {
 public:
  // `begin_time`: when HttpTransport::Send was called.
  CurlTransfer(HttpRequest request, HttpTransport::Done done,
               absl::Duration begin_time);
  ~CurlTransfer();

  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The host of a URL as curl parses it, in lower case; an IPv6 address in
  // brackets. Empty: curl cannot parse the URL.
  static std::string HostOf(const std::string& url);

  void* easy() const { return easy_; }  // curl's request, a CURL*.
  const std::string& host() const { return host_; }
  // When the request must have ended.
  absl::Duration Deadline() const { return begin_time_ + request_.timeout; }
  // The latest time to send the request. If it were sent later, GitHub could
  // act on it later than its sender expects.
  absl::Duration LastBegin(const CurlTransportOptions& options) const {
    return std::min(Deadline(), begin_time_ + options.last_repeat);
  }

  // Sets up easy() for curl. After an error, call Fail with it: the request was
  // not sent. The codes are those of HttpTransport::Done.
  absl::Status Prepare(const CurlTransportOptions& options, absl::Duration now);

  // Calls `done` with the answer, or with the error for curl's result `code`, a
  // CURLcode.
  void Finish(int code, absl::Duration now);
  // Calls `done` with an error.
  void Fail(absl::Status status) { done_(std::move(status)); }

 private:
  // curl calls these for a line of the answer's head, for bytes of its body,
  // for the next bytes of the request's body, and before it sends the request's
  // body again.
  static size_t OnHeader(char* data, size_t, size_t size, void* transfer);
  static size_t OnBody(char* data, size_t, size_t size, void* transfer);
  static size_t OnSend(char* data, size_t, size_t size, void* transfer);
  static int OnRepeat(void* transfer, int64_t offset, int);

  void SetRequest();
  void SetConnection(const CurlTransportOptions& options);
  // The error for a CURLcode, or OK if there is an answer.
  absl::Status Outcome(int code) const;

  HttpRequest request_;
  const HttpTransport::Done done_;
  const absl::Duration begin_time_;
  const std::string host_;
  void* const easy_;
  absl::Duration last_repeat_;  // As in CurlTransportOptions.
  size_t sent_ = 0;             // Bytes of the request's body.
  CurlHeaders headers_;

  HttpResponse answer_;
  ResponseHead head_;
  bool body_was_cut_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_CURL_TRANSFER_H_
