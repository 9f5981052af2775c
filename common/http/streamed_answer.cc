#include "common/http/streamed_answer.h"

#include <algorithm>
#include <exception>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

// How a client finds the end of a body.
enum class BodyEnd {
  kNoBody,
  kLength,
  kLastChunk,
  kClose,  // The connection ends.
};

BodyEnd EndOf(const HttpAnswer& answer, const HttpHead& request) {
  if (request.method == "HEAD" || answer.status == 204 ||
      answer.status == 304) {
    return BodyEnd::kNoBody;
  }
  if (answer.stream_size.has_value()) return BodyEnd::kLength;
  return request.is_http_1_0 ? BodyEnd::kClose : BodyEnd::kLastChunk;
}

bool IsValidHeader(absl::string_view name, absl::string_view value) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  }) && std::ranges::none_of(value, [](unsigned char c) {
    return absl::ascii_iscntrl(c) && c != '\t';
  });
}

// The reason after the status code stays empty, as HTTP permits.
std::string HeadOf(const HttpAnswer& answer, const HttpHead& request,
                   BodyEnd end, bool is_kept) {
  std::string head = absl::StrCat("HTTP/1.1 ", answer.status, " \r\n");
  const auto add = [&head](absl::string_view name, absl::string_view value) {
    if (!IsValidHeader(name, value)) return;
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  };
  for (const auto& [name, value] : answer.headers) add(name, value);
  if (!answer.content_type.empty()) add("Content-Type", answer.content_type);
  const bool says_size =
      end == BodyEnd::kLength ||
      (request.method == "HEAD" && answer.stream_size.has_value());
  if (says_size) add("Content-Length", absl::StrCat(*answer.stream_size));
  if (end == BodyEnd::kLastChunk) add("Transfer-Encoding", "chunked");
  if (!is_kept || end == BodyEnd::kClose) add("Connection", "close");
  head += "\r\n";
  return head;
}

}  // namespace

bool WriteStreamedAnswer(const HttpAnswer& answer, const HttpHead& request,
                         bool is_kept, AnswerSink write) {
  const BodyEnd end = EndOf(answer, request);
  if (!write(HeadOf(answer, request, end, is_kept))) return false;
  if (end == BodyEnd::kNoBody) return true;
  uint64_t sent = 0;
  const auto send = [&](absl::string_view bytes) {
    // A chunk without bytes would be the last.
    if (bytes.empty()) return write(bytes);
    sent += bytes.size();
    if (end == BodyEnd::kLastChunk) {
      return write(
          absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n"));
    }
    return (end == BodyEnd::kClose || sent <= *answer.stream_size) &&
           write(bytes);
  };
  try {
    if (!answer.stream(send)) return false;
  } catch (const std::exception& e) {
    LogError("a streamed answer ended with an exception", {{"why", e.what()}});
    return false;
  }
  if (end == BodyEnd::kLastChunk) return write("0\r\n\r\n");
  return end == BodyEnd::kClose || sent == *answer.stream_size;
}

}  // namespace signalbox
