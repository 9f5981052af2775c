#ifndef SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
#define SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_

#include <string>
#include <vector>

#include "tests/history/history.h"

namespace signalbox::history {

// A promise that the server did not keep.
struct Violation {
  // The broken rule: its name in the list at CheckHistory, such as "I7".
  std::string invariant;
  StatusName name;   // Empty: the violation concerns no single status.
  std::string what;  // What happened, for people.
};

// How much a check has covered. Tests look at the counts, because the check of
// an empty history finds no violation either.
struct Checked {
  int64_t acked = 0;     // Calls that the server answered with OK.
  int64_t recorded = 0;  // Accepted reports in the server's record.
  int64_t statuses = 0;
  // Posts that the server began. If the log has no Began: posts that GitHub
  // applied.
  int64_t posts = 0;
  int64_t crashes = 0;

  Checked& operator+=(const Checked& other);
};

// The result of a check.
struct Findings {
  std::vector<Violation> violations;
  Checked checked;
};

// Decides whether the server kept its promises, from the log alone. An "acked"
// report is one that the server answered with OK. The "version" of a status is
// the sequence of the accepted report that it shows.
//
//   I1   the record has each acked report, or the report that the answer named
//        instead. It has nothing that no caller reported
//   I3   the ordering rule (judgement.h) explains the outcome of each report.
//        Sequences grow in the order of calls and answers. No pending expires
//        early, or within ten minutes after a start of the server
//   I6   at the end GitHub shows the newest report, or the status is abandoned
//   I7   the posts of a status have rising versions. The server begins no post
//        of a report after it has acked a newer one
//   I8   after an ambiguous post, the server reads the status before it posts
//        again. The next post begins at least 12 s after the ambiguous one
//        began (not checked if the clock was set and the process that measured
//        the time has ended)
//   I9   one post of a status is in flight at a time
//   I10  like I3, while the status holds a numbered result: no late report of
//        its attempt or of an older one hides it
//   I11  no post repeats what the server knows that GitHub shows. The server
//        posts no pending once GitHub has 950 statuses of the context
//   I12  a status is abandoned only after GitHub refused it, and with a reason.
//        The server tries few refused posts again, and does not try without
//        end
//   I13  the server sends no request during a pause that GitHub asked for. No
//        pending uses the reserve for results
//   I20  a caller was allowed to report whatever is recorded or posted
//   I22  a delivery takes effect once
//   I26  once another process has the term, the old holder begins no posts
//        beyond those that it had already taken out
//   I27  at the end each webhook that GitHub lists has its pending, or a newer
//        head of its pull request has one, unless the receiver refused it or
//        GitHub has repeated it three times. No webhook of an older head takes
//        effect after one of a newer head
//
// `events` are in the order in which they happened, as far as one observer can
// tell. They must include all recorded reports of each status. If the log has
// no Began (because its observer cannot see another process's requests), I7,
// I11 and I20 use Applied instead. If the log has no Calm, it has no end, and
// the function does not check I6, I27 and Held.
Findings CheckHistory(const std::vector<Event>& events);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_CHECK_HISTORY_H_
