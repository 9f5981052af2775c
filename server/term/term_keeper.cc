#include "server/term/term_keeper.h"

#include <algorithm>
#include <utility>

namespace signalbox {

TermKeeper::TermKeeper(Options options)
    : options_(std::move(options)), patience_(options_.patience) {}

TermKeeper::Decision TermKeeper::RunOnce(SteadyTime now,
                                         const Situation& situation) {
  if (situation.look.has_value()) NoteLook(now, *situation.look);
  term_ = TermAt(now);
  return term_.has_value() ? WithTerm(now, situation)
                           : WithoutTerm(now, situation);
}

std::optional<Term> TermKeeper::TermAt(SteadyTime now) const {
  if (now - last_answered_beat_ > options_.silence) return std::nullopt;
  return term_;
}

void TermKeeper::NoteClaim(SteadyTime begin,
                           const absl::StatusOr<Term>& claimed) {
  if (!claimed.ok()) return;
  term_ = *claimed;
  term_begin_ = last_beat_ = last_answered_beat_ = begin;
  gave_back_ = false;
}

void TermKeeper::NoteBeat(const Term& term, SteadyTime begin,
                          const absl::Status& beaten) {
  if (term_ != term) return;
  if (beaten.ok()) {
    last_answered_beat_ = std::max(last_answered_beat_, begin);
  } else if (absl::IsFailedPrecondition(beaten)) {
    NoteOver(term);
  }
}

void TermKeeper::NoteOver(const Term& term) {
  if (term_ == term) term_.reset();
}

void TermKeeper::NoteLook(SteadyTime now, const TermLook& look) {
  const bool is_equal = seen_.has_value() && seen_->epoch == look.epoch &&
                        seen_->beat == look.beat;
  // While the store stalls, the holder cannot beat either.
  const bool was_watched = now - last_look_ <= options_.beat;
  if (!is_equal || !was_watched) silent_since_ = now;
  seen_ = look;
  last_look_ = now;
  if (!look.owner.empty() && look.owner != options_.owner) gave_back_ = false;
  // A look from before the claim may arrive after it.
  if (term_.has_value() && look.epoch > term_->epoch) term_.reset();
}

TermKeeper::Decision TermKeeper::WithTerm(SteadyTime now,
                                          const Situation& situation) {
  Decision decision;
  decision.term = *term_;
  if (situation.last_answer >= term_begin_) patience_ = options_.patience;
  if (now - situation.unanswered_since >= options_.unanswered &&
      now - term_begin_ > patience_) {
    decision.act = Act::kGiveBack;
    decision.next = now + options_.look;
    term_.reset();
    gave_back_ = true;
    patience_ *= 2;
    return decision;
  }
  if (now - last_beat_ >= options_.beat) {
    decision.act = Act::kBeat;
    last_beat_ = now;
  }
  decision.next = last_beat_ + options_.beat;
  return decision;
}

TermKeeper::Decision TermKeeper::WithoutTerm(SteadyTime now,
                                             const Situation& situation) const {
  Decision decision;
  decision.next = now + options_.look;
  if (!situation.look.has_value() || !situation.may_claim) return decision;
  const TermLook& look = *situation.look;
  // No other process has the term. This one may have claimed it without hearing
  // that it succeeded, or may have been silent for too long.
  const bool is_free = look.owner.empty() || look.owner == options_.owner;
  const bool is_silent =
      situation.look_begin - silent_since_ >= options_.silence;
  // After a process gave the term back, it lets the others claim first.
  if ((is_free && !gave_back_) || is_silent) {
    decision.act = Act::kClaim;
    decision.seen = look;
  }
  return decision;
}

}  // namespace signalbox
