#include "shim/delivery_totals.h"

#include <cstddef>
#include <utility>

namespace signalbox {
namespace {

constexpr size_t kMaxNames = 100;
constexpr char kOthers[] = "others";
constexpr auto kEvery = std::chrono::hours(1);

}  // namespace

void DeliveryTotals::Count(absl::string_view event, int status) {
  std::string name(event);
  MutexLock lock(&mu_);
  if (lines_.size() >= kMaxNames && lines_.count(name) == 0) name = kOthers;
  Line& line = lines_[name];
  line.event = std::move(name);
  if (status == 202) {
    ++line.accepted;
  } else if (status < 300) {
    ++line.ignored;
  } else if (status < 500) {
    ++line.refused;
  } else {
    ++line.failed;
  }
}

std::vector<DeliveryTotals::Line> DeliveryTotals::Lines() const {
  MutexLock lock(&mu_);
  std::vector<Line> lines;
  for (const auto& [name, line] : lines_) lines.push_back(line);
  return lines;
}

bool DeliveryTotals::IsTime(std::chrono::steady_clock::time_point now) {
  MutexLock lock(&mu_);
  const bool is_first = next_ == std::chrono::steady_clock::time_point();
  if (!is_first && now < next_) return false;
  next_ = now + kEvery;
  return !is_first;
}

}  // namespace signalbox
