#ifndef SIGNALBOX_COMMON_SECRET_H_
#define SIGNALBOX_COMMON_SECRET_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A token or key. The type keeps secrets out of logs: it cannot be printed or
// formatted, nor compared with `==`. The destructor wipes its memory.
//
// Not thread-safe; copies are independent.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { Wipe(); }

  // The secret itself. Pass it only to code that needs it.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  // Compares in constant time.
  bool Equals(const Secret& other) const;

 private:
  void Wipe();

  std::string value_;
};

// Reads a secret from a file, without the white space around it. Errors name
// the file: NOT_FOUND, PERMISSION_DENIED or another error of the system;
// INVALID_ARGUMENT if the file is empty or over 64 KiB.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// Checks that `text`, from ReadSecretFile or the environment, is one line, and
// returns it. `source` is the name of the file or variable; the error begins
// with it. INVALID_ARGUMENT, reason INVALID_SECRET_FILE: the text has a byte
// order mark, is UTF-16, or has a second line or a control character.
absl::StatusOr<Secret> ParseSecretLine(Secret text, const std::string& source);

// Whether `text` can be a token in a header `authorization: Bearer`: 1 to 4,096
// characters of visible ASCII.
bool IsBearerToken(absl::string_view text);

// As ParseSecretLine. A text that is not IsBearerToken is an error, too.
absl::StatusOr<Secret> ParseToken(Secret text, const std::string& source);

// Reads a token from the file at `path`, which the option `option` (such as
// `--token-file`) names. INVALID_ARGUMENT for all errors of ReadSecretFile and
// ParseToken; the message begins with the option.
absl::StatusOr<Secret> ReadTokenFile(absl::string_view option,
                                     const std::string& path);

// Reads a secret from the environment variable `name`, and removes the
// variable, because child processes and core dumps would contain it. Empty: the
// variable is unset or empty. Call it before the process has threads.
Secret TakeSecretFromEnvironment(const char* name);

// Keeps the process's memory to itself: core dumps would contain its secrets,
// and other processes of the same user could read them. Call it first.
void HideMemory();

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_SECRET_H_
