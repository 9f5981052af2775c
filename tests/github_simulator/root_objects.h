#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROOT_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROOT_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace signalbox {

// What GitHub's API says of itself to everybody. Both functions are pure.

// The answer to `GET /`: templates of the API's addresses. `api_url` is as in
// github_objects.h.
nlohmann::ordered_json RootObject(const std::string& api_url);

// The answer to `GET /meta`. A GHES tells its version.
nlohmann::ordered_json MetaObject(bool is_enterprise);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROOT_OBJECTS_H_
