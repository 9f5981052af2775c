#ifndef SIGNALBOX_SERVER_BASE_METRICS_H_
#define SIGNALBOX_SERVER_BASE_METRICS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// The process's counters and gauges, in Prometheus' text format. Names carry
// the prefix `signalbox_`; label values must come from a small fixed set
// (reasons, verdicts), never from a request.
//
// Thread-safe.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // Adds `by` to a counter, which begins at 0. `help` counts at the first use.
  void Add(const std::string& name, const std::string& help,
           const Labels& labels = {}, double by = 1);

  // Sets a gauge.
  void Set(const std::string& name, const std::string& help, double value,
           const Labels& labels = {});

  // Everything, as `text/plain; version=0.0.4`.
  std::string Text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_METRICS_H_
