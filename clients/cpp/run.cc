#include "clients/cpp/run.h"

#include <utility>

namespace signalbox {

struct Run::State {
  Client client;
  v1::ReportResultRequest result;
};

absl::StatusOr<Run> Run::Begin(Client client,
                               v1::ReportPendingRequest pending) {
  if (pending.contexts().size() > 1) {
    return absl::InvalidArgumentError(
        "contexts: a run has one context; begin a run for each");
  }
  // Without a name, the server would report all contexts that it expects.
  if (pending.contexts().empty()) pending.add_contexts("ci/build");
  const auto answer = client.ReportPending(pending);
  if (!answer.ok()) return answer.status();
  v1::ReportResultRequest result;
  result.set_repository(pending.repository());
  result.set_sha(pending.sha());
  result.set_context(pending.contexts(0));
  result.set_attempt(pending.attempt());
  result.set_series(pending.series());
  result.set_target_url(pending.target_url());
  result.set_repository_id(pending.repository_id());
  result.set_newest_text_wins(pending.newest_text_wins());
  result.set_result(v1::RESULT_ERROR);
  result.set_description("ended without a result");
  return Run(std::make_unique<State>(State{.client = std::move(client),
                                           .result = std::move(result)}),
             answer->receipts().empty() ? v1::Receipt() : answer->receipts(0));
}

Run::Run(std::unique_ptr<State> state, v1::Receipt receipt)
    : state_(std::move(state)), receipt_(std::move(receipt)) {}

Run::Run(Run&&) noexcept = default;

Run::~Run() { End().IgnoreError(); }

void Run::Set(v1::Result result, absl::string_view description,
              absl::string_view target_url) {
  if (state_ == nullptr) return;
  state_->result.set_result(result);
  state_->result.set_description(std::string(description));
  if (!target_url.empty()) {
    state_->result.set_target_url(std::string(target_url));
  }
}

absl::Status Run::End() {
  if (state_ == nullptr) return absl::OkStatus();
  const std::unique_ptr<State> state = std::move(state_);
  const auto answer = state->client.ReportResult(state->result);
  if (answer.ok()) receipt_ = answer->receipt();
  return answer.status();
}

}  // namespace signalbox
