#ifndef SIGNALBOX_SERVER_BASE_METRICS_H_
#define SIGNALBOX_SERVER_BASE_METRICS_H_

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prometheus {
class Counter;
}

namespace signalbox {

// The counters and gauges of the process, in Prometheus' text format. Names
// carry the prefix `signalbox_`. Label values must come from a small fixed set
// (reasons, verdicts), never from a request.
//
// Thread-safe.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // Adds `by` to a counter, which begins at 0. Only the first `help` is used.
  void Add(const std::string& name, const std::string& help,
           const Labels& labels = {}, double by = 1);

  // A counter for frequent events: the lookup happens only once. Valid as long
  // as the Metrics. Thread-safe.
  class Counter {
   public:
    void Add(double by = 1) const;

   private:
    friend class Metrics;
    friend class CodeCounters;
    explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
    prometheus::Counter* counter_;
  };
  Counter CounterOf(const std::string& name, const std::string& help,
                    const Labels& labels = {});

  // Sets a gauge.
  void Set(const std::string& name, const std::string& help, double value,
           const Labels& labels = {});

  // All metrics, as `text/plain; version=0.0.4`.
  std::string Text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

// Counts statuses by their codes, in the label `code`. A code gets its counter
// when it first occurs. Thread-safe.
class CodeCounters {
 public:
  // `metrics` is borrowed.
  CodeCounters(Metrics* metrics, std::string name, std::string help,
               Metrics::Labels labels = {})
      : metrics_(metrics),
        name_(std::move(name)),
        help_(std::move(help)),
        labels_(std::move(labels)) {}

  void Count(absl::StatusCode code);

 private:
  Metrics* const metrics_;
  const std::string name_;
  const std::string help_;
  const Metrics::Labels labels_;
  // By code; null until the code occurs.
  std::array<std::atomic<prometheus::Counter*>, 17> counters_ = {};
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_METRICS_H_
