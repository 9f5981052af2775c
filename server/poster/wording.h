#ifndef SIGNALBOX_SERVER_POSTER_WORDING_H_
#define SIGNALBOX_SERVER_POSTER_WORDING_H_

#include <cstdint>
#include <map>

#include "server/github/classify.h"
#include "server/outbox/lease.h"

namespace signalbox {

// Wording decides the texts of a post: they are fitted to GitHub's limits, and
// made plainer after a refusal. The server never loses a result because of a
// text or a link. So a description is sent as it is, then as ASCII, then not at
// all; and a refused URL is left out.
//
// Wording remembers what GitHub refused for the entry's version, for at most
// some thousand entries. If it has forgotten an entry, GitHub refuses the texts
// once more.
//
// Not thread-safe: only the poster uses it.
class Wording {
 public:
  // The texts to send for this lease.
  Shown For(const Lease& lease) const;

  // GitHub refused a part of `sent` (Action::kFitDescription or
  // kDropTargetUrl). False: there is no plainer wording left.
  bool Reword(const Lease& lease, const Shown& sent, Action action);

  // The version was posted or abandoned.
  void Forget(int64_t entry_id) { rewordings_.erase(entry_id); }

 private:
  struct Rewording {
    int64_t version = 0;
    int plainer = 0;  // 0: as fitted; 1: ASCII only; 2: none.
    bool without_url = false;
  };

  Rewording Find(const Lease& lease) const;

  std::map<int64_t, Rewording> rewordings_;  // By entry id.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_WORDING_H_
