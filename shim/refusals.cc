#include "shim/refusals.h"

#include <cstddef>

namespace signalbox {
namespace {

constexpr size_t kMostKinds = 100;

}  // namespace

bool Refusals::IsNews(absl::string_view method, absl::string_view why,
                      bool ends_with_success) {
  MutexLock lock(&mu_);
  if (methods_.size() >= kMostKinds) return false;
  return methods_
      .emplace(std::string(why),
               ends_with_success ? std::string(method) : std::string())
      .second;
}

void Refusals::NoteSuccess(absl::string_view method) {
  MutexLock lock(&mu_);
  std::erase_if(methods_,
                [method](const auto& one) { return one.second == method; });
}

}  // namespace signalbox
