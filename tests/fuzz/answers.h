#ifndef SIGNALBOX_TESTS_FUZZ_ANSWERS_H_
#define SIGNALBOX_TESTS_FUZZ_ANSWERS_H_

#include <iterator>
#include <string>

#include "absl/status/statusor.h"
#include "common/http/http_transport.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {

// Makes an answer of GitHub from a fuzzer's input: a status, some headers that
// Signalbox reads, and a body. For some inputs it is an error instead, as if
// there was no answer.
inline absl::StatusOr<HttpResponse> AnswerFrom(FuzzInput& in) {
  constexpr int kStatuses[] = {200, 201, 202, 204, 304, 301, 302, 307,
                               308, 400, 401, 403, 404, 408, 409, 410,
                               422, 429, 451, 500, 502, 503, 504};
  constexpr const char* kHeaders[] = {"retry-after",
                                      "x-ratelimit-remaining",
                                      "x-ratelimit-reset",
                                      "x-ratelimit-limit",
                                      "x-ratelimit-resource",
                                      "date",
                                      "location",
                                      "link",
                                      "x-github-request-id",
                                      "x-github-sso",
                                      "content-type",
                                      "X-RateLimit-Reset"};
  const int chosen = in.Byte();
  switch (chosen) {
    case 0xf0:
      return absl::FailedPreconditionError(in.Text());
    case 0xf1:
      return absl::UnavailableError(in.Text());
    case 0xf2:
      return absl::DeadlineExceededError(in.Text());
    default:
      break;
  }
  HttpResponse answer;
  answer.status = chosen < 0xf3 ? kStatuses[chosen % std::size(kStatuses)]
                                : 100 + static_cast<int>(in.Byte()) * 4;
  const int headers = in.UpTo(6);
  for (int i = 0; i < headers; ++i) {
    const char* const name = kHeaders[in.UpTo(std::size(kHeaders) - 1)];
    answer.headers.emplace_back(name, std::string(in.Text()));
  }
  answer.elapsed = absl::Milliseconds(in.Byte() * 100);
  answer.body = std::string(in.Text());
  return answer;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_FUZZ_ANSWERS_H_
