#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

// What libFuzzer calls: the one target of the program.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const signalbox::FuzzFunction run =
      signalbox::FuzzTargets().begin()->second;
  run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
