#include "tests/integration/simulator_counters.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

namespace signalbox {

void ExpectGoodConduct(const std::string& url,
                       const std::set<std::string>& except) {
  httplib::Client client(url);
  // This client does not test the certificate.
  client.enable_server_certificate_verification(false);
  const auto answer = client.Get("/_simulator/counters");
  ASSERT_TRUE(answer) << url;
  const auto counters = nlohmann::json::parse(answer->body, nullptr, false);
  ASSERT_TRUE(counters.is_object()) << answer->body;
  int checked = 0;
  for (const auto& [name, count] : counters.items()) {
    // These two are not faults.
    if (name == "request_count" || name == "max_in_flight") continue;
    if (except.contains(name)) continue;
    EXPECT_EQ(count, 0) << name;
    ++checked;
  }
  EXPECT_GE(checked, 6) << answer->body;
}

}  // namespace signalbox
