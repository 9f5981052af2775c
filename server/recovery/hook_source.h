#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_SOURCE_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_SOURCE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/github_client.h"
#include "server/recovery/github_answers.h"
#include "server/recovery/questions.h"

namespace signalbox {

// A hook of ours whose deliveries can be read.
struct HookSource {
  std::string host;        // Of the repositories that it tells of.
  std::string credential;  // That may read it.
  std::string path;        // "/app/hook", "/repos/OWNER/NAME/hooks/ID", ...
  // Its deliveries certainly come to us; else it is only likely.
  bool is_known = false;

  friend bool operator==(const HookSource&, const HookSource&) = default;
};

// What was listed of a hook's deliveries.
struct Listing {
  std::vector<ListedDelivery> attempts;
  // All that began since `horizon` are there; else only the newest, or none.
  bool complete = false;
  Verdict verdict;  // Of the last page.
  // GitHub's clock less ours; zero if it was not told.
  absl::Duration clock_offset;
};

// Lists the attempts that began since `horizon` by GitHub's clock, up to 100
// pages of 100, newest first. `done` runs within Questions::RunOnce.
void ListDeliveries(Questions* questions, Clock* clock,
                    const HookSource& source, absl::Time horizon,
                    std::function<void(Listing)> done);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_SOURCE_H_
