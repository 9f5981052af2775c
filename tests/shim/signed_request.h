#ifndef SIGNALBOX_TESTS_SHIM_SIGNED_REQUEST_H_
#define SIGNALBOX_TESTS_SHIM_SIGNED_REQUEST_H_

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "tests/common/webhook/payloads.h"

namespace signalbox {

// The webhook secret of the tests' shim.
constexpr char kSecret[] = "It's a Secret to Everybody";

// The value of X-Hub-Signature-256 for a body.
inline std::string Sign(absl::string_view body, absl::string_view secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest,
       &size);
  return absl::StrCat("sha256=",
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(digest), size)));
}

// The body of a webhook of content type form: "payload=" and the encoded JSON.
inline std::string Form(absl::string_view json) {
  std::string form = "payload=";
  for (const unsigned char c : json) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-_.*", c)) {
      form += static_cast<char>(c);
    } else if (c == ' ') {
      form += '+';
    } else {
      absl::StrAppendFormat(&form, "%%%02X", c);
    }
  }
  return form;
}

// A webhook's HTTP request. It is correct until a test changes a member.
struct Request {
  std::string method = "POST";
  std::string target = "/event_handler";
  std::string body;
  std::string content_type = "application/json";
  std::string event = "push";
  std::string delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
  std::string secret = kSecret;  // Signs the body; empty: no signature.
  std::string more_headers;      // Whole lines, each with its line end.

  // The request as it goes over the wire.
  std::string Text() const {
    std::string text = absl::StrCat(method, " ", target, " HTTP/1.1\r\n");
    const auto header = [&](const char* name, const std::string& value) {
      if (!value.empty()) absl::StrAppend(&text, name, ": ", value, "\r\n");
    };
    header("Content-Type", content_type);
    header("X-GitHub-Event", event);
    header("X-GitHub-Delivery", delivery);
    header("X-Hub-Signature-256", secret.empty() ? "" : Sign(body, secret));
    return absl::StrCat(text, "Content-Length: ", body.size(), "\r\n",
                        more_headers, "\r\n", body);
  }
};

// A push, or the opening of a pull request.
inline Request Push() {
  Request request;
  request.body = PushPayload().dump();
  return request;
}

inline Request PullRequest() {
  Request request;
  request.event = "pull_request";
  request.body = PullRequestPayload().dump();
  return request;
}

// Turns a JSON request into one of content type form.
inline Request AsForm(Request request) {
  request.content_type = "application/x-www-form-urlencoded";
  request.body = Form(request.body);
  return request;
}

// The text of the request in chunked transfer coding, with chunks of `piece`
// bytes.
inline std::string Chunked(const Request& request, size_t piece) {
  const std::string text = request.Text();
  std::string chunked =
      absl::StrCat(text.substr(0, text.find("Content-Length")),
                   "Transfer-Encoding: chunked\r\n\r\n");
  for (size_t at = 0; at < request.body.size(); at += piece) {
    const std::string chunk = request.body.substr(at, piece);
    absl::StrAppend(&chunked, absl::Hex(chunk.size()), "\r\n", chunk, "\r\n");
  }
  return absl::StrCat(chunked, "0\r\n\r\n");
}

// A ping whose JSON has exactly `size` bytes; at least 10.
inline Request PingOf(size_t size) {
  Request request;
  request.event = "ping";
  const std::string rest = R"({"zen":""})";
  request.body = absl::StrCat(R"({"zen":")",
                              std::string(size - rest.size(), 'x'), R"("})");
  return request;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_SIGNED_REQUEST_H_
