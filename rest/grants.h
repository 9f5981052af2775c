#ifndef SIGNALBOX_REST_GRANTS_H_
#define SIGNALBOX_REST_GRANTS_H_

#include <algorithm>

#include "absl/strings/string_view.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Whether the caller with these grants has a right, such as `report`.
inline bool HasRight(const v1::Grants& grants, absl::string_view right) {
  return std::ranges::find(grants.rights(), right) != grants.rights().end();
}

}  // namespace signalbox

#endif  // SIGNALBOX_REST_GRANTS_H_
