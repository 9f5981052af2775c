#include "shim/delivery_log.h"

namespace signalbox {
namespace {

constexpr size_t kMaxNames = 100;
constexpr char kOthers[] = "others";
constexpr auto kEvery = std::chrono::hours(1);

}  // namespace

void DeliveryTotals::Count(absl::string_view event, int status) {
  std::string name(event);
  MutexLock lock(&mu_);
  const bool is_known = answers_.count(name) > 0;
  if (!is_known && answers_.size() >= kMaxNames) name = kOthers;
  Answers& answers = answers_[name];
  if (status == 202) {
    ++answers.accepted;
  } else if (status < 300) {
    ++answers.ignored;
  } else if (status < 500) {
    ++answers.refused;
  } else {
    ++answers.failed;
  }
}

bool DeliveryTotals::IsTime(std::chrono::steady_clock::time_point now) {
  MutexLock lock(&mu_);
  const bool is_first = next_ == std::chrono::steady_clock::time_point();
  if (!is_first && now < next_) return false;
  next_ = now + kEvery;
  return !is_first;
}

}  // namespace signalbox
