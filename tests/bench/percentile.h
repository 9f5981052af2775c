#ifndef SIGNALBOX_TESTS_BENCH_PERCENTILE_H_
#define SIGNALBOX_TESTS_BENCH_PERCENTILE_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace signalbox {

// The value that `share` of all values do not exceed: 0.5 is the median.
// `values` must not be empty.
template <typename T>
T Percentile(std::vector<T> values, double share) {
  const auto index =
      static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_PERCENTILE_H_
