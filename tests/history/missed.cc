#include "tests/history/missed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace signalbox::history {
namespace {

// How often the server has GitHub repeat a delivery before it gives up.
constexpr int kMostRedeliveries = 3;

}  // namespace

void Missed::Add(const Attempted& event) {
  Delivery& delivery = deliveries_[event.delivery_id];
  delivery.name = event.name;
  delivery.pull_request = event.pull_request;
  delivery.updated_time = event.updated_time;
  delivery.made_time = std::min(delivery.made_time, event.time);
  if (event.is_redelivery) ++delivery.redeliveries;
  if (event.time >= delivery.last_time) {
    delivery.last_time = event.time;
    delivery.last_status = event.http_status;
  }
  if (event.pull_request != 0) {
    of_pull_[{event.name.repository, event.pull_request}].insert(
        event.delivery_id);
  }
}

void Missed::Add(const Recorded& event) {
  if (event.delivery_id.empty() || event.how != Answered::How::kAccepted) {
    return;
  }
  accepted_.try_emplace(event.delivery_id, event.time);
}

std::vector<const Missed::Delivery*> Missed::NewerThan(
    const Delivery& delivery) const {
  std::vector<const Delivery*> newer;
  const auto all =
      of_pull_.find({delivery.name.repository, delivery.pull_request});
  if (all == of_pull_.end()) return newer;
  for (const std::string& id : all->second) {
    const Delivery& other = deliveries_.at(id);
    if (other.updated_time > delivery.updated_time) newer.push_back(&other);
  }
  return newer;
}

bool Missed::MayBeOvertaken(const std::string& delivery_id,
                            absl::Time time) const {
  const auto found = deliveries_.find(delivery_id);
  if (found == deliveries_.end()) return false;
  const auto newer = NewerThan(found->second);
  return std::any_of(newer.begin(), newer.end(), [time](const auto* other) {
    return other->made_time <= time;
  });
}

void Missed::CheckEnd(const std::function<bool(const StatusName&)>& has_reports,
                      std::vector<Violation>* violations) const {
  for (const auto& [id, delivery] : deliveries_) {
    if (has_reports(delivery.name)) continue;
    const auto newer = NewerThan(delivery);
    if (std::any_of(newer.begin(), newer.end(), [&](const auto* other) {
          return has_reports(other->name);
        })) {
      continue;
    }
    // The receiver has refused it, or the server has done all that it may.
    if (delivery.last_status >= 400 && delivery.last_status < 500) continue;
    if (delivery.redeliveries >= kMostRedeliveries) continue;
    violations->push_back(
        {"I27", delivery.name,
         absl::StrCat("delivery ", id, " was never recovered; its last of ",
                      delivery.redeliveries + 1, " attempts ended with ",
                      delivery.last_status)});
  }
  CheckHeads(violations);
}

// Once a newer head is on disk, no older one gets a pending. Not checked if the
// clock was set, because the record has the server's times.
void Missed::CheckHeads(std::vector<Violation>* violations) const {
  if (clock_was_set_) return;
  for (const auto& [pull_request, ids] : of_pull_) {
    for (const std::string& id : ids) {
      const auto accepted = accepted_.find(id);
      if (accepted == accepted_.end()) continue;
      const Delivery& delivery = deliveries_.at(id);
      for (const std::string& other : ids) {
        const auto before = accepted_.find(other);
        if (before == accepted_.end() || before->second >= accepted->second ||
            deliveries_.at(other).updated_time <= delivery.updated_time) {
          continue;
        }
        violations->push_back({"I27", delivery.name,
                               absl::StrCat("delivery ", id,
                                            " of an older head took effect "
                                            "after delivery ",
                                            other, " of a newer one")});
      }
    }
  }
}

}  // namespace signalbox::history
