#include "server/poster/posting_log.h"

#include "common/error.h"
#include "common/log.h"

namespace signalbox {
namespace {

void LogAbandoned(const Lease& lease, const Settlement& settlement) {
  // A commit that was force-pushed away is normal; other reasons need a person.
  const auto log =
      settlement.reason == "NO_COMMIT_FOUND" ? &LogInfo : &LogWarning;
  const Try attempted = settlement.attempted.value_or(Try());
  log("the server abandoned a commit status",
      {{"repository", lease.repository.Display()},
       {"sha", lease.sha.Hex()},
       {"context", lease.context},
       {"caller", lease.caller},
       {"report_request_id", lease.request_id},
       {"reason", settlement.reason},
       {"http_status", attempted.http_status},
       {"message", attempted.message},
       {"request_id", attempted.request_id}});
}

// GitHub refuses probes again and again, so only the first refusal is a
// warning.
void LogParked(const Lease& lease, const Settlement& settlement) {
  const Try attempted = settlement.attempted.value_or(Try());
  (lease.is_probe ? &LogInfo : &LogWarning)(
      "GitHub refuses all statuses of a repository; the server tries again "
      "later",
      {{"repository", lease.repository.Display()},
       {"reason", settlement.reason},
       {"http_status", attempted.http_status},
       {"message", attempted.message},
       {"request_id", attempted.request_id}});
}

}  // namespace

void LogSettlement(const Lease& lease, const Settlement& settlement) {
  if (settlement.kind == Settlement::Kind::kAbandoned) {
    LogAbandoned(lease, settlement);
  }
  if (settlement.kind == Settlement::Kind::kParked) {
    LogParked(lease, settlement);
  }
}

void LogLate(const Lease& lease) {
  LogWarning(
      "a request to GitHub ended after its lease; the server reads back what "
      "GitHub shows",
      {{"repository", lease.repository.Display()},
       {"sha", lease.sha.Hex()},
       {"context", lease.context},
       {"report_request_id", lease.request_id}});
}

void LogName(const EndedRequest& ended, const NameAnswer& answer) {
  const MovedRepositories::Question& asked = ended.request->named;
  const Repository& old_name = asked.old_name;
  if (answer.kind != NameAnswer::Kind::kNamed) {
    LogInfo("GitHub did not give the current name of a repository",
            {{"repository", old_name.Display()},
             {"repository_id", asked.github_id},
             {"reason", ended.reply.verdict.reason}});
  } else if (answer.name.Canonical() != old_name.Canonical()) {
    LogInfo("a repository has a new name",
            {{"repository", answer.name.Display()},
             {"old_name", old_name.Display()},
             {"repository_id", answer.number}});
  }
}

void LogStoreFailure(const absl::Status& status) {
  if (absl::IsUnavailable(status) || ReasonOf(status) == kTermOver) return;
  LogError("the database failed while posting; the server tries again",
           {{"error", status.ToString()}});
}

}  // namespace signalbox
