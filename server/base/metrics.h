#ifndef SIGNALBOX_SERVER_BASE_METRICS_H_
#define SIGNALBOX_SERVER_BASE_METRICS_H_

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace prometheus {
class Counter;
}

namespace signalbox {

// Metrics holds the counters and gauges of the process, which `/metrics` shows
// in Prometheus' text format. A metric exists from its first use on. Each has a
// name, which begins with `signalbox_`, a help text and labels.
//
// Label values must come from a small set (reasons, verdicts), never from a
// request: each combination of values is kept for ever.
//
// Thread-safe.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // Adds `by` to a counter, which begins at 0. Of several calls with one name,
  // only the first `help` is used.
  void Add(const std::string& name, const std::string& help,
           const Labels& labels = {}, double by = 1);

  // A counter for frequent events: CounterOf looks it up once, and Add is then
  // cheap. Valid as long as the Metrics. Thread-safe.
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

  // Sets a gauge: a value that can rise and fall.
  void Set(const std::string& name, const std::string& help, double value,
           const Labels& labels = {});

  // All metrics, as `text/plain; version=0.0.4`.
  std::string Text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

// CodeCounters counts how calls end, by their absl::StatusCode, which is in the
// label `code`. A code gets its counter when it first occurs.
//
// Thread-safe.
class CodeCounters {
 public:
  // `metrics` is borrowed. The counters have this name and help, and `labels`
  // besides `code`.
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
