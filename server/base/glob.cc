#include "server/base/glob.h"

#include "absl/strings/ascii.h"

namespace signalbox {
namespace {

bool SameLetter(char a, char b) {
  return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
         absl::ascii_tolower(static_cast<unsigned char>(b));
}

}  // namespace

// If the pattern after a `*` does not match, only the last `*` is extended by
// one character. Extending an earlier one cannot find more matches, because all
// of them stop at the same character.
bool GlobMatches(absl::string_view pattern, absl::string_view text,
                 char star_stops_at) {
  size_t p = 0;
  size_t t = 0;
  bool star_seen = false;
  size_t after_star = 0;  // In `pattern`.
  size_t star_end = 0;    // In `text`: where the last `*` ends at present.
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star_seen = true;
      after_star = ++p;
      star_end = t;
      continue;
    }
    if (p < pattern.size() && SameLetter(pattern[p], text[t])) {
      ++p;
      ++t;
      continue;
    }
    if (!star_seen) return false;
    if (star_stops_at != '\0' && SameLetter(text[star_end], star_stops_at)) {
      return false;
    }
    p = after_star;
    t = ++star_end;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace signalbox
