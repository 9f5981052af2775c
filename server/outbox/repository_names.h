#ifndef SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_
#define SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/terms.h"
#include "server/report/status_key.h"

namespace signalbox {

// A question that the poster is to ask GitHub about a repository's name. There
// are two kinds: "which repository has this name?" and "what is the name of the
// repository with this number?" (GitHub's number, which never changes).
struct NameQuestion {
  int64_t id = 0;          // The store's own number.
  std::string credential;  // The credential to ask with.
  // The name to ask about. If `number` is not 0, only its host counts.
  Repository repository;
  // The number to ask about; 0: ask about the name.
  int64_t number = 0;
};

// What GitHub answered.
struct NameAnswer {
  enum class Kind {
    kNamed,       // The repository has `name` and `number`.
    kMissing,     // GitHub has no such repository, or hides it.
    kUnanswered,  // GitHub gave no usable answer: ask again later.
  };
  int64_t question_id = 0;  // NameQuestion::id.
  Kind kind = Kind::kUnanswered;
  Repository name;     // kNamed: the present name.
  int64_t number = 0;  // kNamed; 0: GitHub did not say.
  // kNamed: when the repository got its name or changed otherwise, by GitHub's
  // clock (`updated_at`); absl::InfinitePast(): GitHub did not say.
  absl::Time update_time = absl::InfinitePast();
};

// RepositoryNames is the part of the outbox that follows renames: the poster
// tells it what GitHub says about names, and asks GitHub what it wants to know.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors. The store believes an answer only in the newest
// term, because a later one may be on its way to another process.
// FAILED_PRECONDITION, reason TERM_OVER: `term` is not the newest, and nothing
// has changed. The question is asked again, then.
//
// Thread-safe.
class RepositoryNames {
 public:
  virtual ~RepositoryNames() = default;

  // A request for the repository `from` was redirected, and GitHub answered
  // that it is the one in `answer` now (kNamed). From then on `from` means the
  // new name, until GitHub answers that a repository is called `from`. Entries
  // under both names are merged, unless the repositories' numbers differ; Judge
  // decides which report counts. Does nothing if the names are equal.
  // `answer.question_id` does not count.
  virtual absl::Status LearnName(const Term& term, const Repository& from,
                                 const NameAnswer& answer, absl::Time now) = 0;

  // Applies the answer to a question, and deletes the question. The question
  // stays and becomes due again later after kUnanswered, and after kMissing for
  // a repository without a name.
  virtual absl::Status AnswerName(const Term& term, const NameAnswer& answer,
                                  absl::Time now) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_
