#ifndef SIGNALBOX_SHIM_LOG_H_
#define SIGNALBOX_SHIM_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace signalbox {

enum class LogLevel { kInfo, kWarning, kError };

// One named value of a log line: a number, or text. Text is escaped to
// printable ASCII and cut at 256 bytes, so that no input can forge a line or
// move a terminal's cursor. Empty text is left out of the line.
struct LogField {
  absl::string_view name;
  std::variant<int64_t, absl::string_view> value;
};

// Starts logging to stderr: JSON, or text if stderr is a terminal. Without this
// call the shim logs nothing, as in tests.
void StartLogging();

// Writes one line. `event` is a short constant sentence that says what
// happened. Never pass a secret, a body, or a header other than a field of the
// delivery. Thread-safe; never throws.
void LogLine(LogLevel level, absl::string_view event,
             std::initializer_list<LogField> fields = {}) noexcept;

// Text in the form that a JSON log line has: quoted, escaped and cut.
std::string LogQuoted(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_LOG_H_
