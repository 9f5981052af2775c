#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// The target of a request: path segments and query parameters. Each is
// percent-decoded separately, so that an encoded slash separates nothing.
struct RequestTarget {
  // The path must begin with `prefix`, such as "/api/v3".
  static RequestTarget Parse(absl::string_view target,
                             absl::string_view prefix);

  // The first query parameter of that name; empty if there is none.
  absl::string_view Query(absl::string_view name) const;

  // The query without the parameters of these names, still encoded: "" or
  // "a=1&b=2&".
  std::string RawQueryWithout(
      std::initializer_list<absl::string_view> names) const;

  // What follows the first `count` segments, with the query, still encoded: ""
  // or "/...".
  std::string RawAfter(size_t count) const;

  // False if the path does not begin with the prefix, has an empty segment (a
  // trailing slash makes one) or a percent sign without two digits.
  bool is_valid = false;
  std::vector<std::string> segments;
  std::vector<std::string> raw_segments;
  std::string raw_query;  // Without the question mark.
  std::vector<std::pair<std::string, std::string>> query;
};

// Undoes percent-encoding; nothing if it is malformed.
std::optional<std::string> PercentDecode(absl::string_view text);

// Encodes everything but letters, digits and "-._~".
std::string PercentEncode(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_REQUEST_TARGET_H_
