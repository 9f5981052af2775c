#include "shim/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {
namespace {

constexpr size_t kMaxField = 256;

std::atomic<spdlog::logger*> logger{nullptr};
std::atomic<bool> as_json{true};

bool IsEmptyText(const LogField& field) {
  const auto* const text = std::get_if<absl::string_view>(&field.value);
  return text != nullptr && text->empty();
}

std::string ValueText(const LogField& field) {
  if (const auto* const number = std::get_if<int64_t>(&field.value)) {
    return absl::StrCat(*number);
  }
  return LogQuoted(std::get<absl::string_view>(field.value));
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

std::string LogQuoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kMaxField)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      absl::StrAppendFormat(&quoted, "\\u%04x", byte);
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

void StartLogging() {
  as_json = isatty(STDERR_FILENO) == 0;
  // Never destroyed: threads may log while the process ends.
  auto* const log = new spdlog::logger(
      "signalbox-shim", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_error_handler([](const std::string&) {});
  if (as_json) {
    log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
        spdlog::pattern_time_type::utc));
  } else {
    log->set_pattern("%H:%M:%S.%e %^%-7l%$ %v");
  }
  log->flush_on(spdlog::level::trace);
  logger = log;
}

void LogLine(LogLevel level, absl::string_view event,
             std::initializer_list<LogField> fields) noexcept {
  spdlog::logger* const log = logger.load();
  if (log == nullptr) return;
  try {
    std::string line = as_json ? absl::StrCat("\"event\":", LogQuoted(event))
                               : std::string(event);
    for (const LogField& field : fields) {
      if (IsEmptyText(field)) continue;
      if (as_json) {
        absl::StrAppend(&line, ",\"", field.name, "\":", ValueText(field));
      } else {
        absl::StrAppend(&line, "  ", field.name, "=", ValueText(field));
      }
    }
    log->log(SpdlogLevel(level),
             spdlog::string_view_t(line.data(), line.size()));
  } catch (const std::exception&) {
    // The line is lost, and the shim cannot report that.
  }
}

}  // namespace signalbox
