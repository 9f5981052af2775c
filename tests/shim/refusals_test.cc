#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "shim/delivery_log.h"

namespace signalbox {
namespace {

TEST(RefusalsTest, EachKindIsNewsOnce) {
  Refusals refusals;
  EXPECT_TRUE(refusals.IsNews("ReportPending", "no right report", true));
  EXPECT_FALSE(refusals.IsNews("ReportPending", "no right report", true));
  EXPECT_FALSE(refusals.IsNews("ReportResult", "no right report", true));
  EXPECT_TRUE(refusals.IsNews("ReportPending", "no right webhook", true));
}

// The server takes the events of a shim with `webhook`, but without `report`,
// all the time.
TEST(RefusalsTest, OnlyTheSameCallEndsARefusal) {
  Refusals refusals;
  EXPECT_TRUE(refusals.IsNews("ReportPending", "no right report", true));
  refusals.NoteSuccess("ReportEvent");
  EXPECT_FALSE(refusals.IsNews("ReportPending", "no right report", true));
  refusals.NoteSuccess("ReportPending");
  EXPECT_TRUE(refusals.IsNews("ReportPending", "no right report", true));
}

// The shim may report contexts of other repositories.
TEST(RefusalsTest, SuccessElsewhereEndsNoRefusalOfAContext) {
  Refusals refusals;
  EXPECT_TRUE(refusals.IsNews("ReportPending", "not context a", false));
  refusals.NoteSuccess("ReportPending");
  EXPECT_FALSE(refusals.IsNews("ReportPending", "not context a", false));
  EXPECT_TRUE(refusals.IsNews("ReportPending", "not context b", false));
}

TEST(RefusalsTest, KindsAreBounded) {
  Refusals refusals;
  int news = 0;
  for (int i = 0; i < 1000; ++i) {
    news += refusals.IsNews("ReportPending", absl::StrCat(i), true) ? 1 : 0;
  }
  EXPECT_EQ(news, 100);
  refusals.NoteSuccess("ReportPending");
  EXPECT_TRUE(refusals.IsNews("ReportPending", "0", true));
}

}  // namespace
}  // namespace signalbox
