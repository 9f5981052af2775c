#ifndef SIGNALBOX_SERVER_OUTBOX_NAMING_H_
#define SIGNALBOX_SERVER_OUTBOX_NAMING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// Which repository is meant, and what it is called: decided by GitHub's numbers
// first and by names second. Pure functions over plain rows.
//
// Numbers come from deliveries and from GitHub's own answers, and two
// repositories with different known numbers never become one.

// A repository as the store knows it.
struct NamedRepository {
  int64_t key = 0;
  std::string canonical;
  Repository repository;  // Its name, or the last one that it had.
  int64_t number = 0;     // GitHub's; 0: not known.
  // The number came from a delivery or from an answer of GitHub's.
  bool is_verified = false;
  // Whose delivery it was; empty: GitHub answered it, or callers are not told
  // apart.
  std::string number_by;
  // False: another repository has the name that this one had, and GitHub has
  // not yet been asked what it is called now.
  bool has_name = true;
  // When it was first heard of; absl::UnixEpoch(): not known.
  absl::Time added_time = absl::UnixEpoch();
  // GitHub's time of the newest news of its name; absl::UnixEpoch(): none.
  absl::Time name_time = absl::UnixEpoch();

  int64_t KnownNumber() const { return is_verified ? number : 0; }
};

// A name that a repository had before.
struct KnownAlias {
  NamedRepository meant;
  int64_t number = 0;  // Under which the name was its own; 0: not known.

  // Whether the repository with this number is certainly another one.
  bool IsNot(int64_t other) const {
    return (number != 0 && number != other) ||
           (meant.KnownNumber() != 0 && meant.KnownNumber() != other);
  }
};

// The rows that a name and a number lead to. At most one of `holder` and
// `alias` has the name.
struct Whereabouts {
  std::optional<NamedRepository> own;     // Has the number.
  std::optional<NamedRepository> holder;  // Has the name now.
  std::optional<KnownAlias> alias;        // Had the name before.
};

// Which row a delivery is about, by the number and the name that it gives.
enum class Meant {
  kHolder,   // Who has the name; if its number was not known, it is now.
  kAlias,    // Who had the name before; likewise.
  kOwn,      // Who has the number. GitHub is to be asked about both.
  kClaimed,  // Who has the number. The name is free: it leads there, too, until
             // GitHub answers what the repository is called.
  kNew,      // A new row with the name, which ends an alias.
  kNameless,  // A new row without a name. GitHub is to be asked about both.
};
Meant WhoIsMeant(int64_t number, const Whereabouts& found);

// What GitHub says of a name.
struct NameNews {
  // The name that it had before, or that was asked for; nothing: not told.
  std::optional<Repository> from;
  Repository to;
  int64_t number = 0;  // 0: not known.
  // By GitHub's clock; absl::InfinitePast(): not known.
  absl::Time time = absl::InfinitePast();
  // GitHub answered this when it was asked. False: an event told of it, which
  // may be late.
  bool is_answer = false;
  // Whose event it was. Empty: none was, or callers are not told apart.
  std::string by;
};

enum class NameStep {
  kNothing,   // Old news, or none.
  kAsk,       // It cannot be told: GitHub is to be asked about both.
  kTake,      // The repository gets the name, which is free.
  kMerge,     // It gets the name; what is known under the name is about it.
  kDisplace,  // It gets the name; who has it is another one, and loses it.
};
// What becomes of `found.own`, the repository that the news is about, if it is
// called so. `found.holder` and `found.alias` are about the new name.
NameStep StepFor(const NameNews& news, const Whereabouts& found);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_NAMING_H_
