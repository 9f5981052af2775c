#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOKS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOKS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// Hooks keeps the webhooks of repositories, organisations and Apps, and the
// history of their deliveries. It sends nothing. The caller plays the network:
// it takes the attempts, makes the requests, and reports how they ended. Time
// is an argument.
//
//   hooks.AddHook({.repository = "acme/widgets", .secret = "s"}, now);
//   hooks.Send({.name = "push", .payload = json}, now);
//   for (const Hooks::Attempt& attempt : hooks.TakeAttempts(now)) {
//     hooks.EndAttempt(attempt.id, {.status_code = 503}, now);
//   }
//
// Not thread-safe.
class Hooks {
 public:
  // Belongs to exactly one repository, organisation or App.
  struct Hook {
    int64_t id = 0;                 // 0: the next free one, above 2^32.
    std::string repository = "";    // OWNER/NAME; made if there is none.
    std::string organization = "";  // A login.
    int64_t app_id = 0;
    std::string url = "https://example.com/event_handler";
    std::string content_type = "json";  // Or "form".
    std::string secret = "";            // Empty: deliveries are not signed.
    bool insecure_ssl = false;
    // "*": all. An App also gets the events that GitHub sends to every App.
    std::vector<std::string> events = {"*"};
    bool active = true;
  };

  // Something that happened at GitHub. The payload names the repository or
  // account, and so selects the hooks.
  struct Event {
    std::string name = "";     // As X-GitHub-Event has it.
    std::string payload = "";  // A JSON object. `installation` is added.
    // Every hook gets the same one; empty: a new one.
    std::string guid = "";
    int64_t hook_id = 0;  // Only this hook, whatever it wants; 0: all.
    // Signed with this; empty: not signed; nothing: with the hook's.
    std::optional<std::string> secret = std::nullopt;
    std::string content_type = "";  // Empty: the hook's.
    std::string url = "";           // Empty: the hook's.
    std::optional<absl::Time> throttled_at = std::nullopt;
  };

  // How an attempt ended.
  struct Outcome {
    int status_code = 200;  // 0: there was no answer.
    // Empty: "OK", "Invalid HTTP Response: 503" or, if there was no answer,
    // "failed to connect to host".
    std::string reason = "";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = "";
  };

  // A request to make to a receiver.
  struct Attempt {
    int64_t id = 0;  // That of its delivery.
    int64_t hook_id = 0;
    std::string guid = "";
    std::string event = "";
    std::string url = "";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = "";
  };

  // One attempt to deliver an event through one hook.
  struct Delivery {
    int64_t id = 0;
    std::string guid = "";
    absl::Time delivered_at = absl::UnixEpoch();  // When it began.
    absl::Duration duration = absl::ZeroDuration();
    bool is_redelivery = false;
    std::string event = "";
    std::optional<std::string> action = std::nullopt;
    std::optional<int64_t> installation_id = std::nullopt;
    std::optional<int64_t> repository_id = std::nullopt;
    std::optional<absl::Time> throttled_at = std::nullopt;
    std::string url = "";
    std::vector<std::pair<std::string, std::string>> request_headers = {};
    std::string payload = "";
    std::optional<Outcome> outcome = std::nullopt;  // Nothing: under way.

    bool HasSucceeded() const;
    absl::Time EndTime() const { return delivered_at + duration; }
  };

  // A hook and its deliveries.
  struct Entry {
    Hook hook = {};
    int64_t target_id = 0;  // Of the repository, organisation or App.
    absl::Time created_at = absl::UnixEpoch();
    std::optional<Outcome> last_outcome = std::nullopt;
    // By time and id.
    std::map<std::pair<absl::Time, int64_t>, Delivery> deliveries = {};

    // For judging redeliveries: when a client last asked for the newest
    // deliveries, and how many redeliveries of each GUID clients asked for.
    absl::Time listed_at = absl::InfinitePast();
    std::map<std::string, int> redeliveries = {};
  };

  // All are borrowed. Redeliveries can raise `counters`.
  Hooks(const GitHubRules::Options& options, World* world, const Apps* apps,
        GitHubRules::Misbehaviour* counters);

  // Replaces a hook of the same id, or of the same App. If the id stays, so do
  // the deliveries. Returns the id.
  int64_t AddHook(Hook hook, absl::Time now);
  void RemoveHook(int64_t id) { entries_.erase(id); }

