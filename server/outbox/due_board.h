#ifndef SIGNALBOX_SERVER_OUTBOX_DUE_BOARD_H_
#define SIGNALBOX_SERVER_OUTBOX_DUE_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/repository_names.h"

namespace signalbox {

// What one transaction changed in the answers of PostQueue::FindDueWork.
struct DueNews {
  // When entries became due whose reports it accepted: by time, and then by
  // credential. The value says whether results are among them. An entry in
  // flight may in truth become due later, never sooner.
  std::map<absl::Time, std::map<std::string, bool>> accepted;
  // It may have changed more than that.
  bool changed_more = false;
};

// DueBoard answers PostQueue::FindDueWork from memory while the store only
// accepts reports. The poster looks after every commit of reports, but usually
// nothing can begin, because the credential that has due entries must wait.
// Then the answer is the former one and what was accepted since.
//
// An answer from memory leaves out nothing that is due, and its `next_in` is
// never too long. It may name a credential too early, because the entry that
// was reported again is in flight. The poster then takes nothing out for it,
// and that transaction makes the board forget.
//
// The owner calls End after each transaction, before anybody hears of it. So a
// look sees every transaction that ended before it began, and the board keeps
// the news of those that end later.
//
// The board reads no clock and no store. Thread-safe.
class DueBoard {
 public:
  // The answer at `now`. Calls `look`, which reads it in the store, if the
  // board has forgotten, if something that it does not know may have become
  // due, or if the wall clock was set back. Returns an error of `look`.
  absl::StatusOr<DueWork> Find(
      absl::Time now, absl::FunctionRef<absl::StatusOr<DueWork>()> look);

  // A transaction with these news has ended. The board forgets all if the
  // transaction is not certainly durable, or has changed more than the news
  // say.
  void End(const DueNews& news, bool is_durable);

 private:
  // The answer from memory, or nothing.
  std::optional<DueWork> Recall(absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remember(absl::Time now, const DueWork& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  int64_t forgotten_ ABSL_GUARDED_BY(mu_) = 0;  // How often.
  // A look has begun since the board last forgot. It will see what came before.
  bool has_looked_ ABSL_GUARDED_BY(mu_) = false;
  // The last time for which an answer is known; nothing: none is.
  std::optional<absl::Time> latest_ ABSL_GUARDED_BY(mu_);
  // When something becomes due that is not in `coming_`.
  absl::Time next_unknown_ ABSL_GUARDED_BY(mu_);
  std::vector<NameQuestion> questions_ ABSL_GUARDED_BY(mu_);
  // The credentials that have something due at `latest_`, and whether results
  // are among it.
  std::map<std::string, bool> due_ ABSL_GUARDED_BY(mu_);
  // As DueNews::accepted: what is not in `due_` yet.
  std::map<absl::Time, std::map<std::string, bool>> coming_
      ABSL_GUARDED_BY(mu_);
  size_t coming_count_ ABSL_GUARDED_BY(mu_) = 0;  // Credentials at all times.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_DUE_BOARD_H_
