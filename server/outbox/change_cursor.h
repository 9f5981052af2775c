#ifndef SIGNALBOX_SERVER_OUTBOX_CHANGE_CURSOR_H_
#define SIGNALBOX_SERVER_OUTBOX_CHANGE_CURSOR_H_

#include <compare>
#include <cstdint>

namespace signalbox {

// A place in the order of status changes: just after one of them, or before all
// of them. Only the store makes cursors from its sequences, and only
// rpc/convert.h makes them from the API's. Everyone else keeps them, compares
// them and hands them back.
class ChangeCursor {
 public:
  constexpr ChangeCursor() = default;  // Before all changes.
  constexpr explicit ChangeCursor(int64_t sequence) : sequence_(sequence) {}

  constexpr int64_t sequence() const { return sequence_; }

  friend auto operator<=>(const ChangeCursor&, const ChangeCursor&) = default;

 private:
  int64_t sequence_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_CHANGE_CURSOR_H_
