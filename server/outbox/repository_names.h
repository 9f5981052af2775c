#ifndef SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_
#define SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// A question for GitHub about a repository's name.
struct NameQuestion {
  int64_t id = 0;
  std::string credential;  // The credential that asks.
  // Without a number: which repository has this name? With a number, the name
  // only selects the host and the credential.
  Repository repository;
  // Not 0: what is the name of the repository with this number?
  int64_t number = 0;
};

struct NameAnswer {
  enum class Kind {
    kNamed,       // `name` and `number` belong together.
    kMissing,     // GitHub has no such repository, or hides it.
    kUnanswered,  // The question is to be asked again.
  };
  int64_t question_id = 0;
  Kind kind = Kind::kUnanswered;
  Repository name;
  int64_t number = 0;  // 0: GitHub did not say.
  // `updated_at` of the repository; absl::InfinitePast(): GitHub did not say.
  absl::Time update_time = absl::InfinitePast();
};

// What GitHub says about the names of repositories.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class RepositoryNames {
 public:
  virtual ~RepositoryNames() = default;

  // GitHub answered that the repository `from` is the one in `answer` now
  // (kNamed). The entries of both names are merged by Judge, unless their
  // numbers differ. From then on `from` means the new name, until GitHub
  // answers that a repository is called `from`. Does nothing if the names are
  // equal.
  virtual absl::Status LearnName(const Repository& from,
                                 const NameAnswer& answer, absl::Time now) = 0;

  // The questions about names to ask GitHub by `now`, longest due first. A
  // question stays until it is answered.
  virtual absl::StatusOr<std::vector<NameQuestion>> NameQuestions(
      absl::Time now, int limit) = 0;
  // Takes the answer to a question: forgets the question, or has it asked again
  // later.
  virtual absl::Status AnswerName(const NameAnswer& answer, absl::Time now) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_REPOSITORY_NAMES_H_
