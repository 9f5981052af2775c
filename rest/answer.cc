#include "rest/answer.h"

#include <utility>

#include "rest/bodies.h"

namespace signalbox {
namespace {

constexpr char kJson[] = "application/json; charset=utf-8";
constexpr char kRetryAfterSeconds[] = "5";

}  // namespace

HttpAnswer JsonAnswer(std::string text, int status) {
  return {status, std::move(text), kJson};
}

HttpAnswer Refused(const RestRefusal& refusal) {
  HttpAnswer answer = JsonAnswer(RefusalBody(refusal), refusal.status);
  if (refusal.status == 503) {
    answer.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  }
  if (!refusal.reason.empty()) {
    answer.headers.emplace_back("X-Signalbox-Reason", refusal.reason);
  }
  return answer;
}

}  // namespace signalbox
