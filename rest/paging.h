#ifndef SIGNALBOX_REST_PAGING_H_
#define SIGNALBOX_REST_PAGING_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace signalbox {

// Whether the element of a list with this index, which counts from 0, is on a
// page. Pages count from 1.
inline bool IsOnPage(size_t index, int64_t page, int64_t per_page) {
  return static_cast<int64_t>(index) / per_page == page - 1;
}

// The header Link of a page: the addresses of the next, previous, first and
// last pages at `url`, which has no query. Empty: there is only one page.
std::string LinkOf(const std::string& url, int64_t page, int64_t per_page,
                   size_t total);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_PAGING_H_
