#ifndef SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_
#define SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/terms.h"

namespace signalbox {

// TermKeeper decides when a server claims the term, beats and gives it back.
//
// Time is an argument: nothing here waits, reads a clock or calls the store.
// The caller repeats: if TermAt has nothing, look at the store; call RunOnce;
// do what it returns; tell NoteClaim or NoteBeat how that ended.
//
// A holder that is stopped or cut off loses its term by its own clock before
// another server can have seen its silence. So two servers never both believe
// that they have the term, as long as their steady clocks run equally fast.
// Nothing at GitHub depends on that: see terms.h.
//
// All times are those of Clock::Monotonic.
//
// Not thread-safe.
class TermKeeper {
 public:
  struct Options {
    // Names this process: 16 random bytes, made at its start. Neither a host's
    // name nor a process id, which another process can have later.
    std::string owner;
    // How often the holder beats. A gap between two looks must not be longer,
    // or the looks do not show that the holder is silent.
    absl::Duration beat = absl::Milliseconds(500);
    // How often a server without the term looks.
    absl::Duration look = absl::Milliseconds(250);
    // A term without a beat for this long is over. Infinite, for a store that
    // one process at a time can have open: no silence ends a term.
    absl::Duration silence = absl::Seconds(2);
    // The holder gives the term back if no host has answered it for
    // `unanswered`, and if it has had the term for longer than `patience`:
    // another server may have a way to GitHub. Each time doubles the patience,
    // until a host answers.
    absl::Duration unanswered = absl::Seconds(60);
    absl::Duration patience = absl::Minutes(5);
  };

  // What the keeper must be told.
  struct Situation {
    // The store's answer to a look since the last call, and when the look
    // began. Nothing: there was no look, or no answer.
    std::optional<TermLook> look;
    absl::Duration look_begin;
    // False while requests of this process's last term are still under way.
    bool may_claim = true;
    // When any host last answered a request of this process.
    absl::Duration last_answer = -absl::InfiniteDuration();
    // When the first request since then was sent.
    absl::Duration unanswered_since = absl::InfiniteDuration();
  };

  enum class Act { kNothing, kClaim, kBeat, kGiveBack };

  struct Decision {
    Act act = Act::kNothing;
    TermLook seen;  // kClaim: what to pass to Terms::Claim.
    Term term;      // kBeat, kGiveBack.
    // When to call RunOnce again, at the latest.
    absl::Duration next;
  };

  explicit TermKeeper(Options options);

  // `now` is a time after the answer to the look.
  Decision RunOnce(absl::Duration now, const Situation& situation);

  // How a claim or a beat ended that began at `begin`.
  void NoteClaim(absl::Duration begin, const absl::StatusOr<Term>& claimed);
  void NoteBeat(const Term& term, absl::Duration begin,
                const absl::Status& beaten);
  // The store has refused a call of this term, or the term was given back.
  void NoteOver(const Term& term);

  // The term that this process has. Nothing, too, if the last beat that the
  // store answered began more than `silence` ago. Without a term, the process
  // begins no request to GitHub that changes something.
  std::optional<Term> TermAt(absl::Duration now) const;

 private:
  void NoteLook(absl::Duration now, const TermLook& look);
  Decision WithTerm(absl::Duration now, const Situation& situation);
  Decision WithoutTerm(absl::Duration now, const Situation& situation) const;

  const Options options_;

  std::optional<Term> term_;
  absl::Duration term_begin_;
  // When the last beat began: any, and one that the store answered. A claim
  // counts as a beat.
  absl::Duration last_beat_;
  absl::Duration last_answered_beat_;
  // How long a term lasts at least if no host answers.
  absl::Duration patience_;
  // This process has given its last term back, and no other has claimed since.
  bool gave_back_ = false;

  // The last look, and since when all looks were equal.
  std::optional<TermLook> seen_;
  absl::Duration last_look_ = -absl::InfiniteDuration();
  absl::Duration silent_since_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_
