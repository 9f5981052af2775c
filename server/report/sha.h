#ifndef SIGNALBOX_SERVER_REPORT_SHA_H_
#define SIGNALBOX_SERVER_REPORT_SHA_H_

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// The full id of a commit, in the bytes that its hexadecimal digits stand for,
// or none. A value that allocates nothing. ParseSha makes it from text.
class Sha {
 public:
  // No commit.
  Sha() = default;

  // The id with these bytes, as the store has them. Only 20 or 32 bytes are an
  // id; others are damaged, and give no commit.
  static Sha OfBytes(absl::string_view bytes);

  bool empty() const { return size_ == 0; }
  // Valid as long as this object.
  absl::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_};
  }
  // 40 or 64 digits in lower case, which is how GitHub and the API write it.
  // Empty: no commit.
  std::string Hex() const;

  // The order is that of the digits.
  friend bool operator==(const Sha&, const Sha&) = default;
  friend auto operator<=>(const Sha&, const Sha&) = default;
  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const Sha& sha) {
    return Hash::combine(std::move(hash), sha.bytes());
  }

 private:
  std::array<unsigned char, 32> bytes_{};  // 0 behind `size_`.
  size_t size_ = 0;
};

// Reads a full commit id (IsSha of common/names.h) of either case.
// INVALID_ARGUMENT, reason INVALID_SHA: it is none.
absl::StatusOr<Sha> ParseSha(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_SHA_H_
