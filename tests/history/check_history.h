#ifndef SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
#define SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_

#include <string>
#include <vector>

#include "tests/history/history.h"

namespace signalbox::history {

// A promise that was not kept.
struct Violation {
  // Of reliability.md's list, as "I7".
  std::string invariant;
  StatusName name;  // Empty: it is about none in particular.
  std::string what;
};

// What was looked at: a check of nothing finds nothing.
struct Checked {
  int64_t acked = 0;     // Calls that were told OK.
  int64_t recorded = 0;  // Accepted reports in the server's record.
  int64_t statuses = 0;
  int64_t posts = 0;  // Begun, or else applied.
  int64_t crashes = 0;

  Checked& operator+=(const Checked& other);
};

struct Findings {
  std::vector<Violation> violations;
  Checked checked;
};

// Decides, by the log alone:
//   I1   what was acked is in the record, or what it was told it equals is;
//        nothing is in the record that nobody said
//   I3   each report became what the ordering rule (judgement.h) makes of it,
//        numbers follow the order in which reports were said and acked, and no
//        pending expired before its time, or within ten minutes after a
//        start
//   I6   at the end GitHub shows the newest report, or it is abandoned
//   I7   posts begun for a status have rising versions; none is begun of what
//        was already overtaken
//   I8   after a post whose end is not known the status is read before it is
//        posted again, no sooner than 12 s after that post's begin (unless the
//        clock was set and the process that knew it has ended)
//   I9   one post of a status is in flight at a time
//   I10  a numbered result is final within its attempt and round
//   I11  what GitHub is known to show is not posted again; pendings stop at 950
//        statuses
//   I12  what is abandoned says why and was refused; refused tries are few, and
//        no try follows another without end
//   I13  no request while GitHub wants silence, none of a pending out of what
//        is reserved for results
//   I20  what is recorded and posted was said by somebody who was allowed to
//   I22  a delivery takes effect once
//
// The order of the events is that in which they happened, as far as one
// observer can tell. Where a log has no Began (another process's requests
// cannot be seen), Applied stands for it in I7, I11 and I20.
//
// The recorded reports of a status must be all that it ever had. A log without
// Calm is one of something that goes on: I6 and what is held are not looked at.
Findings CheckHistory(const std::vector<Event>& events);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
