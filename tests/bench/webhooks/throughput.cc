#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/clock.h"
#include "tests/bench/percentile.h"
#include "tests/bench/webhooks/contenders.h"
#include "tests/bench/webhooks/deliveries.h"
#include "tests/bench/webhooks/github_view.h"
#include "tests/bench/webhooks/load_generator.h"
#include "tests/bench/webhooks/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using Aim = Figure::Aim;

// More than any server takes in a second on today's machines.
constexpr int kMostPerSecond = 10'000;
constexpr absl::Duration kShownLimit = absl::Minutes(1);

// What each round measured of one thing.
using Samples = std::map<std::string, std::vector<double>>;

absl::Duration OwnCpuTime() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) +
         absl::DurationFromTimeval(usage.ru_stime);
}

double LoadAverage() {
  double average = 0;
  getloadavg(&average, 1);
  return average;
}

double Milliseconds(const LoadResult& result, double share) {
  return result.latencies.empty()
             ? 0
             : absl::ToDoubleMilliseconds(Percentile(result.latencies, share));
}

// One server, as it takes deliveries of one form.
class Lane {
 public:
  Lane(const Contender* contender, const Deliveries* kind, std::string name,
       const Process* simulator, GitHubView* github)
      : contender_(contender),
        kind_(kind),
        name_(std::move(name)),
        simulator_(simulator),
        github_(github) {}

  const std::string& name() const { return name_; }

  // Does all the work of one round.
  void Run(const ThroughputOptions& options) {
    Load load;
    load.port = contender_->port;
    load.time = options.time;
    load.connections = options.connections;
    most_deliveries_ = options.most_deliveries;
    // As a proxy in front of the server does.
    load.keep_alive = true;
    const double most = RunClosed(load);
    load.keep_alive = false;
    samples_["not kept"].push_back(Send(load).PerSecond());
    load.keep_alive = true;
    load.rate = most / 2;
    const LoadResult open = Send(load);
    samples_["open rate"].push_back(load.rate);
    samples_["open p50"].push_back(Milliseconds(open, 0.5));
    samples_["open p99"].push_back(Milliseconds(open, 0.99));
  }

  // The median of all rounds; 0: it was not measured.
  double Of(const std::string& what) const {
    const auto found = samples_.find(what);
    return found == samples_.end() ? 0 : Percentile(found->second, 0.5);
  }

  std::vector<Figure> Figures(bool judges_speed) const {
    std::vector<Figure> figures;
    const auto add = [&](const std::string& what, double value,
                         const std::string& unit, Aim aim = Aim::kNone,
                         double target = 0) {
      figures.push_back({name_, what, value, unit, aim, target});
    };
    const Aim at_most =
        judges_speed && contender_->posts_behind ? Aim::kAtMost : Aim::kNone;
    add("body", static_cast<double>(kind_->body_size()), "B");
    add(contender_->posts_behind ? "answered a second: on disk, not yet posted"
                                 : "answered a second: posted",
        Of("closed"), "/s");
    add("  from sent to answered, p50", Of("closed p50"), "ms");
    add("  from sent to answered, p99", Of("closed p99"), "ms", at_most, 20);
    add("shown by GitHub a second", Of("shown"), "/s");
    add("  the last one, after the last answer", Of("behind"), "s");
    add("answered a second, each on a connection of its own", Of("not kept"),
        "/s");
    add("at half that rate, by the clock", Of("open rate"), "/s");
    add("  from due to answered, p50", Of("open p50"), "ms");
    add("  from due to answered, p99", Of("open p99"), "ms", at_most, 20);
    for (const auto& program : contender_->programs) {
      add(absl::StrCat("CPU per delivery, ", program->name()),
          Of(program->name()), "us");
    }
    add(absl::StrCat("CPU per delivery, ", simulator_->name()),
        Of(simulator_->name()), "us");
    add("CPU per delivery, load generator", Of("generator"), "us");
    add("deliveries failed or not shown", static_cast<double>(failed_), "",
        Aim::kAtMost, 0);
    return figures;
  }

