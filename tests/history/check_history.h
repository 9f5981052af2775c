#ifndef SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
#define SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_

#include <string>
#include <vector>

#include "tests/history/history.h"

namespace signalbox::history {

// A promise that was not kept.
struct Violation {
  // Its name in reliability.md's list, such as "I7".
  std::string invariant;
  StatusName name;  // Empty: of no status in particular.
  std::string what;
};

// How much was checked: a check of nothing finds nothing.
struct Checked {
  int64_t acked = 0;     // Calls that were answered OK.
  int64_t recorded = 0;  // Accepted reports in the server's record.
  int64_t statuses = 0;
  int64_t posts = 0;  // Begun; or applied, where the log has no Began.
  int64_t crashes = 0;

  Checked& operator+=(const Checked& other);
};

struct Findings {
  std::vector<Violation> violations;
  Checked checked;
};

// Checks with the log alone:
//   I1   the record has each acked report, or the one that the ack named
//        instead; it has nothing that nobody reported
//   I3   the ordering rule (judgement.h) explains the outcome of each report;
//        sequences follow the order of calls and acks; no pending expires
//        before its time, or within ten minutes after a start
//   I6   at the end GitHub shows the newest report, or it is abandoned
//   I7   posts begun for a status have rising versions; none begins when a
//        newer report is already acked
//   I8   after an ambiguous post, the status is read before the next post, at
//        least 12 s after the ambiguous post began (unless the clock was set
//        and the process that measured the time has ended)
//   I9   one post of a status is in flight at a time
//   I10  a numbered result is final within its attempt and round
//   I11  a post never repeats what GitHub is known to show; pendings stop at
//        950 statuses
//   I12  an abandoned status has a reason and was refused; refused tries are
//        few, and tries do not repeat without end
//   I13  no request during a pause that GitHub asked for; no pending uses the
//        reserve for results
//   I20  somebody was allowed to report everything recorded and posted
//   I22  a delivery takes effect once
//   I26  once another process has the term, a process begins no more posts than
//        it had taken out
//
// The events are in the order in which they happened, as far as one observer
// can tell. A log without Began (from an observer who cannot see another
// process's requests) is checked with Applied in I7, I11 and I20.
//
// The recorded reports of a status must be complete. A log without Calm has no
// end: then I6 and the held reports are not checked.
Findings CheckHistory(const std::vector<Event>& events);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
