#include "common/http/curl_setup.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxHeaderBytes = 64 << 10;
// Servers close idle connections. A connection that was idle for longer is not
// reused, because the try would probably fail.
constexpr long kMaxIdleSeconds = 30;

}  // namespace

bool InitializeCurl() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

void SetUpCurl(void* easy) {
  // curl's signals would reach other threads. QUICK_EXIT: a resolver that hangs
  // must not hold up other requests.
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  // One request at a time uses a connection. So a reset soon after sending, and
  // before any byte of the answer, means that the server had closed an idle
  // connection.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // An empty text keeps curl from reading the environment's proxies.
  curl_easy_setopt(easy, CURLOPT_PROXY, "");

  curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                   static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

CurlHeaders::CurlHeaders() { Omit("Expect"); }

CurlHeaders::~CurlHeaders() {
  for (curl_slist* item = list_; item != nullptr; item = item->next) {
    OPENSSL_cleanse(item->data, std::char_traits<char>::length(item->data));
  }
  curl_slist_free_all(list_);
}

void CurlHeaders::Add(absl::string_view name, absl::string_view value) {
  // With a colon, an empty value would mean that the header is not sent.
  Append(value.empty() ? absl::StrCat(name, ";")
                       : absl::StrCat(name, ": ", value));
}

void CurlHeaders::Omit(absl::string_view name) {
  Append(absl::StrCat(name, ":"));
}

void CurlHeaders::SetOn(void* easy) const {
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list_);
}

void CurlHeaders::Append(std::string line) {
  list_ = curl_slist_append(list_, line.c_str());
  OPENSSL_cleanse(line.data(), line.size());
}

bool ResponseHead::Take(absl::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxHeaderBytes) return false;
  const bool is_folded =
      absl::StartsWith(line, " ") || absl::StartsWith(line, "\t");
  line = absl::StripAsciiWhitespace(line);
  if (is_folded) {
    // It belongs to the header before, and is none of its own.
    if (!headers.empty() && headers.size() < kMaxHeaders) {
      absl::StrAppend(&headers.back().second, " ", line);
    }
    return true;
  }
  is_at_end_ = line.empty();
  if (absl::StartsWith(line, "HTTP/")) {
    headers.clear();  // The lines before were an interim answer's.
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || headers.size() >= kMaxHeaders) {
    return true;
  }
  headers.emplace_back(absl::StripAsciiWhitespace(line.substr(0, colon)),
                       absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return true;
}

}  // namespace signalbox
