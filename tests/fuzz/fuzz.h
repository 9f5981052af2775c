#ifndef SIGNALBOX_TESTS_FUZZ_FUZZ_H_
#define SIGNALBOX_TESTS_FUZZ_FUZZ_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// What the fuzz targets share. A target is one file, NAME_fuzz.cc:
//
//   FUZZ_TARGET(form) {
//     FuzzInput in(input);
//     ...
//     FUZZ_CHECK(whole == chunked, "chunks decode to something else");
//   }
//
// `input` is any bytes. The body must do the same for the same bytes, whatever
// came before, and end the process (FUZZ_CHECK) if a result is wrong.
// scripts/fuzz runs targets with libFuzzer; the tests replay corpora through
// the same functions (replay_main.cc).

namespace signalbox {

using FuzzFunction = void (*)(absl::string_view input);

// All targets that are linked into the program, by name.
inline std::map<absl::string_view, FuzzFunction>& FuzzTargets() {
  static auto* const targets = new std::map<absl::string_view, FuzzFunction>();
  return *targets;
}

// FUZZ_TARGET registers a target with this.
struct FuzzRegistration {
  FuzzRegistration(absl::string_view name, FuzzFunction function) {
    FuzzTargets().emplace(name, function);
  }
};

// Prints what is wrong and aborts, which a fuzzer takes for a finding.
[[noreturn]] inline void FuzzFail(const char* file, int line,
                                  absl::string_view message) {
  std::fprintf(stderr, "%s:%d: %.*s\n", file, line,
               static_cast<int>(message.size()), message.data());
  std::abort();
}

// Reads values from a fuzzer's input, one after the other. After its end all
// values are zero or empty, so that no input is too short.
class FuzzInput {
 public:
  explicit FuzzInput(absl::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

  // 0 to `most`, which is at most 255.
  int UpTo(int most) { return Byte() % (most + 1); }

  bool Flag() { return (Byte() & 1) != 0; }

  // Any 64 bits. Small numbers, and those close to the limits, take few bytes.
  int64_t Int64() {
    const uint8_t kind = Byte();
    uint64_t bits = 0;
    for (int i = 0; i < kind % 9; ++i) bits = bits << 8 | Byte();
    if ((kind & 0x80) != 0) bits = ~bits;
    if ((kind & 0x40) != 0) bits ^= uint64_t{1} << 63;
    return static_cast<int64_t>(bits);
  }

  // The bytes up to the next 0xff, which is skipped, or to the end. UTF-8 never
  // contains that byte, so people can write seeds by hand.
  absl::string_view Text() {
    const size_t end = bytes_.find('\xff');
    const absl::string_view text = bytes_.substr(0, end);
    bytes_.remove_prefix(end == absl::string_view::npos ? bytes_.size()
                                                        : end + 1);
    return text;
  }

  // All that is left.
  absl::string_view Rest() {
    const absl::string_view rest = bytes_;
    bytes_ = {};
    return rest;
  }

 private:
  absl::string_view bytes_;
};

// Cuts `whole` into pieces and calls `each` with each of them, in order. `seed`
// determines their lengths: often one byte, sometimes none, sometimes many.
template <typename Each>
void InPieces(absl::string_view whole, uint32_t seed, Each each) {
  while (!whole.empty()) {
    seed = seed * 1664525 + 1013904223;
    const uint32_t drawn = seed >> 16;
    size_t size = drawn % 4 == 0 ? 1 : drawn % 4 == 1 ? drawn % 64 : drawn;
    if (size > whole.size()) size = whole.size();
    each(whole.substr(0, size));
    whole.remove_prefix(size);
  }
}

// Whether `text` is UTF-8 by RFC 3629. If so, sets `characters` to the number
// of code points and `largest` to the largest one; both may be null.
inline bool IsUtf8(absl::string_view text, size_t* characters = nullptr,
                   uint32_t* largest = nullptr) {
  size_t count = 0;
  uint32_t most = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    const int more = lead < 0x80             ? 0
                     : (lead & 0xe0) == 0xc0 ? 1
                     : (lead & 0xf0) == 0xe0 ? 2
                     : (lead & 0xf8) == 0xf0 ? 3
                                             : -1;
    if (more < 0) return false;
    uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
    for (int k = 0; k < more; ++k, ++i) {
      if (i >= text.size()) return false;
      const auto byte = static_cast<uint8_t>(text[i]);
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
    if (point > most) most = point;
  }
  if (characters != nullptr) *characters = count;
  if (largest != nullptr) *largest = most;
  return true;
}

}  // namespace signalbox

// Ends the process if `condition` does not hold.
#define FUZZ_CHECK(condition, ...)                                          \
  do {                                                                      \
    if (!(condition)) {                                                     \
      ::signalbox::FuzzFail(__FILE__, __LINE__,                             \
                            ::absl::StrCat(#condition, ": ", __VA_ARGS__)); \
    }                                                                       \
  } while (false)

// Begins the definition of a target.
#define FUZZ_TARGET(name)                                        \
  static void FuzzOne_##name(absl::string_view input);           \
  static const ::signalbox::FuzzRegistration kRegistered_##name( \
      #name, FuzzOne_##name);                                    \
  static void FuzzOne_##name(absl::string_view input)

#endif  // SIGNALBOX_TESTS_FUZZ_FUZZ_H_
