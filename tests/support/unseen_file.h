#ifndef SIGNALBOX_TESTS_SUPPORT_UNSEEN_FILE_H_
#define SIGNALBOX_TESTS_SUPPORT_UNSEEN_FILE_H_

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A file whose contents change while its times stay the same, because writes
// through shared memory do not change them. For tests of code that looks
// whether a file has changed. The file always has 4 KiB: line breaks fill the
// rest.
class UnseenFile {
 public:
  explicit UnseenFile(absl::string_view text)
      : descriptor_(memfd_create("unseen", MFD_CLOEXEC)) {
    void* const memory = ftruncate(descriptor_, kSize) == 0
                             ? mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                                    MAP_SHARED, descriptor_, 0)
                             : MAP_FAILED;
    if (memory == MAP_FAILED) abort();
    bytes_ = static_cast<char*>(memory);
    Write(text);
  }

  ~UnseenFile() {
    munmap(bytes_, kSize);
    close(descriptor_);
  }

  UnseenFile(const UnseenFile&) = delete;
  UnseenFile& operator=(const UnseenFile&) = delete;

  std::string path() const {
    return absl::StrCat("/proc/self/fd/", descriptor_);
  }

  // Replaces the contents, by at most 4 KiB.
  void Write(absl::string_view text) {
    if (text.size() > kSize) abort();
    std::fill(std::copy(text.begin(), text.end(), bytes_), bytes_ + kSize,
              '\n');
  }

 private:
  static constexpr size_t kSize = 4096;

  const int descriptor_;
  char* bytes_ = nullptr;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_UNSEEN_FILE_H_
