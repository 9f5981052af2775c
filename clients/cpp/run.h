#ifndef SIGNALBOX_CLIENTS_CPP_RUN_H_
#define SIGNALBOX_CLIENTS_CPP_RUN_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cpp/client.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Run reports a piece of work: pending when it begins, and exactly one result
// when it ends, whatever happens.
//
//   absl::StatusOr<Run> run = Run::Begin(client, pending);
//   if (!run.ok()) ...
//   if (Build()) run->Set(v1::RESULT_SUCCESS, "built in 3 minutes");
//   if (absl::Status status = run->End(); !status.ok()) ...
//
// A Run that ends without a result reports ERROR, "ended without a result": the
// work was left early, for example by an exception.
//
// Not thread-safe.
class Run {
 public:
  // Reports `pending`. Its one context, or `ci/build` if it names none, its
  // repository, sha, attempt, series, target_url and newest_text_wins go into
  // the result, too.
  //
  // INVALID_ARGUMENT: `pending` has several contexts. Other errors: those of
  // ReportPending; the work should not begin.
  static absl::StatusOr<Run> Begin(Client client,
                                   v1::ReportPendingRequest pending);

  // Ends the run unless End did. Waits as long as `retry_for` of the client.
  ~Run();

  Run(Run&&) noexcept;
  Run& operator=(Run&&) = delete;

  // The result that the run will end with. The last call before the end counts.
  // An empty `target_url`: that of the pending.
  void Set(v1::Result result, absl::string_view description = "",
           absl::string_view target_url = "");

  // Of the newest report: of the pending, and after End that of the result.
  const v1::Receipt& receipt() const { return receipt_; }

  // Reports the result, and returns the error if that fails. Later calls return
  // OK and do nothing.
  absl::Status End();

 private:
  struct State;
  Run(std::unique_ptr<State> state, v1::Receipt receipt);

  // Null: the run has ended, or another Run has it.
  std::unique_ptr<State> state_;
  v1::Receipt receipt_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CPP_RUN_H_
