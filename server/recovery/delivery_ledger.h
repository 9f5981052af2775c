#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/recovery/github_answers.h"

namespace signalbox {

// DeliveryLedger decides which deliveries of one hook GitHub is asked to make
// again. GitHub itself never repeats one.
//
// One is missing if its last attempt got no answer or a 5xx, or (see
// `knows_hook`) if it was answered with 202 and the outbox does not have it.
// What we answered with 4xx would be answered so again, and an event that is
// not used, or was ignored, is not missed.
//
// A receiver that is down is not helped by more deliveries: while the last
// attempt of all failed, one at a time probes it, and each delivery is tried at
// once, half an hour and six hours later. As soon as any gets through, the rest
// follows. At most three times each, and not after GitHub has forgotten it.
//
// A 500 is the receiver's trouble with that one delivery. It says nothing of
// the others, and is tried again as if the receiver were down, behind the
// others.
//
// A 503 is no sign of a receiver that is down: the shim answers so when it is
// there and the server does not take the delivery from it. Such deliveries are
// probed among themselves, and hold up no others.
//
// Time is an argument. Not thread-safe.
class DeliveryLedger {
 public:
  struct Options {
    // How far back GitHub keeps deliveries, with a margin.
    absl::Duration window = absl::Hours(71);
    int most_tries = 3;
    // How often the receiver is probed while it is down.
    absl::Duration probe_every = absl::Minutes(5);
  };

  explicit DeliveryLedger(Options options) : options_(options) {}

  // Takes in an attempt that GitHub lists; in any order, also again.
  void Note(const ListedDelivery& attempt);

  // The hook's deliveries certainly come to us, so that a 202 was ours.
  void SetKnowsHook(bool knows_hook) { knows_hook_ = knows_hook; }

  // Those that the outbox should be asked for.
  std::vector<std::string> Unsettled() const;
  // The outbox has it.
  void NoteAccepted(const std::string& guid, absl::Time now);

  // Which delivery is to be made again now; nothing: none.
  struct Redelivery {
    int64_t attempt_id = 0;
    std::string guid;
  };
  std::optional<Redelivery> Next(absl::Time now) const;
  // GitHub was asked to, and took it. Counts as a try.
  void NoteAsked(const std::string& guid, absl::Time now);
  // GitHub was asked to, and gave no answer. Counts as a try if a list shows
  // the attempt; the delivery rests until a list would.
  void NoteDoubtful(const std::string& guid, absl::Time now);
  // All attempts that began before `listed` were noted.
  void NoteListed(absl::Time listed) { listed_ = std::max(listed_, listed); }
  // GitHub refuses to: it is too old, or gone.
  void NoteRefused(const std::string& guid);

  // When Next may have something again; absl::InfiniteFuture(): not before
  // something is noted.
  absl::Time NextTime(absl::Time now) const;

  // Attempts that began before this need not be listed again. `listed`: up to
  // when they are known.
  absl::Time Mark(absl::Time listed) const;

  // What is settled and older than the mark, and what is too old to be made
  // again, is forgotten. Returns how many of the latter there were.
  int Forget(absl::Time listed, absl::Time now);

  // Those that are missing.
  int missing_count() const;

 private:
  struct Case {
    absl::Time first_time = absl::InfiniteFuture();
    int64_t last_id = 0;
    absl::Time last_time = absl::InfinitePast();
    int last_code = 0;
    std::set<int64_t> redeliveries;  // Attempts listed.
    int asked = 0;
    absl::Time asked_time = absl::InfinitePast();
    // When a request may have been taken, although it was not answered.
    absl::Time doubtful_time = absl::InfinitePast();
    bool accepted = false;
    bool refused = false;
    bool is_used = true;

    int Tries() const;
    // Its own trouble, not the receiver's.
    bool IsOdd() const { return last_code == 500; }
  };

  bool IsMissing(const Case& one) const;
  // When a missing one may be tried next.
  absl::Time Earliest(const Case& one) const;
  bool IsUp() const { return up_time_ >= down_time_; }
  // Whether deliveries that ended like this one get through.
  bool IsUpFor(const Case& one) const;

  const Options options_;
  bool knows_hook_ = false;
  std::map<std::string, Case> cases_;  // By guid.
  absl::Time listed_ = absl::InfinitePast();
  // When the receiver was last seen to take or refuse a delivery, not to
  // answer, and to answer 503.
  absl::Time up_time_ = absl::InfinitePast();
  absl::Time down_time_ = absl::InfinitePast();
  absl::Time not_taken_time_ = absl::InfinitePast();
  // Of those that got no answer, and of those that were answered 503.
  absl::Time probe_time_ = absl::InfinitePast();
  absl::Time not_taken_probe_time_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_
