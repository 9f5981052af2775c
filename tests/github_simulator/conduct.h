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

// Conduct watches clients: what is under way, what they can know, and what they
// should not have done. Time is an argument.
//
// Not thread-safe.
class Conduct {
 public:
  // A status that shows the newest of its rows: repository, sha, context, the
  // last two in lower case.
  using Key = std::tuple<int64_t, std::string, std::string>;

  // A request on its way, until the client has its answer or gives up.
  struct Exchange {
    std::string account;
    absl::Time opened_at;
    // When it is over; infinite: somebody will say so.
    absl::Time over_at = absl::InfiniteFuture();
    bool is_handled = false;
    bool is_given_up = false;
    std::optional<Key> posted =
        std::nullopt;  // The status that it is to create.
  };

  GitHubRules::Misbehaviour misbehaviour;

  // Requests of one account that may be under way together; 0: any number.
  void set_max_concurrent(int count) { max_concurrent_ = count; }
  int max_concurrent() const { return max_concurrent_; }
  // The most that ever were.
  int max_in_flight() const { return max_in_flight_; }

  // Counts a request that begins; the number under which it goes on.
  int64_t Open(const std::string& account, absl::Time now);
  // Null: it is over.
  Exchange* Find(int64_t exchange);
  void Forget(int64_t exchange) { exchanges_.erase(exchange); }

  // The client does not know what became of its request to create `key`: it may
  // repeat what is shown, once.
  void Lose(const Key& key) { lost_.insert(key); }

  // Judges a row that is to follow `shown`, the newest of its key so far.
  // `reruns_allowed` is used up by one where it is needed.
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
