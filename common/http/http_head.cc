#include "common/http/http_head.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace signalbox {
namespace {

constexpr size_t kMaxHeaders = 100;
// More digits than any body needs, without overflow.
constexpr size_t kMaxLengthDigits = 15;

bool IsTokenByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         (c != '\0' && absl::StrContains("!#$%&'*+-.^_`|~", c));
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsTokenByte);
}

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

absl::Status ParseRequestLine(absl::string_view line, HttpHead& head) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3 || !IsToken(parts[0]) || parts[1].empty() ||
      !std::ranges::all_of(parts[1], absl::ascii_isgraph)) {
    return Malformed("the request line is not METHOD TARGET VERSION");
  }
  head.is_http_1_0 = parts[2] == "HTTP/1.0";
  if (!head.is_http_1_0 && parts[2] != "HTTP/1.1") {
    return Malformed("the HTTP version is neither 1.0 nor 1.1");
  }
  head.method = std::string(parts[0]);
  const std::pair<std::string, std::string> target =
      absl::StrSplit(parts[1], absl::MaxSplits('?', 1));
  head.path = target.first;
  head.query = target.second;
  return absl::OkStatus();
}

absl::Status ParseHeaderLine(absl::string_view line, HttpHead& head) {
  if (head.headers.size() == kMaxHeaders) {
    return Malformed(absl::StrCat("more than ", kMaxHeaders, " headers"));
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon))) {
    return Malformed("a header has no valid name");
  }
  const absl::string_view text = line.substr(colon + 1);
  for (const unsigned char c : text) {
    if (absl::ascii_iscntrl(c) && c != '\t') {
      return Malformed("the value of a header has a control character");
    }
  }
  head.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                            std::string(absl::StripAsciiWhitespace(text)));
  return absl::OkStatus();
}

absl::Status ReadFraming(HttpHead& head) {
  if (!head.Values("content-encoding").empty()) {
    return Malformed("there is a Content-Encoding; wanted none");
  }
  const auto codings = head.Values("transfer-encoding");
  const auto lengths = head.Values("content-length");
  if (!codings.empty()) {
    if (head.is_http_1_0 || codings.size() > 1 || !lengths.empty() ||
        !absl::EqualsIgnoreCase(codings[0], "chunked")) {
      return Malformed(
          "Transfer-Encoding is not `chunked` alone, or is beside "
          "Content-Length or in HTTP/1.0");
    }
    head.chunked = true;
  }
  if (!lengths.empty()) {
    if (lengths.size() > 1 || lengths[0].size() > kMaxLengthDigits ||
        !std::ranges::all_of(lengths[0], absl::ascii_isdigit) ||
        !absl::SimpleAtoi(lengths[0], &head.content_length)) {
      return Malformed("Content-Length is repeated, or not a decimal number");
    }
  }
  head.may_be_kept = !head.is_http_1_0;
  for (const absl::string_view value : head.Values("connection")) {
    head.may_be_kept &= absl::EqualsIgnoreCase(value, "keep-alive");
  }
  head.expects_continue =
      !head.is_http_1_0 &&
      absl::EqualsIgnoreCase(head.OnlyValue("expect").value_or(""),
                             "100-continue");
  return absl::OkStatus();
}

}  // namespace

std::vector<absl::string_view> HttpHead::Values(absl::string_view name) const {
  std::vector<absl::string_view> values;
  for (const auto& [key, value] : headers) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<absl::string_view> HttpHead::OnlyValue(
    absl::string_view name) const {
  const std::vector<absl::string_view> values = Values(name);
  if (values.size() != 1) return std::nullopt;
  return values[0];
}

size_t HttpHeadSize(absl::string_view bytes, size_t known) {
  if (bytes.empty()) return 0;
  if (!IsTokenByte(bytes.front())) return bytes.size();
  // The known bytes may end within the end of the head, LF CR LF.
  const size_t from = known - std::min<size_t>(known, 2);
  // Lines that end in LF alone count here; ParseHttpHead refuses them.
  for (size_t end = bytes.find('\n', from); end != absl::string_view::npos;
       end = bytes.find('\n', end + 1)) {
    if (end >= kMaxHttpHead) break;
    const absl::string_view next = bytes.substr(end + 1);
    if (absl::StartsWith(next, "\n")) return end + 2;
    if (absl::StartsWith(next, "\r\n")) return end + 3;
  }
  return bytes.size() > kMaxHttpHead ? bytes.size() : 0;
}

absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view head) {
  if (head.size() > kMaxHttpHead) {
    return Malformed(
        absl::StrCat("the request line and headers are longer than ",
                     kMaxHttpHead, " bytes"));
  }
  if (!absl::ConsumeSuffix(&head, "\r\n\r\n")) {
    return Malformed("a line of the head does not end in CRLF");
  }
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  HttpHead parsed;
  absl::Status status = ParseRequestLine(lines[0], parsed);
  for (size_t i = 1; status.ok() && i < lines.size(); ++i) {
    status = ParseHeaderLine(lines[i], parsed);
  }
  if (status.ok()) status = ReadFraming(parsed);
  if (!status.ok()) return status;
  return parsed;
}

}  // namespace signalbox
