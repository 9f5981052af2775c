#ifndef SIGNALBOX_REST_URL_MOVER_H_
#define SIGNALBOX_REST_URL_MOVER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// UrlMover replaces the address of GitHub's API by the door's in what GitHub
// answers. Without that, a client that follows such a URL would go round the
// door from then on: Octokit and hub4j follow `Link`, and PyGithub makes the
// address of a status from the `url` of a commit.
//
// A URL is moved if it is the API's address alone, or if `/`, `?`, `#` or `{`
// follows the address. All other text stays as it is, byte for byte.
//
// Thread-safe.
class UrlMover {
 public:
  // The API's address and the door's, both as `https://HOST[/PATH]` without a
  // slash at the end. Neither has a character that JSON would escape.
  UrlMover(std::string api, std::string base);

  // The value of the header `Link`, with the URLs between `<` and `>` moved.
  std::string Link(absl::string_view value) const;

  // The value of the header `Location`. One without a host becomes absolute,
  // because it is meant for GitHub's.
  std::string Location(absl::string_view value) const;

  // A body, with the strings moved that are values of `url` or of a member
  // whose name ends in `_url`. The whole body stays as it is if it is not
  // valid JSON.
  std::string Json(std::string body) const;

 private:
  std::string Moved(absl::string_view url) const;
  // The size of the API's address at the beginning of `raw`, which is the
  // inside of a string of JSON, with its escapes. 0: it is not moved.
  size_t AddressIn(absl::string_view raw) const;

  const std::string api_;
  const std::string origin_;  // The API's scheme and host.
  const std::string base_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_URL_MOVER_H_
