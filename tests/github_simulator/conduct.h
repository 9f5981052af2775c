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

// Conduct watches the clients: which requests are under way, what a client can
// know, and when a client does what GitHub asks its clients not to do. It
// counts that in `misbehaviour`. Time is an argument.
//
// Not thread-safe.
class Conduct {
 public:
  // Names a status: the repository's id, the sha and the context. The last two
  // are in lower case.
  using Key = std::tuple<int64_t, std::string, std::string>;

  // A request that is under way: the client has no answer, and still waits.
  struct Exchange {
    std::string account;
    absl::Time opened_at;
    // When the client has the answer; infinite: it is under way until Forget.
    absl::Time over_at = absl::InfiniteFuture();
    bool is_handled = false;   // GitHub has decided on the answer.
    bool is_given_up = false;  // The client stopped waiting before that.
    // The status that the request creates; nothing: it creates none.
    std::optional<Key> posted = std::nullopt;
  };

  GitHubRules::Misbehaviour misbehaviour;

  // How many requests of one account may be under way together before more
  // count as misbehaviour; 0: any number.
  void set_max_concurrent(int count) { max_concurrent_ = count; }
  int max_concurrent() const { return max_concurrent_; }
  // The most requests of one account that were under way together so far.
  int max_in_flight() const { return max_in_flight_; }

  // Notes that a request of the account begins. Returns its number, for Find.
  int64_t Open(const std::string& account, absl::Time now);
  // The request with this number; null: it is not under way any more.
  Exchange* Find(int64_t exchange);
  void Forget(int64_t exchange) { exchanges_.erase(exchange); }

  // Notes that the client does not know whether its request has created `key`.
  // So it may once repeat what GitHub shows.
  void Lose(const Key& key) { lost_.insert(key); }

  // Judges a post that creates `row` where GitHub showed `shown`. A pending
  // after a result uses up one of `reruns_allowed`, or counts as a regression.
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
