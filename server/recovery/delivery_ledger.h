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
#include "server/github/github_answers.h"
#include "server/recovery/delivery_watcher.h"

namespace signalbox {

// DeliveryLedger decides which deliveries of one hook the server asks GitHub to
// redeliver. GitHub itself never repeats a delivery.
//
// A delivery is missing if its last attempt got no answer or a 5xx. It is also
// missing if it was answered with 202 and the outbox does not have it (see
// `knows_hook`). A delivery that was answered with 4xx would get the same
// answer again. A delivery of an event that Signalbox does not use, or that it
// ignored, is not missing.
//
// More deliveries do not help a receiver that is down. While the hook's newest
// attempt has failed, one delivery at a time probes the receiver.
// Each delivery is tried at once, after half an hour and after six hours. When
// any delivery gets through, the others follow. Each is tried at most three
// times, and not after GitHub has forgotten it.
//
// A 500 is a failure of that one delivery and says nothing about the others.
// The delivery is tried again after the same waits, after the other deliveries.
//
// A 503 does not mean that the receiver is down: the shim answers 503 when it
// runs and the server does not accept the delivery. Such deliveries are probed
// separately, and delay no others.
//
// Time is an argument. Not thread-safe.
class DeliveryLedger {
 public:
  struct Options {
    absl::Duration window = kDeliveryWindow;
    int most_tries = 3;
    // How often the receiver is probed while it is down.
    absl::Duration probe_every = absl::Minutes(5);
    // The hook's deliveries certainly come to this server, so that a 202 was
    // this server's answer.
    bool knows_hook = false;
  };

  explicit DeliveryLedger(Options options) : options_(options) {}

  // Adds an attempt that GitHub lists. Attempts may come in any order, and
  // repeatedly.
  void Note(const ListedDelivery& attempt);

  // The missing deliveries. The caller should look them up in the outbox.
  std::vector<std::string> Unsettled() const;
  // The outbox has this delivery.
  void NoteAccepted(const std::string& guid, absl::Time now);

  // The delivery to ask GitHub for now; nothing: none.
  struct Redelivery {
    int64_t attempt_id = 0;
    std::string guid;
  };
  std::optional<Redelivery> Next(absl::Time now) const;
  // The server asked GitHub for this delivery, and GitHub agreed. Counts as a
  // try.
  void NoteAsked(const std::string& guid, absl::Time now);
  // The server asked GitHub for this delivery, and got no answer. Counts as a
  // try if a list shows the attempt. The delivery rests until a list could show
  // it.
  void NoteAmbiguous(const std::string& guid, absl::Time now);
  // All attempts that began before `listed` have been added.
  void NoteListed(absl::Time listed) { listed_ = std::max(listed_, listed); }
  // GitHub refuses to redeliver: the delivery is too old, or gone.
  void NoteRefused(const std::string& guid);

  // When Next may return a delivery again; absl::InfiniteFuture(): only after
  // another call of a Note method.
  absl::Time NextTime(absl::Time now) const;

  // Attempts that began before this time need not be listed again. `listed`:
  // all attempts before it are known.
  absl::Time Cursor(absl::Time listed) const;

  // Forgets settled deliveries that are older than the cursor, and missing ones
  // that cannot be redelivered any more. Returns how many missing ones it
  // forgot.
  int Forget(absl::Time listed, absl::Time now);

  // How many deliveries are missing.
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
    // When GitHub may have agreed to a redelivery, without an answer.
    absl::Time ambiguous_time = absl::InfinitePast();
    bool accepted = false;
    bool refused = false;
    bool is_used = true;

    int Tries() const;
    // The failure is about this delivery, not about the receiver.
    bool IsOdd() const { return last_code == 500; }
  };

  bool IsMissing(const Case& one) const;
  // When a missing delivery may be tried next.
  absl::Time Earliest(const Case& one) const;
  bool IsUp() const { return up_time_ >= down_time_; }
  // Whether deliveries with the same last answer get through.
  bool IsUpFor(const Case& one) const;

  const Options options_;

  std::map<std::string, Case> cases_;  // By guid.
  absl::Time listed_ = absl::InfinitePast();
  // When the receiver last accepted or refused a delivery, did not answer, and
  // answered 503.
  absl::Time up_time_ = absl::InfinitePast();
  absl::Time down_time_ = absl::InfinitePast();
  absl::Time not_taken_time_ = absl::InfinitePast();
  // The last probes with deliveries without an answer, and with a 503.
  absl::Time probe_time_ = absl::InfinitePast();
  absl::Time not_taken_probe_time_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_
