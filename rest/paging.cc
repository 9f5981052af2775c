#include "rest/paging.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace signalbox {

std::string LinkOf(const std::string& url, int64_t page, int64_t per_page,
                   size_t total) {
  const int64_t last = std::max<int64_t>(
      1, (static_cast<int64_t>(total) + per_page - 1) / per_page);
  std::vector<std::string> links;
  const auto add = [&](int64_t to, absl::string_view rel) {
    links.push_back(absl::StrCat("<", url, "?per_page=", per_page, "&page=", to,
                                 ">; rel=\"", rel, "\""));
  };
  if (page > 1) add(std::min(page - 1, last), "prev");
  if (page < last) {
    add(page + 1, "next");
    add(last, "last");
  }
  if (page > 1) add(1, "first");
  return absl::StrJoin(links, ", ");
}

}  // namespace signalbox
