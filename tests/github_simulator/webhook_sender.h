#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/mutex.h"
#include "server/base/secret.h"

namespace signalbox {

inline constexpr int64_t kHookId = 4'300'000'017;

// Sends webhooks as GitHub does, signed, and remembers the last thousand so
// that they can be sent again.
//
// Thread-safe.
class WebhookSender {
 public:
  struct Options {
    std::string url;  // Where to, unless a call says so; may be empty.
    Secret secret;    // Empty: deliveries are not signed.
    // The host of a GHES, which its deliveries name; empty: github.com.
    std::string enterprise_host = "";
  };

  struct Delivery {
    std::string id;  // The GUID.
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string content_type;
    std::string body;
    std::string sha;  // The commit that it is about; not sent.
  };

  // What a delivery came to: `status` 0 and an `error`, or the answer.
  struct Outcome {
    int status = 0;
    std::string body = "";
    std::string error = "";
  };

  explicit WebhookSender(Options options);

  // Signs and remembers a delivery. `as_form` as `payload=...`, else as JSON.
  Delivery Prepare(absl::string_view event, absl::string_view payload,
                   bool as_form, int64_t repository_id, absl::string_view sha,
                   absl::string_view url);
  // A delivery that was prepared; nothing if it is unknown or forgotten.
  std::optional<Delivery> Find(absl::string_view id);

  // Sends it and waits for the answer, ten seconds as GitHub does.
  static Outcome Send(const Delivery& delivery);

  // `bytes` random bytes in hexadecimal.
  std::string RandomHex(int bytes);

 private:
  const Options options_;

  Mutex mu_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_){std::random_device()()};
  std::deque<Delivery> sent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_
