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

// HookApi answers requests about webhooks and their deliveries.
//
// Not thread-safe.
class HookApi {
 public:
  // The segments of a path behind `.../hooks` or `/app/hook`.
  using Path = std::vector<std::string>;

  // All are borrowed. Links begin with `api_url`.
  HookApi(const World* world, Hooks* hooks, Access* access, std::string api_url)
      : world_(world),
        hooks_(hooks),
        access_(access),
        api_url_(std::move(api_url)) {}

  // Nothing: GitHub has no such route.
  std::optional<SimulatedResponse> OfRepository(
      const Call& call, const World::Repository& repository, const Path& path);
  std::optional<SimulatedResponse> OfOrganization(const Call& call,
                                                  const std::string& login,
                                                  const Path& path);
  // The caller is an App.
  std::optional<SimulatedResponse> OfApp(const Call& call, const Path& path);

 private:
  // Routes of one hook; the caller must be allowed to know of it. `path`
  // follows the hook's id, `url` is the hook's in links.
  std::optional<SimulatedResponse> OfHook(const Call& call,
                                          const Hooks::Entry& entry,
                                          const std::string& url,
                                          const Path& path);
  // The routes below `.../hooks`; `all` are the hooks there.
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

  // Null: it is not the hook of a repository.
  const World::Repository* RepositoryOf(const Hooks::Entry& entry) const;
  nlohmann::ordered_json HookObject(const Hooks::Entry& entry) const;

  const World* const world_;
  Hooks* const hooks_;
  Access* const access_;
  const std::string api_url_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_API_H_
