#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/calls/contestants.h"
#include "tests/bench/comparison.h"
#include "tests/bench/our_programs.h"
#include "tests/bench/percentile.h"
#include "tests/bench/rest/rest_world.h"
#include "tests/bench/rest/suites.h"
#include "tests/bench/webhooks/load_generator.h"

namespace signalbox {
namespace {

// More than any server takes on today's machines.
constexpr double kMostPerSecond = 20'000;
// One sync makes all durable that wait for it.
constexpr int kConnections = 64;

// Requests that set the status of a commit each.
class StatusPosts : public LoadRequests {
 public:
  static std::vector<SignedDelivery> Make(int count) {
    static auto* const random = new std::mt19937_64(std::random_device{}());
    std::vector<SignedDelivery> posts(count);
    for (SignedDelivery& post : posts) {
      post.sha = absl::StrFormat("%016x%016x%08x", (*random)(), (*random)(),
                                 (*random)() >> 32);
    }
    return posts;
  }

  std::string Request(absl::string_view host, bool keep_alive) const override {
    constexpr absl::string_view kBody =
        R"({"state":"success","context":"ci/bench","description":"built in 3 )"
        R"(minutes","target_url":"https://ci.example.com/builds/4711"})";
    return absl::StrCat(Line(std::string(40, '0')), "Host: ", host,
                        "\r\nAuthorization: token caller\r\n"
                        "Content-Type: application/json\r\nContent-Length: ",
                        kBody.size(), keep_alive ? "" : "\r\nConnection: close",
                        "\r\n\r\n", kBody);
  }

  void Fill(const SignedDelivery& post, std::string* request) const override {
    static const size_t kAt = Line("").find(" HTTP/");
    request->replace(kAt, post.sha.size(), post.sha);
  }

 private:
  static std::string Line(absl::string_view sha) {
    return absl::StrCat("POST /repos/bench/app/statuses/", sha,
                        " HTTP/1.1\r\n");
  }
};

// One server that takes statuses.
struct Taker {
  std::string name;
  int port = 0;
  std::vector<const Process*> programs;
  int64_t failed = 0;

  struct Turn {
    double per_second = 0;
    double p99 = 0;  // Milliseconds.
    double cpu = 0;  // Of all programs, microseconds for each status.
  };
  Turn Take(absl::Duration time) {
    const std::vector<SignedDelivery> posts = StatusPosts::Make(
        static_cast<int>(kMostPerSecond * absl::ToDoubleSeconds(time)) + 1);
    Load load;
    load.port = port;
    load.time = time;
    load.keep_alive = true;
    load.connections = kConnections;
    absl::Duration cpu;
    for (const Process* program : programs) cpu -= program->CpuTime();
    const LoadResult result = SendLoad(load, StatusPosts(), posts);
    for (const Process* program : programs) cpu += program->CpuTime();
    failed += result.failed;
    if (result.latencies.empty()) GiveUp(absl::StrCat(name, " takes nothing"));
    return {result.PerSecond(),
            absl::ToDoubleMilliseconds(Percentile(result.latencies, 0.99)),
            absl::ToDoubleMicroseconds(cpu) /
                static_cast<double>(result.latencies.size())};
  }
};

}  // namespace

std::vector<Figure> Endpoint(const RestOptions& options) {
  const TempDir dir;
  const Contestant noop = StartNoop();
  const auto bare = StartMeasured(
      "bare", {OurProgram("signalbox-bench-noop"), "rest", noop.address}, {},
      "listening on ");
  const DeadAddress github;
  const Contestant server = StartServer(dir.Path("data"), github);
  const auto shim = StartOurEndpoint(server.address, dir);
  Taker reference{
      "cpp-httplib", bare->Port(), {bare.get(), noop.program.get()}};
  Taker subject{
      "the endpoint", shim->Port(), {shim.get(), server.program.get()}};
  reference.Take(options.time / 4);
  subject.Take(options.time / 4);
  Comparison rate;
  Comparison p99;
  Comparison cpu;
  for (int round = 0; round < options.rounds; ++round) {
    const Taker::Turn theirs = reference.Take(options.time);
    const Taker::Turn ours = subject.Take(options.time);
    rate.Add(ours.per_second, theirs.per_second);
    p99.Add(ours.p99, theirs.p99);
    cpu.Add(ours.cpu, theirs.cpu);
  }
  constexpr char kSuite[] = "endpoint";
  using Aim = Figure::Aim;
  return {rate.ToFigure(kSuite, "durable statuses a second, of a bare handler",
                        "/s", options.judges_speed ? Aim::kAtLeast : Aim::kNone,
                        0.6),
          p99.ToFigure(kSuite, "  from sent to answered, p99", "ms"),
          cpu.ToFigure(kSuite, "  CPU for each, with the gRPC server", "us"),
          {kSuite, "statuses that failed",
           static_cast<double>(reference.failed + subject.failed), "",
           Aim::kAtMost, 0}};
}

}  // namespace signalbox
