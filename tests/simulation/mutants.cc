#include "tests/simulation/mutants.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "server/base/clock.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/workers.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

const MutantInfo* Find(const std::string& name) {
  const auto& all = AllMutants();
  const auto found =
      std::find_if(all.begin(), all.end(),
                   [&](const MutantInfo& info) { return name == info.name; });
  return found == all.end() ? nullptr : &*found;
}

// Until a seed finds it.
std::string Hunt(const MutantInfo& info, int seeds, int reports) {
  the_mutant = info.mutant;
  Clock* const clock = Clock::System();
  const absl::Duration begin = clock->Monotonic();
  Json found = {{"mutant", info.name}, {"killed", false}};
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto violations =
        Simulate(DrawPlan(seed, reports)).findings.violations;
    if (violations.empty()) continue;
    found["killed"] = true;
    found["seed"] = seed;
    found["invariant"] = violations.front().invariant;
    break;
  }
  found["seconds"] = absl::ToDoubleSeconds(clock->Monotonic() - begin);
  return found.dump();
}

}  // namespace

const std::vector<MutantInfo>& AllMutants() {
  static const auto* const all = new std::vector<MutantInfo>{
      {Mutant::kCommitErrorIsOk, "commit_error_is_ok",
       "a COMMIT that failed is acked"},
      {Mutant::kCommitWithoutSync, "commit_without_sync",
       "an ack does not wait for the disk"},
      {Mutant::kNoCheckpointAtStart, "no_checkpoint_at_start",
       "what a failed sync left is built on"},
      {Mutant::kStateKeptAfterError, "state_kept_after_error",
       "what is in memory is believed after a failed write"},
      {Mutant::kSequenceNotStored, "sequence_not_stored",
       "sequence numbers are given twice after a restart"},
      {Mutant::kDeliveriesForgotten, "deliveries_forgotten",
       "a delivery that comes again counts again"},
      {Mutant::kRenameWithoutAlias, "rename_without_alias",
       "an old name means another repository after a rename"},
      {Mutant::kOldAttemptAccepted, "old_attempt_accepted",
       "an old run overwrites a newer one"},
      {Mutant::kConflictAccepted, "conflict_accepted",
       "a final result can be changed"},
      {Mutant::kPendingHidesResult, "pending_hides_result",
       "a late pending hides a result"},
      {Mutant::kWebhookHidesResult, "webhook_hides_result",
       "a webhook hides what a farm said"},
      {Mutant::kDuplicateAccepted, "duplicate_accepted",
       "the same result counts again"},
      {Mutant::kRoundNotCounted, "round_not_counted",
       "a rerun does not begin a new round"},
      {Mutant::kExpiredIsFinal, "expired_is_final",
       "no sign of life counts after an expiry"},
      {Mutant::kVersionNotChecked, "version_not_checked",
       "the end of an old post ends a newer report"},
      {Mutant::kLeaseWithoutDeadline, "lease_without_deadline",
       "an entry in flight is due at once after a crash"},
      {Mutant::kTakeoverWithoutDoubt, "takeover_without_doubt",
       "what was in flight at a crash is posted without a read"},
      {Mutant::kDoubtNotAwaited, "doubt_not_awaited",
       "nothing waits until a lost post is over"},
      {Mutant::kNewReportForgotten, "new_report_forgotten",
       "a report that comes during a post is not posted"},
      {Mutant::kNotMadeDue, "not_made_due",
       "an accepted report is not made due"},
      {Mutant::kRetryNotDue, "retry_not_due",
       "what is to be tried again is not"},
      {Mutant::kStatusesNotCounted, "statuses_not_counted",
       "GitHub's thousand statuses are used up by pendings"},
      {Mutant::kFlightsNotTracked, "flights_not_tracked",
       "a key is posted twice at once after a clock jump"},
      {Mutant::kPostedWithoutReading, "posted_without_reading",
       "after a lost answer it is posted without a read"},
      {Mutant::kShownPostedAgain, "shown_posted_again",
       "what GitHub shows is posted again"},
      {Mutant::kReadCountsAsPosted, "read_counts_as_posted",
       "whatever GitHub shows counts as what was wanted"},
      {Mutant::kDoubtIgnored, "doubt_ignored",
       "a lost answer counts as a refusal"},
      {Mutant::kSilentReadIsAnswer, "silent_read_is_answer",
       "a read that told nothing counts as an answer"},
      {Mutant::kDoubtFromFirstRequest, "doubt_from_first_request",
       "a doubt is counted from before the redirect"},
      {Mutant::kRefusalCountsAsPosted, "refusal_counts_as_posted",
       "a refusal (422) is swallowed"},
      {Mutant::kTroubleCountsAsPosted, "trouble_counts_as_posted",
       "a 5xx is swallowed"},
      {Mutant::kTroubleAbandons, "trouble_abandons",
       "a trouble that passes ends an entry"},
      {Mutant::kLimitAbandons, "limit_abandons", "a rate limit ends an entry"},
      {Mutant::kBadTokenAbandons, "bad_token_abandons", "a 401 ends an entry"},
      {Mutant::kAbandonedWithoutReason, "abandoned_without_reason",
       "what is abandoned does not say why"},
      {Mutant::kRefusalsNotCounted, "refusals_not_counted",
       "a refused post is tried without end"},
      {Mutant::kRetryAfterIgnored, "retry_after_ignored",
       "Retry-After is ignored"},
      {Mutant::kLimitsIgnored, "limits_ignored", "all limits are ignored"},
      {Mutant::kReserveSpent, "reserve_spent",
       "pendings use up what is kept for results"},
      {Mutant::kPausesNotStored, "pauses_not_stored",
       "a pause that GitHub asked for is not on disk"},
      {Mutant::kPausesNotRecalled, "pauses_not_recalled",
       "a pause that is on disk is not looked for"},
      {Mutant::kExpiresEarly, "expires_early",
       "a pending expires before its time"},
      {Mutant::kNoQuietTime, "no_quiet_time",
       "pendings expire right after a start"},
      {Mutant::kExpiryNotPosted, "expiry_not_posted",
       "an expiry is not made due"},
  };
  return *all;
}

