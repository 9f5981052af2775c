#ifndef SIGNALBOX_TESTS_SIMULATION_NOTE_STATUS_H_
#define SIGNALBOX_TESTS_SIMULATION_NOTE_STATUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/outbox.h"
#include "server/outbox/submission.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/history/history.h"

namespace signalbox {

// Translates the server's types into the words of a history.

// How a call ended.
history::Answered AnsweredBy(int64_t call, absl::Time time,
                             const Outcome& outcome);

// Adds what the outbox has of a status (Recorded, Held) and what GitHub shows
// (Showed). OK also if nobody ever reported it. `called` is a present or
// earlier name of the repository, if other than in `name`.
absl::Status NoteStatus(Outbox* outbox, const GitHubRules& rules,
                        const history::StatusName& name,
                        std::vector<history::Event>* events,
                        const std::string& called = "");

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_NOTE_STATUS_H_
