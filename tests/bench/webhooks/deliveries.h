#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

constexpr char kWebhookSecret[] = "It's a Secret to Everybody";

// What differs between deliveries.
struct Delivery {
  std::string number;  // Of the pull request; seven digits.
  std::string sha;
  std::string guid;
  std::string signature;  // 64 hex digits.
};

// Deliveries of "a pull request was opened", as GitHub makes them: a real
// payload, with another pull request and head for each delivery, signed.
// Expensive work is done beforehand.
class Deliveries {
 public:
  enum class Form { kJson, kForm };

  // `payload` is the JSON of one of them.
  Deliveries(absl::string_view payload, Form form);

  // Makes the next `count`. This process never made any of them before, in
  // whatever object.
  std::vector<Delivery> Make(int count) const;

  // A whole request to `host`, for Fill.
  std::string Request(absl::string_view host, bool keep_alive) const;
  // Turns a text of Request into that of `delivery`, in place.
  void Fill(const Delivery& delivery, std::string* request) const;

  size_t body_size() const { return body_.size(); }

 private:
  void FillBody(const Delivery& delivery, char* body) const;

  const Form form_;
  std::string body_;
  // Where the body names the pull request and its head.
  std::vector<size_t> numbers_;
  std::vector<size_t> shas_;
};

// The payload of an opened pull request, from the collection
// @octokit/webhooks-examples. Ends the benchmark if it is not there.
std::string ExamplePayload();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_DELIVERIES_H_
