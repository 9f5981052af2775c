#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_OBJECTS_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/github_simulator/apps.h"

namespace signalbox {

// Apps and installations as GitHub's API shows them. Pure.

// `app` is the App that is installed.
nlohmann::ordered_json InstallationObject(
    const Apps::Installation& installation, const Apps::App& app,
    const std::string& api_url);

// `installations` is the number of its installations.
nlohmann::ordered_json AppObject(const Apps::App& app, size_t installations,
                                 const std::string& api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_OBJECTS_H_
