#ifndef SIGNALBOX_SERVER_BASE_SECRET_H_
#define SIGNALBOX_SERVER_BASE_SECRET_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A token or key. It cannot be printed, formatted or compared by accident, and
// its memory is wiped when it goes.
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

  // The secret itself, to be handed to what needs it and nowhere else.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  // In constant time.
  bool Equals(const Secret& other) const;

 private:
  void Wipe();

  std::string value_;
};

// Reads a secret from a file; white space around it does not count. Errors
// name the file: NOT_FOUND or PERMISSION_DENIED from the system,
// INVALID_ARGUMENT if the file is empty or over 64 KiB.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// Takes a secret out of the environment, where child processes and core dumps
// would find it. Empty if the variable is unset or empty.
Secret TakeSecretFromEnvironment(const char* name);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_SECRET_H_
