#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_API_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_API_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/access.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// HookApi answers the API requests about webhooks and their deliveries.
//
// Not thread-safe.
class HookApi {
 public:
  // The segments of a request's path that follow `.../hooks` or `/app/hook`.
  using Path = std::vector<std::string>;

  // All pointers are borrowed. Links in answers begin with `api_url`.
  HookApi(const World* world, Hooks* hooks, Access* access, std::string api_url)
      : world_(world),
        hooks_(hooks),
        access_(access),
        api_url_(std::move(api_url)) {}

  // Answers a request about the webhooks of a repository, of an organisation,
  // or of the calling App. Nothing: GitHub has no such route.
  std::optional<SimulatedResponse> OfRepository(
      const Call& call, const World::Repository& repository, const Path& path);
  std::optional<SimulatedResponse> OfOrganization(const Call& call,
                                                  const std::string& login,
                                                  const Path& path);
  // `call.caller` must be an App.
  std::optional<SimulatedResponse> OfApp(const Call& call, const Path& path);

 private:
  // Answers a request about one webhook, which the caller may see. `path`
  // follows the webhook's id; `url` is the webhook's address in links.
  std::optional<SimulatedResponse> OfHook(const Call& call,
                                          const Hooks::Entry& entry,
                                          const std::string& url,
                                          const Path& path);
  // Answers a request below `.../hooks`; `all` are the webhooks there.
  std::optional<SimulatedResponse> Below(
      const Call& call, const std::vector<const Hooks::Entry*>& all,
      const std::string& url, const Path& path);
  SimulatedResponse ListHooks(const Call& call,
                              const std::vector<const Hooks::Entry*>& all,
                              const std::string& url) const;
  SimulatedResponse ListDeliveries(const Call& call, const Hooks::Entry& entry,
                                   const std::string& url);
  SimulatedResponse Redeliver(const Call& call, const Hooks::Entry& entry,
                              int64_t delivery_id);
  SimulatedResponse Ping(const Call& call, const Hooks::Entry& entry);

  // The repository of the webhook; null: it belongs to an organisation or App.
  const World::Repository* RepositoryOf(const Hooks::Entry& entry) const;
  nlohmann::ordered_json HookObject(const Hooks::Entry& entry) const;

  const World* const world_;
  Hooks* const hooks_;
  Access* const access_;
  const std::string api_url_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_API_H_
