#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/github_answers.h"
#include "server/recovery/delivery_watcher.h"

namespace signalbox {

// DeliveryLedger decides which deliveries of one hook (a webhook's settings at
// GitHub) the server asks GitHub to redeliver, and when. GitHub itself never
// repeats a delivery. Redeliverer uses it: it tells the ledger what it learns,
// and asks GitHub for what Next returns.
//
// An attempt is one sending of a delivery to the receiver (the shim) at the
// hook's URL. A delivery is missing in two cases:
// - Its last attempt got no answer or a 5xx.
// - Its last attempt was answered with 202, and the outbox does not have it
//   (see `knows_hook`).
// Other deliveries are not missing: those of events that Signalbox does not
// use, and those answered with a 4xx, which they would get again.
//
// While the receiver is down, more deliveries do not help. It is considered
// down while the hook's newest attempt got no answer or a 5xx other than 500
// and 503. Then one delivery at a time is the probe. Each is tried at once,
// after half an hour and after six hours. When one gets through, the others
// follow. Each delivery is tried at most three times, and only while GitHub
// still has it.
//
// Two codes do not mean that the receiver is down:
// - 500: this delivery fails, which says nothing about the others. It is tried
//   again after the same waits, behind the others.
// - 503: the shim runs, and the server did not accept the delivery. Deliveries
//   with this answer have probes of their own, and delay no others.
//
// `guid` is a delivery's id. All times are by GitHub's clock, and are
// arguments. Not thread-safe.
class DeliveryLedger {
 public:
  struct Options {
    // How long GitHub keeps a delivery.
    absl::Duration window = kDeliveryWindow;
    // How often GitHub is asked for one delivery.
    int most_tries = 3;
    // The time between probes while the receiver is down.
    absl::Duration probe_every = absl::Minutes(5);
    // The hook's deliveries certainly come to this server. So if one was
    // answered with 202 and the outbox does not have it, it is missing.
    bool knows_hook = false;
  };

  explicit DeliveryLedger(Options options) : options_(options) {}

  // Adds an attempt from GitHub's list. Attempts may be added in any order, and
  // repeatedly.
  void Note(const ListedDelivery& attempt);
  // All attempts that began before `listed` have been added.
  void NoteListed(absl::Time listed) { listed_ = std::max(listed_, listed); }

  // The guids of the missing deliveries. The caller should look them up in the
  // outbox, and call NoteAccepted for those that it has.
  std::vector<std::string> Unsettled() const;
  // The outbox has this delivery, so it is not missing any more.
  void NoteAccepted(const std::string& guid, absl::Time now);

  // The delivery to ask GitHub for now. Nothing: there is none. After asking,
  // the caller reports the outcome with NoteAsked, NoteAmbiguous or
  // NoteRefused. It reports nothing if GitHub certainly did not act.
  struct Redelivery {
    int64_t attempt_id = 0;  // The attempt that GitHub is to repeat.
    std::string guid;
  };
  std::optional<Redelivery> Next(absl::Time now) const;
  // GitHub has agreed to redeliver. Counts as a try.
  void NoteAsked(const std::string& guid, absl::Time now);
  // The server asked, and GitHub did not answer. Next does not return the
  // delivery until a list would show its redelivery. It counts as a try if a
  // list shows it.
  void NoteAmbiguous(const std::string& guid, absl::Time now);
  // GitHub refuses to redeliver: the delivery is too old, or gone. So it is not
  // missing any more.
  void NoteRefused(const std::string& guid);

  // When Next may return a delivery again; absl::InfiniteFuture(): only after
  // another call of a Note method.
  absl::Time NextTime(absl::Time now) const;

  // The next list need not have attempts that began before the returned time.
  // `listed`: as for NoteListed.
  absl::Time Cursor(absl::Time listed) const;

  // Frees the memory of deliveries that are not missing and are older than the
  // cursor, and of missing ones that cannot be redelivered any more. Returns
  // the latter, which are lost.
  struct Lost {
    int count = 0;
    // When GitHub first sent the oldest one.
    absl::Time oldest = absl::InfiniteFuture();
  };
  Lost Forget(absl::Time listed, absl::Time now);

  // How many deliveries are missing.
  int missing_count() const;

 private:
  // What is known about a delivery.
  struct Case {
    absl::Time first_time = absl::InfiniteFuture();  // Of its first attempt.
    // Its last attempt: GitHub's number, begin and HTTP code (0: no answer).
    int64_t last_id = 0;
    absl::Time last_time = absl::InfinitePast();
    int last_code = 0;
    std::set<int64_t> redeliveries;  // The listed attempts after the first.
    int asked = 0;  // Tries, including the one of the last NoteAsked.
    absl::Time asked_time = absl::InfinitePast();  // Of the last NoteAsked.
    // Of the last NoteAmbiguous.
    absl::Time ambiguous_time = absl::InfinitePast();
    bool accepted = false;  // NoteAccepted was called.
    bool refused = false;   // NoteRefused was called.
    bool is_used = true;    // Signalbox uses its event.

    int Tries() const;
    // The failure is about this delivery, not about the receiver.
    bool IsOdd() const { return last_code == 500; }
  };

  bool IsMissing(const Case& one) const;
  // When a missing delivery may be tried next.
  absl::Time Earliest(const Case& one) const;
  // Whether the receiver is not considered down.
  bool IsUp() const { return up_time_ >= down_time_; }
  // The same for a delivery that may have been answered with 503.
  bool IsUpFor(const Case& one) const;

  const Options options_;

  std::map<std::string, Case> cases_;  // By guid.
  absl::Time listed_ = absl::InfinitePast();
  // When attempts began: the last that got through or was answered with a 4xx,
  // the last with no answer or another 5xx, and the last with a 503.
  absl::Time up_time_ = absl::InfinitePast();
  absl::Time down_time_ = absl::InfinitePast();
  absl::Time not_taken_time_ = absl::InfinitePast();
  // When the last tries began: of deliveries without a 503, and with a 503.
  absl::Time probe_time_ = absl::InfinitePast();
  absl::Time not_taken_probe_time_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_LEDGER_H_