bool SwitchOn(const std::string& name) {
  const MutantInfo* const info = Find(name);
  if (info == nullptr) {
    std::fprintf(stderr, "--mutant: there is no \"%s\"\n", name.c_str());
    return false;
  }
  the_mutant = info->mutant;
  return true;
}

int HuntMutants(const std::vector<std::string>& names, int seeds, int reports,
                int jobs, bool json) {
  for (const std::string& name : names) {
    if (!SwitchOn(name)) return 2;
  }
  int survivors = 0;
  RunInProcesses(
      static_cast<int>(names.size()), jobs,
      [&](int i) { return Hunt(*Find(names[i]), seeds, reports); },
      [&](int i, const std::string& result) {
        const Json found = Json::parse(result, nullptr, false);
        const bool killed =
            found.is_object() ? found.value("killed", false) : true;
        survivors += killed ? 0 : 1;
        if (json) {
          std::printf("%s\n",
                      found.is_object() ? result.c_str() : "{\"killed\":true}");
          return true;
        }
        const std::string how =
            !found.is_object() ? "killed: the process died"
            : killed ? absl::StrCat("killed by seed ", found.value("seed", 0),
                                    ", ", found.value("invariant", ""))
                     : std::string("SURVIVED");
        absl::PrintF("%-24s %7.1f s  %-28s  %s\n", names[i],
                     found.is_object() ? found.value("seconds", 0.0) : 0.0, how,
                     Find(names[i])->what);
        std::fflush(stdout);
        return true;
      });
  if (!json) {
    absl::PrintF("%d mutants, %d survived\n", names.size(), survivors);
  }
  return survivors == 0 ? 0 : 1;
}

}  // namespace signalbox
