#include "common/request_id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr size_t kLongest = 64;

std::string RandomPart() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8),
                      absl::Hex(random(), absl::kZeroPad8), "-");
}

}  // namespace

bool IsRequestId(absl::string_view text) {
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("._:-", c);
         });
}

std::string NewRequestId() {
  static const auto* const process = new std::string(RandomPart());
  static std::atomic<uint64_t> count = 0;
  return absl::StrCat(*process, absl::Hex(++count));
}

}  // namespace signalbox
