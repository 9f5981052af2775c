#ifndef SIGNALBOX_SERVER_POSTER_WORDING_H_
#define SIGNALBOX_SERVER_POSTER_WORDING_H_

#include <cstdint>
#include <map>

#include "server/github/classify.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Wording decides what is really said to GitHub for an entry: its texts fitted,
// and plainer after GitHub refused them. A text or a link is never a reason to
// lose a result, so a description goes from as it is to ASCII to none, and a
// refused URL is left out.
//
// What GitHub refused is remembered for the entry's version, and for at most
// some thousand entries: what is forgotten is refused, and mended, once more.
//
// Not thread-safe: the poster's.
class Wording {
 public:
  // What to say for this lease.
  Shown For(const Lease& lease) const;

  // GitHub refused a part of `sent` (Action::kFitDescription or
  // kDropTargetUrl). False: nothing is left that could be said in another way.
  bool Mend(const Lease& lease, const Shown& sent, Action action);

  // The version was posted or given up.
  void Forget(int64_t entry_id) { mendings_.erase(entry_id); }

 private:
  struct Mending {
    int64_t version = 0;
    int plainer = 0;  // 0: as fitted; 1: ASCII only; 2: no description.
    bool without_url = false;
  };

  Mending Find(const Lease& lease) const;

  std::map<int64_t, Mending> mendings_;  // By entry id.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_WORDING_H_
