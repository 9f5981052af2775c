#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONDUCT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONDUCT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// Conduct watches clients: which requests are under way, what clients can know,
// and what they should not have done. Time is an argument.
//
// Not thread-safe.
class Conduct {
 public:
  // Names one status: repository, sha, context. The last two are in lower case.
  using Key = std::tuple<int64_t, std::string, std::string>;

  // A request, until the client has the answer or stops waiting.
  struct Exchange {
    std::string account;
    absl::Time opened_at;
    // When it is over; infinite: only Forget ends it.
    absl::Time over_at = absl::InfiniteFuture();
    bool is_handled = false;
    bool is_given_up = false;
    std::optional<Key> posted =
        std::nullopt;  // The status that it is to create.
  };

  GitHubRules::Misbehaviour misbehaviour;

  // The limit on requests of one account under way together; 0: none.
  void set_max_concurrent(int count) { max_concurrent_ = count; }
  int max_concurrent() const { return max_concurrent_; }
  // The most that were ever under way.
  int max_in_flight() const { return max_in_flight_; }

  // Counts a request that begins. Returns its number.
  int64_t Open(const std::string& account, absl::Time now);
  // Null: it is over.
  Exchange* Find(int64_t exchange);
  void Forget(int64_t exchange) { exchanges_.erase(exchange); }

  // The client does not know the outcome of its request to create `key`. It may
  // once repeat what GitHub shows.
  void Lose(const Key& key) { lost_.insert(key); }

  // Judges a new row; `shown` is the newest of its key so far. A pending after
  // a result uses up one of `reruns_allowed`.
  void Judge(const Key& key, const GitHubRules::Row& shown,
             const GitHubRules::Row& row, int* reruns_allowed);

 private:
  int max_concurrent_ = 0;
  int max_in_flight_ = 0;
  std::map<int64_t, Exchange> exchanges_;
  int64_t next_exchange_ = 1;
  std::set<Key> lost_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONDUCT_H_
