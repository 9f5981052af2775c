#include "server/github/hook_url.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(HookUrlTest, AnAddressHasNoSecretParts) {
  const HookAddress address =
      HookAddressOf("https://user:secret@CI.example.com:8443/hooks/a?key=b#c");
  EXPECT_EQ(address.host, "ci.example.com:8443");
  EXPECT_EQ(address.path, "/hooks/a");
  EXPECT_EQ(HookAddressOf("https://ci.example.com").path, "");
  EXPECT_EQ(HookAddressOf("").host, "");
}

TEST(HookUrlTest, TheDefaultPathOrAGlobMakesAHookOurs) {
  EXPECT_TRUE(MayBeOurHookUrl("https://ci.example.com/event_handler", {}));
  EXPECT_TRUE(MayBeOurHookUrl("https://ci.example.com/a/event_handler?b", {}));
  EXPECT_FALSE(MayBeOurHookUrl("https://ci.example.com/hooks", {}));
  EXPECT_TRUE(MayBeOurHookUrl("https://ci.example.com/hooks",
                              {"https://other/*", "https://ci.example.com/*"}));
}

}  // namespace
}  // namespace signalbox
