#ifndef SIGNALBOX_SERVER_POSTER_POST_ORDER_H_
#define SIGNALBOX_SERVER_POSTER_POST_ORDER_H_

#include <optional>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"

namespace signalbox {

// What to look for in the outbox. The next stage follows if nothing is found.
enum class Stage { kLongDue, kResults, kPendings };

// PostOrder decides in which order a credential's entries are posted.
//
// Results go before pendings. Among results, and among pendings, the
// repositories take turns, and within a repository the entry that has been due
// longest goes first. One slot in 20 goes to a pending that has been due for
// over a minute. All probes of parked repositories take at most a tenth of the
// credential's pace.
//
// Pure: the time is an argument.
class PostOrder {
 public:
  static bool IsForPendings(Stage stage) { return stage != Stage::kResults; }

  // The stage that the next search begins with.
  Stage FirstStage(Stage wanted, bool has_results, const Moment& now) const;

  // How many entries to look for in one turn beside the first. Many, if there
  // was a backlog the last time and GitHub accepts the credential's posts.
  int MoreToTake(Stage stage) const;
  // In a turn, the poster looked for `wanted` entries and found `found`.
  void NoteFound(int wanted, int found);
  // GitHub accepted or refused a post, or did not answer. After a refusal the
  // poster takes out one entry at a time, because all that it has taken out
  // meanwhile may be refused alike.
  void NoteAnswer(bool accepted);

  // Says in `request` which entry goes next.
  void Fill(Stage stage, const Moment& now, LeaseRequest* request) const;

  // The search of this stage found nothing. Returns the stage to search next;
  // nothing: there is none. `searched`: when the search was made.
  // `longest_left_out`: how long those entries have been due that a search of
  // kLongDue left out (see LeaseRequest). 0: there is none that is due.
  std::optional<Stage> StageAfter(Stage stage, absl::Duration longest_left_out,
                                  const Moment& searched);

  // An entry was taken out.
  void NoteTaken(const Lease& lease, Stage stage);
  // Its request begins. `probe_gap`: the time between two probes.
  void NoteBegun(const Lease& lease, Stage stage, const Moment& now,
                 absl::Duration probe_gap);

  // When the next probe may begin.
  SteadyTime next_probe() const { return next_probe_; }

 private:
  // Where the round-robin continues.
  CanonicalName last_repository_[2];  // Of results, of pendings.
  int results_in_row_ = 0;            // Since the last pending.
  bool accepted_ = false;             // The last post.
  int most_in_turn_ = 1;
  SteadyTime next_probe_;
  // A search found no pending that will be long due before this time.
  SteadyTime next_long_due_look_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POST_ORDER_H_
