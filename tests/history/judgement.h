#ifndef SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
#define SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_

#include <cstdint>
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
  Kind kind = Kind::kNothing;
  int64_t attempt = 0;
  int64_t round = 0;
  std::string result;  // Of a result.
  Content content;
};

struct Judged {
  // kAccepted, kUnchanged, kSuperseded or kConflict.
  Answered::How how = Answered::How::kAccepted;
  Standing after;  // Of what is accepted; else as before.
};

// What becomes of a report.
Judged JudgeCall(const Standing& held, const Called& call);

// What the server's own error makes of a pending that has expired; kConflict if
// nothing pending is held.
Judged JudgeExpiry(const Standing& held, const Content& error);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
