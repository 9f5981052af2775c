#ifndef SIGNALBOX_REST_LISTING_H_
#define SIGNALBOX_REST_LISTING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "rest/bodies.h"
#include "rest/route.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What an answer shows of the statuses of a commit: one page of the list. It
// holds no others, because there can be many, with long texts. Not thread-safe.
class Listing {
 public:
  explicit Listing(const RestRoute& route)
      : is_combined_(route.resource == RestResource::kCombined),
        page_(route.page),
        per_page_(route.per_page) {}

  // Takes the statuses, newest first. A combined status has the newest of each
  // context.
  void Add(const v1::ListedReport& report);

  bool is_combined() const { return is_combined_; }
  size_t total() const { return total_; }
  // GitHub's rule for the state of a commit.
  absl::string_view state() const;
  const std::vector<RestStatus>& on_page() const { return on_page_; }

 private:
  const bool is_combined_;
  const int64_t page_;
  const int64_t per_page_;
  absl::flat_hash_set<std::string> contexts_;
  size_t total_ = 0;
  bool has_failed_ = false;
  bool is_pending_ = false;
  std::vector<RestStatus> on_page_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_LISTING_H_
