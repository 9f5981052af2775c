#ifndef SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
#define SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/history/history.h"

namespace signalbox::history {

// The ordering rule a second time, as the table that people agreed on, to hold
// the server's against.

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
    // "": it runs. "over": somebody began again. Else its worst result.
    std::string end;
    int64_t heard = 0;  // When a report of the series was accepted last.
  };

  Kind kind = Kind::kNothing;
  std::string result;  // Of a result.
  Content content;
  // The series whose newest run is held; nothing: the report has no number.
  std::optional<std::string> own;
  std::map<std::string, Known> series;
  int64_t heard = 0;  // Counts accepted reports.
};

struct Judged {
  // kAccepted, kUnchanged or kSuperseded; kRefused: it cannot be.
  Answered::How how = Answered::How::kAccepted;
  Standing after;  // Of what is accepted; else as before.
};

// What becomes of a report.
Judged JudgeCall(const Standing& held, const Called& call);

// What the server's own error makes of a pending that has expired; kRefused if
// nothing pending is held.
Judged JudgeExpiry(const Standing& held, const Content& error);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