  // While set, every attempt ends at once with that status code, and nobody
  // makes it. 0: the receiver cannot be reached. Nothing: as usual.
  void FailAll(std::optional<int> status_code) { failure_ = status_code; }
  std::optional<int> failure() const { return failure_; }

  // The ids of the active hooks that want the event.
  std::vector<int64_t> Wanting(const Event& event) const;
  // Begins an attempt at each active hook that wants the event. Returns the
  // GUID. An event of more than 25 MiB goes to nobody.
  std::string Send(const Event& event, absl::Time now);
  // As if sent at `now`; every attempt has ended at once with `outcome`.
  std::string Record(const Event& event, const Outcome& outcome,
                     absl::Time now);
  // Begins another attempt of a delivery. GUID and payload stay; form,
  // signature and address are the hook's current ones, unless `url` is given.
  // Returns its id; 0: there is no such delivery (any more).
  int64_t Redeliver(int64_t hook_id, int64_t delivery_id, absl::Time now,
                    absl::string_view url = "");

  // The attempts that have begun and were not taken, in order. Every attempt,
  // taken or not, times out after Options::webhook_timeout.
  std::vector<Attempt> TakeAttempts(absl::Time now);
  // False: it has already ended, and nothing happens.
  bool EndAttempt(int64_t id, const Outcome& outcome, absl::Time now);
  // When the next attempt times out; infinite: none is under way.
  absl::Time NextTimeout() const;

  // Null: there is none.
  const Entry* Find(int64_t hook_id) const;
  const Entry* FindOfApp(int64_t app_id) const;
  // By id.
  std::vector<const Entry*> OfRepository(int64_t repository_id) const;
  std::vector<const Entry*> OfOrganization(absl::string_view login) const;
  std::vector<const Entry*> All() const;

  // The deliveries of a hook that GitHub lists: those that ended, up to
  // Options::delivery_retention old; newest first.
  std::vector<const Delivery*> DeliveriesOf(int64_t hook_id, absl::Time now);
  // Null: GitHub lists no such delivery.
  const Delivery* FindDelivery(int64_t hook_id, int64_t id, absl::Time now);

  // A client asks for the newest deliveries of a hook, or for a redelivery.
  // These raise the counters if it should not.
  void NoteListing(int64_t hook_id, absl::Time now);
  void JudgeRedelivery(int64_t hook_id, const Delivery& delivery,
                       absl::Time now);

 private:
  // What a payload says about the place of its event.
  struct Place {
    const World::Repository* repository = nullptr;
    std::string account = "";  // A login; empty: unknown.
    std::string action = "";
    // From the payload; 0: it has none.
    int64_t installation_id = 0;
    int64_t app_id = 0;
  };

  Place PlaceOf(const std::string& payload) const;
  // The installation that the hook's payload names; nothing: no App's hook.
  std::optional<int64_t> InstallationOf(const Entry& entry,
                                        const Place& place) const;
  bool Wants(const Entry& entry, const Event& event, const Place& place) const;
  std::string Begin(const Event& event, const std::optional<Outcome>& outcome,
                    absl::Time now);
  // Puts a delivery into the history and, unless it ends at once, its attempt
  // into the queue. Values of `event` replace the hook's own.
  void Begin(Entry* entry, Delivery delivery, const Event& event,
             const std::optional<Outcome>& outcome, absl::Time now);
  // Ends attempts that timed out, and drops deliveries that are too old.
  void Update(absl::Time now);
  void End(Delivery* delivery, Entry* entry, const Outcome& outcome,
           absl::Time now);
  std::string NewGuid(absl::Time now);

  const GitHubRules::Options& options_;
  World* const world_;
  const Apps* const apps_;
  GitHubRules::Misbehaviour* const counters_;

  std::map<int64_t, Entry> entries_;
  std::vector<Attempt> queue_;
  // Hook and time of the deliveries under way, by id.
  std::map<int64_t, std::pair<int64_t, absl::Time>> under_way_;
  std::optional<int> failure_;
  int64_t next_hook_id_ = 4'300'000'017;
  // Close to GitHub's current ids.
  int64_t next_delivery_id_ = 135'791'113'001;
  int64_t serial_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOKS_H_
