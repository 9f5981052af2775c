#include "server/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace signalbox {

struct Metrics::Registry {
  prometheus::Registry registry;
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

// The library returns the same family and metric for the same name and labels.
void Metrics::Add(const std::string& name, const std::string& help,
                  const Labels& labels, double by) {
  CounterOf(name, help, labels).Add(by);
}

Metrics::Counter Metrics::CounterOf(const std::string& name,
                                    const std::string& help,
                                    const Labels& labels) {
  return Counter(&prometheus::BuildCounter()
                      .Name(name)
                      .Help(help)
                      .Register(registry_->registry)
                      .Add(labels));
}

void Metrics::Counter::Add(double by) const { counter_->Increment(by); }

void Metrics::Set(const std::string& name, const std::string& help,
                  double value, const Labels& labels) {
  prometheus::BuildGauge()
      .Name(name)
      .Help(help)
      .Register(registry_->registry)
      .Add(labels)
      .Set(value);
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(registry_->registry.Collect());
}

void CodeCounters::Count(absl::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  auto& place =
      counters_[index < counters_.size()
                    ? index
                    : static_cast<size_t>(absl::StatusCode::kUnknown)];
  prometheus::Counter* counter = place.load(std::memory_order_acquire);
  if (counter == nullptr) {
    Metrics::Labels labels = labels_;
    labels["code"] = absl::StatusCodeToString(code);
    counter = metrics_->CounterOf(name_, help_, labels).counter_;
    place.store(counter, std::memory_order_release);
  }
  counter->Increment();
}

}  // namespace signalbox
