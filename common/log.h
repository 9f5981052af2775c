#ifndef SIGNALBOX_COMMON_LOG_H_
#define SIGNALBOX_COMMON_LOG_H_

#include <cmath>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// One named value of a log line. The log escapes text to printable ASCII and
// cuts it at 256 characters, so that no input can forge a line or move a
// terminal's cursor. Borrows the name and the text until the line is written.
// Code passes it as `{"name", value}` to LogInfo and the others.
struct LogField {
  LogField(absl::string_view name, absl::string_view text)
      : name(name), text(text), quoted(true) {}
  LogField(absl::string_view name, const std::string& text)
      : LogField(name, absl::string_view(text)) {}
  LogField(absl::string_view name, const char* text)
      : LogField(name, absl::string_view(text)) {}
  LogField(absl::string_view name, bool truth)
      : name(name), text(truth ? "true" : "false"), quoted(false) {}
  template <typename Number>
  LogField(absl::string_view name, Number number)
      : name(name),
        number(absl::StrCat(number)),
        quoted(!std::isfinite(static_cast<double>(number))) {}

  absl::string_view Value() const { return number.empty() ? text : number; }

  absl::string_view name;
  absl::string_view text;
  std::string number;  // Not empty: the value, instead of `text`.
  bool quoted;         // Written in quotes, as JSON text.
};

enum class LogFormat {
  kJson,  // One JSON object per line, for programs.
  kText,  // For a person at a terminal.
};

// Starts logging to stderr in this format. Before this call the process logs
// nothing; tests never call it.
void StartLogging(LogFormat format);
// kText if stderr is a terminal, else kJson.
LogFormat DefaultLogFormat();

// These write one line each. `event` is a short constant sentence that says
// what happened. Never pass a token, a request header or a body. If memory is
// short, the line is lost. Thread-safe; never throws.
void LogInfo(absl::string_view event,
             std::initializer_list<LogField> fields = {}) noexcept;
void LogWarning(absl::string_view event,
                std::initializer_list<LogField> fields = {}) noexcept;
void LogError(absl::string_view event,
              std::initializer_list<LogField> fields = {}) noexcept;

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_LOG_H_
