#ifndef SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
#define SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/history/history.h"

namespace signalbox::history {

// A second version of the ordering rule, as the table that people agreed on.
// Tests compare the server's rule with it.

// What a status holds.
struct Standing {
  enum class Kind {
    kNothing,
    kWebhookPending,
    kFarmPending,
    kNumberedResult,
    kUnnumberedResult,
    kExpired,
  };
  // The newest run of a series.
  struct Known {
    int64_t attempt = 0;
    // "": it runs. "over": a rerun ended it. Otherwise its worst result.
    std::string end;
    int64_t heard = 0;  // The number of its last accepted report.
  };

  Kind kind = Kind::kNothing;
  std::string result;  // If it is one.
  Content content;
  // The series of the held report; nothing: it has no number.
  std::optional<std::string> own;
  std::map<std::string, Known> series;
  int64_t heard = 0;  // Counts accepted reports.
};

struct Judged {
  // kAccepted, kUnchanged or kSuperseded; kRefused: impossible.
  Answered::How how = Answered::How::kAccepted;
  Standing after;  // If it is accepted; otherwise as before.
};

// The outcome of a report.
Judged JudgeCall(const Standing& held, const Called& call);

// The outcome of the server's own error for an expired pending; kRefused if no
// pending is held.
Judged JudgeExpiry(const Standing& held, const Content& error);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
