#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/github_simulator/hooks.h"

namespace signalbox {

// The JSON objects in which GitHub's API shows webhooks and deliveries. Pure.

// The object `config` of a webhook. It says whether there is a secret, but does
// not show it.
nlohmann::ordered_json HookConfigObject(const Hooks::Hook& hook);

// A webhook. `url` is its own address.
nlohmann::ordered_json HookObject(const Hooks::Entry& entry,
                                  const std::string& url);

// A delivery that has ended: as lists show it, and alone, with request and
// response.
nlohmann::ordered_json DeliveryItem(const Hooks::Delivery& delivery);
nlohmann::ordered_json DeliveryObject(const Hooks::Delivery& delivery);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HOOK_OBJECTS_H_
