#ifndef SIGNALBOX_SERVER_OUTBOX_NAMING_H_
#define SIGNALBOX_SERVER_OUTBOX_NAMING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// These functions decide which repository a report or event means, and what a
// repository is called: by GitHub's numbers first, by names second. They are
// pure and work on plain structs.
//
// Numbers come from deliveries and from GitHub's own answers. Two repositories
// with different known numbers never become one.

// A repository as the store knows it.
struct NamedRepository {
  int64_t key = 0;
  std::string canonical;
  Repository repository;  // Its present or its last name.
  int64_t number = 0;     // GitHub's; 0: not known.
  // The number came from a delivery or from an answer of GitHub's.
  bool is_verified = false;
  // The caller whose delivery gave the number. Empty: GitHub itself gave it, or
  // the configuration names no callers.
  std::string number_by;
  // False: another repository has its former name now, and GitHub has not yet
  // said what it is called.
  bool has_name = true;
  // When the store first saw it; absl::UnixEpoch(): not known.
  absl::Time added_time = absl::UnixEpoch();
  // GitHub's time of the newest news about its name; absl::UnixEpoch(): none.
  absl::Time name_time = absl::UnixEpoch();

  int64_t KnownNumber() const { return is_verified ? number : 0; }
};

// A name that a repository had before.
struct KnownAlias {
  NamedRepository meant;
  // The number of the repository that had the name then; 0: not known.
  int64_t number = 0;

  // Whether the repository with this number is certainly another one.
  bool IsNot(int64_t other) const {
    return (number != 0 && number != other) ||
           (meant.KnownNumber() != 0 && meant.KnownNumber() != other);
  }
};

// The rows that a name and a number lead to. Of `holder` and `alias` at most
// one is set.
struct Whereabouts {
  std::optional<NamedRepository> own;     // Has the number.
  std::optional<NamedRepository> holder;  // Has the name now.
  std::optional<KnownAlias> alias;        // Had the name before.
};

// Which row a delivery is about, given its number and its name.
enum class Meant {
  kHolder,  // The one with the name. It gets the number if it had none.
  kAlias,   // The one that had the name before. It gets the number, too.
  // The one with the number, although another row has the name. GitHub is asked
  // about both.
  kOwn,
  // The one with the number. No row has the name, so the name leads to this
  // row, too, until GitHub answers what the repository is called.
  kClaimed,
  kNew,       // A new row with the name. An alias with that name ends.
  kNameless,  // A new row without a name. GitHub is asked about both.
};
Meant WhoIsMeant(int64_t number, const Whereabouts& found);

// News about a repository's name, from GitHub.
struct NameNews {
  // The name that it had before, or that the server asked for; nothing: not
  // given.
  std::optional<Repository> from;
  Repository to;
  int64_t number = 0;  // 0: not known.
  // By GitHub's clock; absl::InfinitePast(): not known.
  absl::Time time = absl::InfinitePast();
  // True: GitHub gave an answer to a question. False: an event, which may be
  // late.
  bool is_answer = false;
  // The caller that reported the event. Empty: it was no event, or the
  // configuration names no callers.
  std::string by;
};

enum class NameStep {
  kNothing,  // The news is old or says nothing new.
  kAsk,      // Undecidable: the server asks GitHub about both.
  kTake,     // The repository gets the name, which is free.
  kMerge,    // It gets the name; the row with the name is the same repository.
  // It gets the name; another repository has the name, and loses it.
  kDisplace,
};
// What to do with `found.own`, which the news says has a new name.
// `found.holder` and `found.alias` are about that name.
NameStep StepFor(const NameNews& news, const Whereabouts& found);

// The row that the old name of the news leads to, if it may be of the same
// repository. `old` holds what that name leads to.
std::optional<NamedRepository> FormerOf(const NameNews& news, Whereabouts old);

// The row that the news is about if none has its number: that of the old name
// (`former`), else that of the new one.
std::optional<NamedRepository> OwnByName(
    const NameNews& news, const Whereabouts& found,
    const std::optional<NamedRepository>& former);

// What to do with the row of the old name, now that the row with the key `own`
// has the new one: nothing, merge it into that row (kMerge), or ask GitHub
// about the old name (kAsk).
NameStep StepForFormer(const NameNews& news, const NamedRepository& former,
                       int64_t own);

// Whether a caller (by name; empty: the configuration names none) may report a
// context (empty: any) of a repository. Empty function: everything is allowed.
using MayReport =
    std::function<bool(const std::string& caller, const Repository& repository,
                       const std::string& context)>;

// Whether the row has its number only from a delivery of a caller that may not
// report for `name`.
bool IsClaim(const NamedRepository& row, const Repository& name,
             const MayReport& may_report);

// Whether `found.own` only claims the number that GitHub says `news.to` has.
// With the number alone its caller could otherwise move its reports there.
// False if GitHub redirects the row's own name there.
bool ClaimsNumber(const NameNews& news, const Whereabouts& found,
                  const MayReport& may_report);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_NAMING_H_
