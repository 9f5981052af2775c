#ifndef SIGNALBOX_COMMON_HTTP_CURL_SETUP_H_
#define SIGNALBOX_COMMON_HTTP_CURL_SETUP_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

struct curl_slist;

namespace signalbox {

// What all requests by libcurl have in common. A request is a CURL*, which is
// void* here.

// Starts libcurl, once. False: it cannot be started.
bool InitializeCurl();

// Sets up the security and the connection of a request: only http and https, in
// HTTP/1.1, no redirects, no proxies from the environment, TLS 1.2 or newer,
// verified certificates and host names, and no signals.
void SetUpCurl(void* easy);

// CurlHeaders is the list of headers that a request sends. It wipes its texts
// when it goes, because one can be a token. Not thread-safe.
class CurlHeaders {
 public:
  // With this list, curl does not wait for "100 Continue" before it sends a
  // larger body.
  CurlHeaders();
  ~CurlHeaders();
  CurlHeaders(const CurlHeaders&) = delete;
  CurlHeaders& operator=(const CurlHeaders&) = delete;

  void Add(absl::string_view name, absl::string_view value);
  // Keeps curl from sending its own header of this name.
  void Omit(absl::string_view name);
  // Call it after the last Add.
  void SetOn(void* easy) const;

 private:
  void Append(std::string line);

  curl_slist* list_ = nullptr;
};

// ResponseHead is the head of an answer. It keeps the first 100 headers. Not
// thread-safe.
class ResponseHead {
 public:
  // Takes the next line from curl. False: the head is too long, over 64 KiB.
  bool Take(absl::string_view line);
  // Whether the last line was the empty one, at the end of a head.
  bool is_at_end() const { return is_at_end_; }

  // In the order sent, without space around the values. Those of the last head:
  // before an answer's own there may be those of interim answers.
  std::vector<std::pair<std::string, std::string>> headers;

 private:
  size_t bytes_ = 0;
  bool is_at_end_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_CURL_SETUP_H_
