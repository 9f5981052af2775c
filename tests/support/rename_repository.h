#ifndef SIGNALBOX_TESTS_SUPPORT_RENAME_REPOSITORY_H_
#define SIGNALBOX_TESTS_SUPPORT_RENAME_REPOSITORY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/outbox.h"
#include "server/report/status_key.h"
#include "tests/support/turns.h"

namespace signalbox {

// Lets the store learn, as from an answer of GitHub, that the repository `from`
// is called `to` now. `number` is GitHub's number of the repository; 0: the
// answer did not say it.
inline absl::Status RenameRepository(Outbox& outbox, const Repository& from,
                                     const Repository& to, int64_t number,
                                     absl::Time now) {
  NameAnswer answer;
  answer.kind = NameAnswer::Kind::kNamed;
  answer.name = to;
  answer.number = number;
  return AsHolder(outbox, &Outbox::LearnName, from, answer, now);
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_RENAME_REPOSITORY_H_
