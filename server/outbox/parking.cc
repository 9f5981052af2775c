#include "server/outbox/parking.h"

#include <algorithm>
#include <iterator>

namespace signalbox {
namespace {

// Such a refusal ends within seconds (GitHub still spreads a new permission),
// minutes (a person notices it) or days.
constexpr absl::Duration kProbeWaits[] = {absl::Seconds(10), absl::Minutes(1),
                                          absl::Minutes(5), absl::Minutes(15),
                                          absl::Hours(1)};
constexpr absl::Duration kPatience = absl::Hours(7 * 24);

absl::Duration WaitOf(int step) {
  constexpr int kLast = static_cast<int>(std::size(kProbeWaits)) - 1;
  return kProbeWaits[std::clamp(step, 0, kLast)];
}

Parking Parked(const ParkingEvent& event, absl::Time now) {
  Parking parking;
  parking.credential = event.credential;
  parking.reason = event.reason;
  parking.since = parking.refuse_time = now;
  parking.next_time = now + WaitOf(0);
  parking.report_time = event.report_time;
  parking.probe_entry = event.entry;
  return parking;
}

// Only the refusal of the probe counts. GitHub also refuses the requests that
// were in flight when the repository was parked, which tells nothing new.
void Refuse(const ParkingEvent& event, absl::Time now, Parking* parking) {
  if (parking->probe_entry != 0 && parking->probe_entry != event.entry) return;
  parking->probe_entry = event.entry;
  parking->reason = event.reason;
  parking->refuse_time = now;
  parking->step++;
  parking->next_time = now + WaitOf(parking->step);
  parking->gives_up = now - parking->report_time >= kPatience;
}

void Hope(absl::Time now, Parking* parking) {
  const absl::Time soonest =
      std::max(now, parking->refuse_time + kBetweenProbes);
  parking->next_time = std::min(parking->next_time, soonest);
}

}  // namespace

std::optional<Parking> After(std::optional<Parking> parking,
                             const ParkingEvent& event, absl::Time now) {
  switch (event.kind) {
    case ParkingEvent::Kind::kTaken:
      return std::nullopt;
    case ParkingEvent::Kind::kRefused:
      if (!parking.has_value()) return Parked(event, now);
      Refuse(event, now, &*parking);
      return parking;
    case ParkingEvent::Kind::kReported:
      if (!parking.has_value()) return parking;
      parking->report_time = std::max(parking->report_time, now);
      parking->gives_up = false;
      Hope(now, &*parking);
      return parking;
    case ParkingEvent::Kind::kHoped:
      if (parking.has_value()) Hope(now, &*parking);
      return parking;
  }
  return parking;
}

}  // namespace signalbox
