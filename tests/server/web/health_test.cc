#include "server/web/health.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signalbox {
namespace {

TEST(HealthTest, AServerIsReadyFromItsStartToItsStop) {
  Health health;
  EXPECT_EQ(health.Ready().message(), "starting");
  health.NoteServing();
  EXPECT_TRUE(health.Ready().ok());
  EXPECT_TRUE(health.NoteStopping());
  EXPECT_FALSE(health.NoteStopping());
  EXPECT_EQ(health.Ready().message(), "stopping");
}

TEST(HealthTest, OnlyTheFirstFailureIsReported) {
  std::vector<std::string> failures;
  Health health([&failures](const absl::Status& failure) {
    failures.emplace_back(failure.message());
  });
  health.NoteServing();
  health.NoteFailure(absl::InternalError("first"));
  health.NoteFailure(absl::InternalError("second"));
  EXPECT_EQ(failures, std::vector<std::string>{"first"});
  EXPECT_EQ(health.Ready().message(), "the database has failed");
}

}  // namespace
}  // namespace signalbox
