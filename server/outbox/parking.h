#ifndef SIGNALBOX_SERVER_OUTBOX_PARKING_H_
#define SIGNALBOX_SERVER_OUTBOX_PARKING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// GitHub takes nothing for a repository from a credential: the repository is
// archived, say, or the permission is missing. Nothing of it is posted but one
// entry at a time, which probes whether GitHub takes it by now.
struct Parking {
  std::string lane;         // The credential that GitHub refused.
  std::string reason;       // The newest refusal's.
  absl::Time since;         // When the first refusal came.
  int step = 0;             // Refused probes since then.
  absl::Time next_time;     // When the next probe is due.
  absl::Time refuse_time;   // When GitHub refused last.
  absl::Time report_time;   // When somebody reported for the repository last.
  int64_t probe_entry = 0;  // The entry that probes; 0: any.
  // No more probes: all of its entries are to be abandoned.
  bool gives_up = false;

  friend bool operator==(const Parking&, const Parking&) = default;
};

// One probe of a repository in so long, however many hope for one.
inline constexpr absl::Duration kBetweenProbes = absl::Seconds(10);

// What happens to a repository.
struct ParkingEvent {
  enum class Kind {
    kRefused,   // GitHub refused an entry, with a reason that parks.
    kTaken,     // GitHub took an entry, or refused what it says (422).
    kReported,  // A caller reported for it.
    // Something changed that may help: RetryPost, a rename, an event, another
    // token, a start.
    kHoped,
  };
  Kind kind = Kind::kHoped;

  // kRefused:
  std::string lane;
  std::string reason;
  int64_t entry = 0;
  // The newest report for the repository, if it is not parked yet.
  absl::Time report_time;
};

// How a repository stands after an event; nothing: it is not parked. What ends
// in another way (a limit, a 401, a 5xx, no answer) is no event.
std::optional<Parking> After(std::optional<Parking> parking,
                             const ParkingEvent& event, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_PARKING_H_
