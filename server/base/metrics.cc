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
  prometheus::BuildCounter()
      .Name(name)
      .Help(help)
      .Register(registry_->registry)
      .Add(labels)
      .Increment(by);
}

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

}  // namespace signalbox