 private:
  LoadResult Send(const Load& load) {
    const double rate = load.rate > 0 ? load.rate * 1.1 : kMostPerSecond;
    sent_ = kind_->Make(
        std::min(static_cast<int>(rate * absl::ToDoubleSeconds(load.time)) + 1,
                 most_deliveries_));
    const absl::Duration cpu = OwnCpuTime();
    LoadResult result = SendLoad(load, *kind_, sent_);
    generator_cpu_ = OwnCpuTime() - cpu;
    sent_.resize(result.sent);
    failed_ += result.failed;
    const SteadyTime answered = Clock::System()->Steady();
    const int missing = github_->AwaitAll(sent_, kShownLimit);
    behind_ = Clock::System()->Steady() - answered;
    failed_ += missing;
    return result;
  }

  // Returns how many were answered a second.
  double RunClosed(const Load& load) {
    std::map<const Process*, absl::Duration> begin = {
        {simulator_, simulator_->CpuTime()}};
    for (const auto& program : contender_->programs) {
      begin[program.get()] = program->CpuTime();
    }
    const LoadResult result = Send(load);
    const auto count = static_cast<double>(result.latencies.size());
    if (count == 0) GiveUp(absl::StrCat(name_, ": answered no delivery"));
    samples_["closed"].push_back(result.PerSecond());
    samples_["closed p50"].push_back(Milliseconds(result, 0.5));
    samples_["closed p99"].push_back(Milliseconds(result, 0.99));
    samples_["behind"].push_back(absl::ToDoubleSeconds(behind_));
    samples_["shown"].push_back(count /
                                absl::ToDoubleSeconds(result.time + behind_));
    for (const auto& [program, cpu] : begin) {
      samples_[program->name()].push_back(
          absl::ToDoubleMicroseconds(program->CpuTime() - cpu) / count);
    }
    samples_["generator"].push_back(absl::ToDoubleMicroseconds(generator_cpu_) /
                                    count);
    return result.PerSecond();
  }

  const Contender* const contender_;
  const Deliveries* const kind_;
  const std::string name_;
  const Process* const simulator_;
  GitHubView* const github_;

  Samples samples_;
  int failed_ = 0;
  int most_deliveries_ = 0;
  // Of the last run.
  std::vector<SignedDelivery> sent_;
  absl::Duration generator_cpu_;
  absl::Duration behind_;
};

using Lanes = std::map<std::string, const Lane*>;  // By name.

std::vector<Figure> Ratios(const Lanes& lanes, bool judges_speed) {
  struct Pair {
    std::string ours;
    std::string theirs;
    double target;
  };
  std::vector<Figure> figures;
  for (const auto& [of, by, target] :
       {Pair{"signalbox, json", "Sinatra, json", 40},
        Pair{"signalbox, form", "Sinatra, form", 40},
        Pair{"signalbox, json", "Node, json", 2.5}}) {
    if (lanes.count(of) == 0 || lanes.count(by) == 0) continue;
    const Lane& ours = *lanes.at(of);
    const Lane& theirs = *lanes.at(by);
    const std::string what = absl::StrCat(of, " / ", by);
    const auto add = [&, target = target](const std::string& how, double ratio,
                                          bool is_judged) {
      figures.push_back({"ratios", absl::StrCat(what, ": ", how), ratio, "",
                         is_judged ? Aim::kAtLeast : Aim::kNone, target});
    };
    add("answered a second", ours.Of("closed") / theirs.Of("closed"),
        judges_speed);
    add("the same, each on a connection of its own",
        ours.Of("not kept") / theirs.Of("not kept"), false);
    add("shown by GitHub a second", ours.Of("shown") / theirs.Of("shown"),
        false);
  }
  return figures;
}

std::vector<Figure> Memory(const std::vector<Contender>& contenders) {
  std::vector<Figure> figures;
  for (const Contender& contender : contenders) {
    for (const auto& program : contender.programs) {
      const bool is_shim = program->name() == "signalbox-shim";
      figures.push_back({"memory", absl::StrCat(program->name(), ", resident"),
                         program->ResidentMebibytes(), "MiB",
                         is_shim ? Aim::kAtMost : Aim::kNone, 40});
      figures.push_back({"memory", absl::StrCat(program->name(), ", peak"),
                         program->PeakMebibytes(), "MiB", Aim::kNone, 0});
    }
  }
  return figures;
}

}  // namespace

