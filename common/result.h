#ifndef SIGNALBOX_COMMON_RESULT_H_
#define SIGNALBOX_COMMON_RESULT_H_

namespace signalbox {

// How a run ended. The numbers are those of the proto's Result. The database
// has them, so they never change.
enum class Result {
  kSuccess = 1,
  kFailure = 2,
  kError = 3,
  kCancelled = 4,
  kSkipped = 5,
  kTimedOut = 6,
  kNeutral = 7,
};
// The value with the largest number, for code that checks stored numbers.
constexpr Result LastOf(Result) { return Result::kNeutral; }

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RESULT_H_
