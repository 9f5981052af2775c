#ifndef SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_
#define SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/steady_time.h"
#include "server/outbox/terms.h"

namespace signalbox {

// Of several servers with one store, only the holder of the term works (see
// terms.h). TermKeeper decides when this server claims the term, beats, and
// gives the term back.
//
// Time is an argument: nothing here waits, reads a clock or calls the store.
// The caller (Core) repeats these steps:
// 1. If TermAt returns nothing, call Terms::Look.
// 2. Call RunOnce with the result.
// 3. Do the Act that it returns, at the store.
// 4. Pass the outcome of a claim or a beat to NoteClaim or NoteBeat.
//
// A holder that is suspended, or cut off from the store, stops believing in its
// term by its own clock. That happens before another server can have noticed
// its silence. So two servers never both believe that they have the term, as
// long as their steady clocks run equally fast. The statuses at GitHub do not
// depend on that; see terms.h.
//
// Not thread-safe.
class TermKeeper {
 public:
  struct Options {
    // Identifies this process: 16 random bytes, made at its start. A host's
    // name or a process id would not do, since another process can have it
    // later.
    std::string owner;
    // How often the holder beats. If a longer time passes between two looks of
    // a server, they do not show that the holder is silent.
    absl::Duration beat = absl::Milliseconds(500);
    // How often a server without the term looks.
    absl::Duration look = absl::Milliseconds(250);
    // A term without a beat for this long is over. Infinite if only one process
    // at a time can open the store: then no silence ends a term.
    absl::Duration silence = absl::Seconds(2);
    // Perhaps this server has no way to GitHub, and another one has. So the
    // holder gives the term back if no host has answered its requests for
    // `unanswered`, and if it has had the term for longer than `patience`. Each
    // time doubles the patience, until a host answers.
    absl::Duration unanswered = absl::Seconds(60);
    absl::Duration patience = absl::Minutes(5);
  };

  // What the caller knows and RunOnce needs.
  struct Situation {
    // What Terms::Look returned since the last call, and when that look began.
    // Nothing: the caller did not look, or the store did not answer.
    std::optional<TermLook> look;
    SteadyTime look_begin;
    // False while requests of this process's last term are still under way.
    bool may_claim = true;
    // When a host of GitHub last answered any request of this process;
    // InfinitePast: none has.
    SteadyTime last_answer;
    // When the process sent its first request after that answer.
    SteadyTime unanswered_since = SteadyTime::InfiniteFuture();
  };

  // What to do at the store: nothing, or Terms::Claim, Beat or GiveBack.
  enum class Act { kNothing, kClaim, kBeat, kGiveBack };

  struct Decision {
    Act act = Act::kNothing;
    TermLook seen;  // kClaim: for Terms::Claim.
    Term term;      // kBeat, kGiveBack: the term that this is about.
    // When to call RunOnce again, at the latest.
    SteadyTime next;
  };

  explicit TermKeeper(Options options);

  // Decides what to do now. `now` is a time after the store's answer to the
  // look.
  Decision RunOnce(SteadyTime now, const Situation& situation);

  // The caller says how a claim or a beat ended, and when it began.
  void NoteClaim(SteadyTime begin, const absl::StatusOr<Term>& claimed);
  void NoteBeat(const Term& term, SteadyTime begin, const absl::Status& beaten);
  // This term is over: the store refused a call with TERM_OVER, or the term was
  // given back.
  void NoteOver(const Term& term);

  // The term that this process has. Nothing: it has none, or the last beat that
  // the store answered began more than `silence` ago. Without a term the
  // process must not begin a request to GitHub that changes something.
  std::optional<Term> TermAt(SteadyTime now) const;

 private:
  void NoteLook(SteadyTime now, const TermLook& look);
  Decision WithTerm(SteadyTime now, const Situation& situation);
  Decision WithoutTerm(SteadyTime now, const Situation& situation) const;

  const Options options_;

  std::optional<Term> term_;
  SteadyTime term_begin_;  // When the claim began.
  // When the last beat began, and when the last one began that the store
  // answered. A claim counts as a beat.
  SteadyTime last_beat_;
  SteadyTime last_answered_beat_;
  // How long this process keeps a term at least, if no host answers.
  absl::Duration patience_;
  // This process has given its last term back, and no other has claimed since.
  bool gave_back_ = false;

  // The last look, and since when all looks were equal.
  std::optional<TermLook> seen_;
  SteadyTime last_look_;
  SteadyTime silent_since_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_TERM_TERM_KEEPER_H_
