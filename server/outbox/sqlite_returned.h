#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RETURNED_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RETURNED_H_

#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace signalbox {

// The return type of a method of the store that gives a T: the T, or an error
// of the store.
template <typename T>
struct OrError {
  using Type = absl::StatusOr<T>;
};
template <typename T>
struct OrError<absl::StatusOr<T>> {
  using Type = absl::StatusOr<T>;
};
template <>
struct OrError<absl::Status> {
  using Type = absl::Status;
};
template <>
struct OrError<void> {
  using Type = absl::Status;
};
template <typename Function, typename... Arguments>
using Returned = typename OrError<
    std::invoke_result_t<const Function&, const Arguments&...>>::Type;

// Calls `function`. Returns OK if the function itself returns nothing.
template <typename Function, typename... Arguments>
Returned<Function, Arguments...> ReturnedBy(const Function& function,
                                            const Arguments&... arguments) {
  if constexpr (std::is_void_v<decltype(function(arguments...))>) {
    function(arguments...);
    return absl::OkStatus();
  } else {
    return function(arguments...);
  }
}

// The same if `checked` is OK; else returns that error.
template <typename Function, typename... Arguments>
Returned<Function, Arguments...> ReturnedIf(const absl::Status& checked,
                                            const Function& function,
                                            const Arguments&... arguments) {
  if (!checked.ok()) return checked;
  return ReturnedBy(function, arguments...);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RETURNED_H_