ThroughputOptions Distant(ThroughputOptions options) {
  options.github_latency = absl::Milliseconds(100);
  options.time = std::min(options.time, absl::Seconds(1));
  // A server that posts later has as many left to post, at 80 a second.
  options.most_deliveries = 600;
  options.forms = false;
  return options;
}

std::vector<Figure> Throughput(const ThroughputOptions& options) {
  const double load_before = LoadAverage();
  const std::string payload = ExamplePayload();
  const Deliveries json(payload, Deliveries::Form::kJson);
  const Deliveries form(payload, Deliveries::Form::kForm);

  const TempDir dir;
  const std::string secret_file = dir.Path("secret");
  std::ofstream(secret_file) << kWebhookSecret;
  const auto simulator = StartSimulator();
  const std::string api_url = absl::StrCat("http://", simulator->found());
  GitHubView github(simulator->found());
  github.SetLatency(options.github_latency);
  std::vector<Contender> contenders;
  for (const std::string& server : options.servers) {
    contenders.push_back(
        server == "signalbox"
            ? StartSignalbox(api_url, dir.Path("data"), secret_file)
        : server == "Sinatra" ? StartSinatra(api_url)
                              : StartNode(api_url));
  }

  std::vector<std::unique_ptr<Lane>> lanes;
  Lanes by_name;
  for (const auto& [kind, kind_name] :
       {std::pair(&json, "json"), std::pair(&form, "form")}) {
    for (const Contender& contender : contenders) {
      if (kind == &form && !(contender.takes_forms && options.forms)) continue;
      lanes.push_back(std::make_unique<Lane>(
          &contender, kind, absl::StrCat(contender.name, ", ", kind_name),
          simulator.get(), &github));
      by_name[lanes.back()->name()] = lanes.back().get();
    }
  }
  // A server that compiles busy code at run time has done so after this.
  for (const Contender& contender : contenders) {
    Load load;
    load.port = contender.port;
    load.time = options.time / 2;
    const std::vector<SignedDelivery> deliveries = json.Make(std::min(
        static_cast<int>(absl::ToDoubleSeconds(load.time) * kMostPerSecond),
        options.most_deliveries / 2));
    const LoadResult result = SendLoad(load, json, deliveries);
    if (result.latencies.empty()) {
      GiveUp(
          absl::StrCat(contender.name, " does not accept a correct delivery"));
    }
    github.AwaitAll(absl::MakeConstSpan(deliveries).first(result.sent),
                    kShownLimit);
  }
  for (int round = 0; round < options.rounds; ++round) {
    for (const auto& lane : lanes) {
      std::fprintf(stderr, "\rthroughput: round %d of %d: %-20s", round + 1,
                   options.rounds, lane->name().c_str());
      lane->Run(options);
    }
  }
  std::fprintf(stderr, "\n");

  std::vector<Figure> figures;
  for (const auto& lane : lanes) {
    for (Figure& figure : lane->Figures(options.judges_speed)) {
      figures.push_back(std::move(figure));
    }
  }
  for (std::vector<Figure> more :
       {Ratios(by_name, options.judges_speed), Memory(contenders)}) {
    std::move(more.begin(), more.end(), std::back_inserter(figures));
  }
  const auto machine = [&](const std::string& what, double value,
                           Aim aim = Aim::kNone) {
    figures.push_back({"machine", what, value, "", aim, 0});
  };
  machine("processors", static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)));
  machine("load average before", load_before);
  machine("load average after", LoadAverage());
  machine("statuses beyond one for each head",
          static_cast<double>(github.Repeats()), Aim::kAtMost);
  if (options.github_latency > absl::ZeroDuration()) {
    for (Figure& figure : figures) {
      figure.suite = absl::StrCat("distant: ", figure.suite);
    }
  }
  return figures;
}

}  // namespace signalbox
