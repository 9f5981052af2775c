#ifndef SIGNALBOX_SERVER_BASE_MUTANT_H_
#define SIGNALBOX_SERVER_BASE_MUTANT_H_

namespace signalbox {

// Deliberate faults, each of which takes away one guard of the promise. They
// exist only in the build of tests/simulation, where every one must be found;
// everywhere else Mutated is false for the compiler, and nothing is left of
// them.
enum class Mutant {
  kNone,
  // The store.
  kCommitErrorIsOk,
  kCommitWithoutSync,
  kNoCheckpointAtStart,
  kStateKeptAfterError,
  kSequenceNotStored,
  kDeliveriesForgotten,
  kRenameWithoutAlias,
  // The ordering rule.
  kOldAttemptAccepted,
  kConflictAccepted,
  kPendingHidesResult,
  kWebhookHidesResult,
  kDuplicateAccepted,
  kRoundNotCounted,
  kExpiredIsFinal,
  // Leases and settlements.
  kVersionNotChecked,
  kLeaseWithoutDeadline,
  kTakeoverWithoutDoubt,
  kDoubtNotAwaited,
  kNewReportForgotten,
  kNotMadeDue,
  kRetryNotDue,
  kStatusesNotCounted,
  // Posting.
  kFlightsNotTracked,
  kPostedWithoutReading,
  kShownPostedAgain,
  kReadCountsAsPosted,
  kDoubtIgnored,
  kSilentReadIsAnswer,
  kDoubtFromFirstRequest,
  kRefusalCountsAsPosted,
  kTroubleCountsAsPosted,
  kTroubleAbandons,
  kLimitAbandons,
  kBadTokenAbandons,
  kAbandonedWithoutReason,
  kRefusalsNotCounted,
  // Limits.
  kRetryAfterIgnored,
  kLimitsIgnored,
  kReserveSpent,
  kPausesNotStored,
  kPausesNotRecalled,
  // Upkeep.
  kExpiresEarly,
  kNoQuietTime,
  kExpiryNotPosted,
};

#ifdef SIGNALBOX_MUTANTS
// The one that is switched on in this process.
inline Mutant the_mutant = Mutant::kNone;
inline bool Mutated(Mutant mutant) { return mutant == the_mutant; }
#else
constexpr bool Mutated(Mutant) { return false; }
#endif

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_MUTANT_H_
