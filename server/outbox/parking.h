#ifndef SIGNALBOX_SERVER_OUTBOX_PARKING_H_
#define SIGNALBOX_SERVER_OUTBOX_PARKING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A parked repository: GitHub refuses all posts to it from a credential, for
// example because the repository is archived or the permission is missing. The
// server posts only one entry at a time, as a probe whether GitHub still
// refuses.
struct Parking {
  std::string credential;   // The credential that GitHub refused.
  std::string reason;       // Of the newest refusal.
  absl::Time since;         // When the first refusal came.
  int step = 0;             // Refused probes since then.
  absl::Time next_time;     // When the next probe is due.
  absl::Time refuse_time;   // When GitHub last refused.
  absl::Time report_time;   // When a caller last reported for it.
  int64_t probe_entry = 0;  // The entry to probe with; 0: any.
  // There are no more probes: all of its entries are to be abandoned.
  bool gives_up = false;

  friend bool operator==(const Parking&, const Parking&) = default;
};

// A repository is probed at most once in this time, whatever events ask for it.
inline constexpr absl::Duration kBetweenProbes = absl::Seconds(10);

// An event in the life of a repository.
struct ParkingEvent {
  enum class Kind {
    kRefused,   // GitHub refused an entry, with a reason that parks.
    kTaken,     // GitHub accepted an entry, or refused its content (422).
    kReported,  // A caller reported for the repository.
    // Something changed that may help: RetryPost, a rename, an event, another
    // token, a start.
    kHoped,
  };
  Kind kind = Kind::kHoped;

  // kRefused:
  std::string credential;
  std::string reason;
  int64_t entry = 0;
  // When the newest report for the repository came, if it is not parked yet.
  absl::Time report_time;
};

// The state of a repository after an event; nothing: it is not parked. A try
// with another end (a limit, a 401, a 5xx, no answer) is no event.
std::optional<Parking> After(std::optional<Parking> parking,
                             const ParkingEvent& event, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_PARKING_H_
