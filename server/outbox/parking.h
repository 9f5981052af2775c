#ifndef SIGNALBOX_SERVER_OUTBOX_PARKING_H_
#define SIGNALBOX_SERVER_OUTBOX_PARKING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace signalbox {

// A repository is parked while GitHub refuses all posts to it from a
// credential, for example because it is archived or a permission is missing.
// Posting all of its entries would spend the credential's budget for nothing.
// So the server posts only one of them now and then, as a probe whether GitHub
// still refuses.
//
// These are the rules, without a database: the store keeps one Parking per
// parked repository, and passes it to After whenever something happens.
struct Parking {
  std::string credential;   // The credential that GitHub refused.
  std::string reason;       // Of the newest refusal; see reasons.h.
  absl::Time since;         // When the first refusal came.
  int step = 0;             // How many probes were refused since then.
  absl::Time next_time;     // When the next probe is due.
  absl::Time refuse_time;   // When the newest refusal came.
  absl::Time report_time;   // When the newest report for the repository came.
  int64_t probe_entry = 0;  // The entry (entry_id) that probes; 0: any.
  // The server probes no more, and abandons the repository's entries: GitHub
  // refused a probe a week or more after `report_time`.
  bool gives_up = false;

  friend bool operator==(const Parking&, const Parking&) = default;
};

// A probe begins at least this long after the last refusal, whatever asks for
// it.
inline constexpr absl::Duration kBetweenProbes = absl::Seconds(10);

// Something that matters to a parked repository, or parks it.
struct ParkingEvent {
  enum class Kind {
    // GitHub refused an entry for a reason that holds for the whole repository.
    kRefused,
    // GitHub accepted an entry, or refused only its content (422). The
    // repository is not parked any more.
    kTaken,
    kReported,  // A caller reported for the repository: probe soon.
    // Something changed that may help (RetryPost, a rename, an event, another
    // token, a start): probe soon.
    kHoped,
  };
  Kind kind = Kind::kHoped;

  // The rest is for kRefused: who was refused, why, and which entry (entry_id).
  std::string credential;
  std::string reason;
  int64_t entry = 0;
  // When the newest report for the repository came. Read only if the repository
  // is not parked yet.
  absl::Time report_time;
};

// The state of a repository after an event. Nothing, in `parking` or as the
// result: it is not parked. A try that ended otherwise (a rate limit, a 401, a
// 5xx, no answer) says nothing about the repository and is no event.
std::optional<Parking> After(std::optional<Parking> parking,
                             const ParkingEvent& event, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_PARKING_H_
