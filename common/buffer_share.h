#ifndef SIGNALBOX_COMMON_BUFFER_SHARE_H_
#define SIGNALBOX_COMMON_BUFFER_SHARE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace signalbox {

// BufferShare is a buffer's share of a limit of bytes that many buffers have in
// common. The destructor gives it back.
//
// Not thread-safe, but the shares of one limit may belong to different threads.
class BufferShare {
 public:
  // Borrows `all`, the bytes that the shares of `limit` have together. The
  // first `free` bytes of each buffer do not count.
  BufferShare(std::atomic<int64_t>& all, int64_t limit, int64_t free)
      : all_(all), limit_(limit), free_(free) {}
  ~BufferShare() { all_ -= taken_; }
  BufferShare(const BufferShare&) = delete;
  BufferShare& operator=(const BufferShare&) = delete;

  // Extends the share to `size` bytes, which only grows. False: there is no
  // room.
  bool GrowTo(size_t size) {
    const int64_t more =
        std::max<int64_t>(static_cast<int64_t>(size) - free_, 0) - taken_;
    taken_ += more;
    return more == 0 || (all_ += more) <= limit_;
  }

 private:
  std::atomic<int64_t>& all_;
  const int64_t limit_;
  const int64_t free_;
  int64_t taken_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_BUFFER_SHARE_H_
