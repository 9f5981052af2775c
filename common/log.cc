#include "common/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <exception>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

// In characters. The longest context fits.
constexpr size_t kMaxField = 256;

std::atomic<spdlog::logger*> logger{nullptr};
std::atomic<LogFormat> format{LogFormat::kJson};

// JSON string escaping that leaves only printable ASCII. Bytes that are not
// UTF-8 are written as their Latin-1 code points: readable enough, and always
// valid.
std::string JsonQuoted(absl::string_view text) {
  std::string out = "\"";
  text = FirstCharacters(text, kMaxField);
  while (!text.empty()) {
    const char c = text[0];
    const Utf8Character first = FirstCharacter(text);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else if (first.valid) {
      out += JsonEscape(first.code_point);
    } else {
      for (const unsigned char byte : text.substr(0, first.size)) {
        out += JsonEscape(byte);
      }
    }
    text.remove_prefix(first.size);
  }
  out += '"';
  return out;
}

void Write(spdlog::level::level_enum level, absl::string_view event,
           std::initializer_list<LogField> fields) noexcept {
  spdlog::logger* const log = logger.load();
  if (log == nullptr) return;
  try {
    std::string line;
    if (format.load() == LogFormat::kJson) {
      line = absl::StrCat("\"event\":", JsonQuoted(event));
      for (const LogField& field : fields) {
        absl::StrAppend(&line, ",", JsonQuoted(field.name), ":");
        if (field.quoted) {
          line += JsonQuoted(field.Value());
        } else {
          absl::StrAppend(&line, field.Value());
        }
      }
    } else {
      line = std::string(event);
      for (const LogField& field : fields) {
        absl::StrAppend(&line, "  ", field.name, "=",
                        Escaped(FirstCharacters(field.Value(), kMaxField)));
      }
    }
    log->log(level, spdlog::string_view_t(line.data(), line.size()));
  } catch (const std::exception&) {
    // The line is lost, and nothing can report that.
  }
}

}  // namespace

LogFormat DefaultLogFormat() {
  return isatty(STDERR_FILENO) != 0 ? LogFormat::kText : LogFormat::kJson;
}

void StartLogging(LogFormat chosen) {
  format.store(chosen);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  // Never destroyed. Loggers that a later call replaces stay, too: threads may
  // be using them.
  static auto* const kept = new std::deque<spdlog::logger>();
  spdlog::logger* const log = &kept->emplace_back("signalbox", std::move(sink));
  log->set_error_handler([](const std::string&) {});
  if (chosen == LogFormat::kJson) {
    log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
        spdlog::pattern_time_type::utc));
  } else {
    log->set_pattern("%H:%M:%S.%e %^%-7l%$ %v");
  }
  log->flush_on(spdlog::level::trace);
  logger.store(log);
}

void LogInfo(absl::string_view event,
             std::initializer_list<LogField> fields) noexcept {
  Write(spdlog::level::info, event, fields);
}

void LogWarning(absl::string_view event,
                std::initializer_list<LogField> fields) noexcept {
  Write(spdlog::level::warn, event, fields);
}

void LogError(absl::string_view event,
              std::initializer_list<LogField> fields) noexcept {
  Write(spdlog::level::err, event, fields);
}

}  // namespace signalbox
