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

// Translates the server's types into the events of a history
// (tests/history/history.h).

// How the call with this number ended.
history::Answered AnsweredBy(int64_t call, absl::Time time,
                             const Outcome& outcome);

// Adds the end of a status to `events`: the server's record (Recorded), its
// entry (Held) and what GitHub shows (Showed). Adds nothing and returns OK if
// the outbox does not know the status. `called` is another name of the
// repository, now or earlier, under which to look it up. Returns the outbox's
// errors.
absl::Status NoteStatus(Outbox* outbox, const GitHubRules& rules,
                        const history::StatusName& name,
                        std::vector<history::Event>* events,
                        const std::string& called = "");

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_NOTE_STATUS_H_
