#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/bench/webhooks/load_generator.h"

namespace signalbox {

// The secret of all webhooks in the benchmark.
constexpr char kWebhookSecret[] = "It's a Secret to Everybody";

// Makes webhook requests like GitHub's "a pull request was opened": a real
// payload in which each delivery has another pull request and another head. The
// requests are signed with kWebhookSecret. The expensive work, such as signing,
// is done in Make, before a benchmark measures.
class Deliveries : public LoadRequests {
 public:
  enum class Form { kJson, kForm };

  // `payload` is the JSON of one of them.
  Deliveries(absl::string_view payload, Form form);

  // Makes `count` deliveries. No other call in this process returns the same.
  std::vector<SignedDelivery> Make(int count) const;

  std::string Request(absl::string_view host, bool keep_alive) const override;
  void Fill(const SignedDelivery& delivery,
            std::string* request) const override;

  size_t body_size() const { return body_.size(); }

 private:
  void FillBody(const SignedDelivery& delivery, char* body) const;

  const Form form_;
  std::string body_;
  // Where the body names the pull request and its head.
  std::vector<size_t> numbers_;
  std::vector<size_t> shas_;
};

// A real payload of an opened pull request, from the npm package
// @octokit/webhooks-examples. If the package is not installed, the benchmark
// ends with a message.
std::string ExamplePayload();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_
