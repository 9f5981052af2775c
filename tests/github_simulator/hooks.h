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
// history of their deliveries. It sends nothing. Its user plays the network: it
// takes the attempts (the requests to make), makes them, and reports how they
// ended. The simulator does that over HTTP; tests do it as they like. Time is
// an argument.
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
  // A webhook. It belongs to a repository, an organisation or an App: set
  // exactly one of the three.
  struct Hook {
    int64_t id = 0;                 // 0: the next free one, above 2^32.
    std::string repository = "";    // OWNER/NAME; added if there is none.
    std::string organization = "";  // A login.
    int64_t app_id = 0;
    std::string url = "https://example.com/event_handler";
    std::string content_type = "json";  // Or "form".
    std::string secret = "";            // Empty: deliveries are not signed.
    bool insecure_ssl = false;
    // The events that it wants; "*": all. An App's webhook also gets the events
    // that GitHub sends to every App.
    std::vector<std::string> events = {"*"};
    bool active = true;
  };

  // Something that happened at GitHub. The repository or account in its payload
  // decides which webhooks get it.
  struct Event {
    std::string name = "";     // As X-GitHub-Event has it.
    std::string payload = "";  // A JSON object. `installation` is added.
    // The GUID of its deliveries, the same for all webhooks. Empty: a new one.
    std::string guid = "";
    // Not 0: only this webhook gets it, whatever events it wants.
    int64_t hook_id = 0;
    // The secret that signs it. Empty: not signed. Nothing: the webhook's own.
    std::optional<std::string> secret = std::nullopt;
    std::string content_type = "";  // Empty: the webhook's own.
    std::string url = "";           // Empty: the webhook's own.
    // The member `throttled_at` of its deliveries; nothing: null.
    std::optional<absl::Time> throttled_at = std::nullopt;
  };

  // How the receiver answered an attempt.
  struct Outcome {
    int status_code = 200;  // 0: there was no answer.
    // The delivery's `status`. Empty: "OK", "Invalid HTTP Response: 503" or, if
    // there was no answer, "failed to connect to host".
    std::string reason = "";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = "";
  };

  // A request to a receiver that is to be made.
  struct Attempt {
    int64_t id = 0;  // Of its delivery.
    int64_t hook_id = 0;
    std::string guid = "";
    std::string event = "";
    std::string url = "";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = "";
  };

  // The record of one attempt to deliver an event to one webhook.
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

  // A webhook and its deliveries.
  struct Entry {
    Hook hook = {};
    int64_t target_id = 0;  // Of the repository, organisation or App.
    absl::Time created_at = absl::UnixEpoch();
    std::optional<Outcome> last_outcome = std::nullopt;
    // By the time of their begin, and id.
    std::map<std::pair<absl::Time, int64_t>, Delivery> deliveries = {};

    // For counting needless redeliveries: when a client last listed the newest
    // deliveries, and how many redeliveries of each GUID clients have ordered.
    absl::Time listed_at = absl::InfinitePast();
    std::map<std::string, int> redeliveries = {};
  };

  // All are borrowed. Orders to redeliver can raise `counters`.
  Hooks(const GitHubRules::Options& options, World* world, const Apps* apps,
        GitHubRules::Misbehaviour* counters);

  // Adds a webhook, or replaces the one of the same id or of the same App. If
  // the id stays, so do the deliveries. Returns the id.
  int64_t AddHook(Hook hook, absl::Time now);
  void RemoveHook(int64_t id) { entries_.erase(id); }

  // From now on every attempt ends at once with this status code (0: the
  // receiver cannot be reached), and TakeAttempts does not return it. Nothing:
  // attempts are made again.
  void FailAll(std::optional<int> status_code) { failure_ = status_code; }
  std::optional<int> failure() const { return failure_; }

  // The ids of the active webhooks that get the event.
  std::vector<int64_t> Wanting(const Event& event) const;
  // Begins an attempt at each active webhook that gets the event. Returns the
  // GUID. GitHub sends no event of more than 25 MiB.
  std::string Send(const Event& event, absl::Time now);
  // Like Send, but every attempt has already ended with `outcome`.
  std::string Record(const Event& event, const Outcome& outcome,
                     absl::Time now);
  // Begins another attempt of a delivery, with the same GUID and payload.
  // Content type, signature and address are the webhook's present ones; `url`
  // replaces the address. Returns the new delivery's id; 0: GitHub has no such
  // delivery any more.
  int64_t Redeliver(int64_t hook_id, int64_t delivery_id, absl::Time now,
                    absl::string_view url = "");

  // Returns the attempts that have begun since the last call, in order. Make
  // them and call EndAttempt. Without that, an attempt times out after
  // Options::webhook_timeout.
  std::vector<Attempt> TakeAttempts(absl::Time now);
  // Notes how an attempt ended. False: it had ended before, and nothing
  // changes.
  bool EndAttempt(int64_t id, const Outcome& outcome, absl::Time now);
  // When the next attempt times out; infinite: no attempt is under way.
  absl::Time NextTimeout() const;

  // Null: there is none.
  const Entry* Find(int64_t hook_id) const;
  const Entry* FindOfApp(int64_t app_id) const;
  // These return webhooks in the order of their ids.
  std::vector<const Entry*> OfRepository(int64_t repository_id) const;
  std::vector<const Entry*> OfOrganization(absl::string_view login) const;
  std::vector<const Entry*> All() const;

  // The deliveries that GitHub lists for a webhook, newest first: those that
  // have ended and are neither older than Options::delivery_retention nor
  // younger than Options::delivery_lag.
  std::vector<const Delivery*> DeliveriesOf(int64_t hook_id, absl::Time now);
  // One of them; null: GitHub does not list it.
  const Delivery* FindDelivery(int64_t hook_id, int64_t id, absl::Time now);

  // Call these when a client lists the newest deliveries of a webhook, or
  // orders a redelivery. JudgeRedelivery raises the counters if the order is
  // needless or one too many.
  void NoteListing(int64_t hook_id, absl::Time now);
  void JudgeRedelivery(int64_t hook_id, const Delivery& delivery,
                       absl::Time now);

 private:
  // Where an event happened, as its payload says.
  struct Place {
    const World::Repository* repository = nullptr;
    std::string account = "";  // A login; empty: unknown.
    std::string action = "";
    // From the payload; 0: it has none.
    int64_t installation_id = 0;
    int64_t app_id = 0;
  };

  Place PlaceOf(const std::string& payload) const;
  // The installation that the payload for this webhook names; nothing: the
  // webhook does not belong to an App.
  std::optional<int64_t> InstallationOf(const Entry& entry,
                                        const Place& place) const;
  bool Wants(const Entry& entry, const Event& event, const Place& place) const;
  std::string Begin(const Event& event, const std::optional<Outcome>& outcome,
                    absl::Time now);
  // Adds a delivery to the history. Unless it ends at once, also puts its
  // attempt into the queue. What `event` sets replaces the webhook's own
  // values.
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
