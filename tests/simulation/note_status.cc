#include "tests/simulation/note_status.h"

#include <string>
#include <utility>

namespace signalbox {
namespace {

using history::Answered;

Answered::How HowOf(Disposition disposition) {
  switch (disposition) {
    case Disposition::kAccepted:
      return Answered::How::kAccepted;
    case Disposition::kUnchanged:
      return Answered::How::kUnchanged;
    case Disposition::kSuperseded:
      break;
  }
  return Answered::How::kSuperseded;
}

std::string NameOf(PostingState state) {
  switch (state) {
    case PostingState::kPosted:
      return "posted";
    case PostingState::kAbandoned:
      return "abandoned";
    case PostingState::kWaiting:
      return "waiting";
    case PostingState::kDue:
    case PostingState::kObserved:
      break;
  }
  return "due";
}

}  // namespace

Answered AnsweredBy(int64_t call, absl::Time time, const Outcome& outcome) {
  Answered answered;
  answered.call = call;
  answered.time = time;
  if (outcome.status.ok()) {
    const Receipt& receipt = outcome.receipts.front();
    answered.how = HowOf(receipt.disposition);
    answered.sequence = receipt.sequence;
  } else {
    answered.how = Answered::How::kRefused;
  }
  return answered;
}

absl::Status NoteStatus(Outbox* outbox, const GitHubRules& rules,
                        const history::StatusName& name,
                        std::vector<history::Event>* events,
                        const std::string& called) {
  const std::string& full_name = called.empty() ? name.repository : called;
  const absl::StatusOr<Repository> repository = ParseRepository(full_name);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<History> looked = outbox->GetHistory(
      StatusKey::Of(*repository, *ParseSha(name.sha), name.context));
  if (absl::IsNotFound(looked.status())) return absl::OkStatus();
  if (!looked.ok()) return looked.status();
  for (const RecordedReport& report : looked->reports) {
    history::Recorded recorded;
    recorded.name = name;
    recorded.sequence = report.sequence;
    recorded.time = report.accept_time;
    recorded.how = HowOf(report.disposition);
    recorded.content = {std::string(CommitStateName(report.state)),
                        report.description, report.target_url};
    recorded.attempt = report.attempt;
    recorded.series = report.series;
    recorded.caller = report.caller;
    recorded.delivery_id = report.delivery_id;
    events->push_back(std::move(recorded));
  }
  const StatusView& status = looked->status;
  history::Held held;
  held.name = name;
  held.content = {std::string(CommitStateName(status.state)),
                  status.description, status.target_url};
  held.attempt = status.attempt;
  held.posting = NameOf(status.posting.state);
  held.reason = status.posting.reason;
  events->push_back(std::move(held));

  const auto shown = rules.Shown(full_name, name.sha);
  const auto row = shown.find(name.context);
  if (row != shown.end()) {
    events->push_back(history::Showed{
        name,
        {row->second.state, row->second.description, row->second.target_url}});
  }
  return absl::OkStatus();
}

}  // namespace signalbox
