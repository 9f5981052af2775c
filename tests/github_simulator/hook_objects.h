#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/github_simulator/hooks.h"

namespace signalbox {

// Webhooks and their deliveries as GitHub's API shows them. Pure.

// Shows that there is a secret, but not the secret.
nlohmann::ordered_json HookConfigObject(const Hooks::Hook& hook);

// `url` is the hook's own.
nlohmann::ordered_json HookObject(const Hooks::Entry& entry,
                                  const std::string& url);

// A delivery that ended: as lists show it, and with request and response.
nlohmann::ordered_json DeliveryItem(const Hooks::Delivery& delivery);
nlohmann::ordered_json DeliveryObject(const Hooks::Delivery& delivery);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_
