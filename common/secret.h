#ifndef SIGNALBOX_COMMON_SECRET_H_
#define SIGNALBOX_COMMON_SECRET_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A token or key. It cannot be printed, formatted or compared by accident, and
// the destructor wipes its memory.
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
  ~Secret();

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
// the file: NOT_FOUND or PERMISSION_DENIED from the system, INVALID_ARGUMENT if
// the file is empty or over 64 KiB.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// Reads a secret from the environment and removes it there, where child
// processes and core dumps would find it. Empty if the variable is unset or
// empty.
Secret TakeSecretFromEnvironment(const char* name);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_SECRET_H_
