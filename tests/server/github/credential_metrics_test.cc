#include "server/github/credential_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kName[] = "signalbox_credential_stopped";

TEST(CredentialMetricsTest, ShowsWhatIsStoppedAndThatItIsNotAnyMore) {
  Metrics metrics;
  CredentialMetrics shown(&metrics);
  shown.Show({{"github.com/acme", ""}, {"github.com/labs", ""}});
  EXPECT_THAT(metrics.Text(), Not(HasSubstr(kName)));

  const std::string refused =
      R"({credential="github.com/acme",reason="CREDENTIAL_REFUSED"})";
  const std::string suspended =
      R"({credential="github.com/acme",reason="INSTALLATION_SUSPENDED"})";
  shown.Show(
      {{"github.com/acme", "CREDENTIAL_REFUSED"}, {"github.com/labs", ""}});
  EXPECT_THAT(metrics.Text(), HasSubstr(kName + refused + " 1\n"));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("labs")));
  shown.Show({{"github.com/acme", "INSTALLATION_SUSPENDED"}});
  EXPECT_THAT(metrics.Text(), HasSubstr(kName + refused + " 0\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr(kName + suspended + " 1\n"));
  shown.Show({});
  EXPECT_THAT(metrics.Text(), HasSubstr(kName + suspended + " 0\n"));
}

// Requests name the accounts, so callers decide how many there are.
TEST(CredentialMetricsTest, ThereAreNotAnyNumberOfSeries) {
  Metrics metrics;
  CredentialMetrics shown(&metrics);
  std::vector<CredentialState> states;
  for (int i = 0; i < 3000; ++i) {
    states.push_back({absl::StrCat("github.com/a", i), "APP_NOT_INSTALLED"});
  }
  shown.Show(states);
  const std::string text = metrics.Text();
  size_t series = 0;
  for (size_t at = text.find("reason="); at != std::string::npos;
       at = text.find("reason=", at + 1)) {
    ++series;
  }
  EXPECT_EQ(series, 1000u);
}

}  // namespace
}  // namespace signalbox
