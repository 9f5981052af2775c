#ifndef SIGNALBOX_REST_PAGING_H_
#define SIGNALBOX_REST_PAGING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace signalbox {

// The elements of a page; none beyond the last. Pages count from 1.
template <typename T>
absl::Span<const T> PageOf(absl::Span<const T> all, int64_t page,
                           int64_t per_page) {
  const auto size = static_cast<int64_t>(all.size());
  if (page - 1 >= (size + per_page - 1) / per_page) return {};
  return all.subspan(static_cast<size_t>((page - 1) * per_page),
                     static_cast<size_t>(per_page));
}

// The header Link of a page: the addresses of the next, previous, first and
// last pages at `url`, which has no query. Empty: there is only one page.
std::string LinkOf(const std::string& url, int64_t page, int64_t per_page,
                   size_t total);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_PAGING_H_
