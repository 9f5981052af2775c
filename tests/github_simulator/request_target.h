#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// The target of a request, taken apart: path segments and query parameters.
// Each is percent-decoded by itself, so that an encoded slash separates
// nothing.
struct RequestTarget {
  // Takes a target apart. Its path must begin with `prefix`, such as "/api/v3",
  // which is not among the segments. Look at `is_valid` before the rest.
  static RequestTarget Parse(absl::string_view target,
                             absl::string_view prefix);

  // The value of the first query parameter of that name; empty: there is none.
  absl::string_view Query(absl::string_view name) const;

  // The query without the parameters of these names, still encoded. It ends
  // with "&" unless it is empty: "a=1&b=2&".
  std::string RawQueryWithout(
      std::initializer_list<absl::string_view> names) const;

  // What follows the first `count` segments, still encoded and with the query:
  // "" or "/...".
  std::string RawAfter(size_t count) const;

  // False: the path does not begin with the prefix, or has an empty segment (a
  // trailing slash makes one, but not behind the prefix), or a percent sign
  // without two digits follows. True without segments: the path is the prefix.
  bool is_valid = false;
  // Decoded, and as the client sent them.
  std::vector<std::string> segments;
  std::vector<std::string> raw_segments;
  std::string raw_query;  // Without the question mark.
  std::vector<std::pair<std::string, std::string>> query;
};

// Decodes percent signs; nothing: the text is malformed.
std::optional<std::string> PercentDecode(absl::string_view text);

// Encodes everything except letters, digits and "-._~".
std::string PercentEncode(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_
