#ifndef SIGNALBOX_SERVER_POSTER_WORDING_H_
#define SIGNALBOX_SERVER_POSTER_WORDING_H_

#include <cstdint>
#include <map>

#include "server/github/classify.h"
#include "server/outbox/lease.h"

namespace signalbox {

// Wording decides which description and target URL the poster sends with a
// status. It shortens a description to GitHub's 140 characters.
//
// GitHub refuses some texts and URLs, and the state must reach GitHub
// nevertheless. So Wording makes the post plainer after a refusal. It replaces
// characters of a refused description that are not ASCII; if there are none, it
// leaves the description out. It leaves a refused URL out. After a second
// refusal it leaves out both.
//
// Wording remembers the refusals of at most 4,096 entries. A newer report of an
// entry (Lease::version) begins without refusals. If Wording has forgotten an
// entry, GitHub refuses the texts once more, and no result is lost.
//
// Not thread-safe: only the poster uses it.
class Wording {
 public:
  // The state and texts to post for this lease.
  Shown For(const Lease& lease) const;

  // GitHub refused the description (Action::kFitDescription) or the target URL
  // (kDropTargetUrl) of `sent`, which For returned for this lease. True: For
  // now returns a plainer post, which the caller should send. False: `sent` did
  // not have that part, so a plainer post would not help.
  bool Reword(const Lease& lease, const Shown& sent, Action action);

  // Forgets the refusals of an entry. Call it when the entry's post has
  // succeeded or was abandoned.
  void Forget(int64_t entry_id) { rewordings_.erase(entry_id); }

 private:
  struct Rewording {
    int64_t version = 0;  // Lease::version of the refused post.
    int plainer = 0;      // Description: 0: as fitted; 1: ASCII only; 2: none.
    bool without_url = false;
  };

  Rewording Find(const Lease& lease) const;

  std::map<int64_t, Rewording> rewordings_;  // By entry id.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_WORDING_H_
