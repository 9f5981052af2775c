#ifndef SIGNALBOX_SERVER_OUTBOX_NAMING_H_
#define SIGNALBOX_SERVER_OUTBOX_NAMING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// Repositories at GitHub are renamed and transferred, and another repository
// can get the old name. These functions decide which stored repository a
// report, a delivery or an answer of GitHub's is about, and what it is called
// now. GitHub gives each repository a number that never changes, so the number
// decides first and the name second.
//
// The store calls them when it accepts reports and when it hears of a name.
// They are pure and work on plain structs. Below, a "row" is the store's record
// of one repository, and a "number" is GitHub's. Numbers come from deliveries
// and from GitHub's answers. Two rows with different known numbers are never
// merged.

// A repository as the store knows it.
struct NamedRepository {
  int64_t key = 0;          // The store's own number of the row.
  CanonicalName canonical;  // The name that leads to the row.
  Repository repository;    // Its present name, or the last one that it had.
  int64_t number = 0;       // GitHub's; 0: not known.
  // The number came from a delivery or from GitHub's answer. Only such a number
  // counts.
  bool is_verified = false;
  // The caller whose delivery gave the number. Empty: GitHub itself gave it, or
  // the configuration names no callers.
  std::string number_by;
  // False: another repository has got the name of this one, and GitHub has not
  // yet said what this one is called now.
  bool has_name = true;
  // When the store added the row; absl::UnixEpoch(): not known.
  absl::Time added_time = absl::UnixEpoch();
  // The time, by GitHub's clock, of the newest news about its name;
  // absl::UnixEpoch(): there was none.
  absl::Time name_time = absl::UnixEpoch();

  // The number if it counts, else 0.
  int64_t KnownNumber() const { return is_verified ? number : 0; }
};

// A name that is no longer the name of a repository, but still leads to its
// row.
struct KnownAlias {
  NamedRepository meant;  // The row that the name leads to.
  // The number of the repository that had the name then; 0: not known.
  int64_t number = 0;

  // Whether a repository with the number `other` is certainly a different one.
  bool IsNot(int64_t other) const {
    return (number != 0 && number != other) ||
           (meant.KnownNumber() != 0 && meant.KnownNumber() != other);
  }
};

// The rows that a name and a number lead to. At most one of `holder` and
// `alias` is set. `own` can be the same row as that one.
struct Whereabouts {
  std::optional<NamedRepository> own;     // The row with the number.
  std::optional<NamedRepository> holder;  // The row that has the name now.
  std::optional<KnownAlias> alias;        // The row that had the name before.
};

// Which row a delivery is about.
enum class Meant {
  // `holder`. If it has no number, it gets the delivery's.
  kHolder,
  // `alias`. If it has no number, it gets the delivery's.
  kAlias,
  // `own`, although the name leads to another row. The server asks GitHub about
  // the name and about the number.
  kOwn,
  // `own`, and the name leads to no row yet: the repository has got a new name.
  // From now on the name leads to `own`. The server asks GitHub about the
  // number.
  kNewName,
  // None of them. A new row is added, with the name. If the name was an old
  // name of another row, it leads to that row no longer.
  kNew,
  // None of them. The name belongs to a row with another number, so a new row
  // is added without a name. The server asks GitHub about the name and the
  // number.
  kNameless,
};
// `found` is what the delivery's name and number lead to. `number` 0: the
// delivery has none.
Meant WhoIsMeant(int64_t number, const Whereabouts& found);

// News about the name of one repository: an event ("was renamed") or GitHub's
// answer to a question of the server.
struct NameNews {
  // Event: the name before. Answer: the name that the server asked for.
  // Nothing: not given.
  std::optional<Repository> from;
  // The name now.
  Repository to;
  int64_t number = 0;  // 0: not known.
  // When the repository got the name, by GitHub's clock; absl::InfinitePast():
  // not known.
  absl::Time time = absl::InfinitePast();
  // True: an answer. False: an event, which may arrive late.
  bool is_answer = false;
  // The caller that reported the event. Empty: the news is no event, or the
  // configuration names no callers.
  std::string by;
};

// What the store is to do with a row after news about a name.
enum class NameStep {
  kNothing,  // The news is old, or says nothing new.
  kAsk,      // The news does not suffice: ask GitHub about name and number.
  kTake,     // Give the row the new name, which no other row has.
  // Give the row the new name. The row that has the name is the same
  // repository: merge it into this row.
  kMerge,
  // Give the row the new name. The row that has the name is another repository:
  // take the name from it.
  kDisplace,
};
// The step for `found.own`, the row that the news is about (it must be set).
// `found.holder` and `found.alias` are what the name `news.to` leads to.
NameStep StepFor(const NameNews& news, const Whereabouts& found);

// The row that the news' old name leads to. Nothing: there is none, or its
// number shows that it is another repository. `old` is what `news.from` leads
// to.
std::optional<NamedRepository> FormerOf(const NameNews& news, Whereabouts old);

// The row that the news is about, if no row has its number: `former` (from
// FormerOf), else the row that `news.to` leads to. Nothing: there is no such
// row, or it may be another repository's.
std::optional<NamedRepository> OwnByName(
    const NameNews& news, const Whereabouts& found,
    const std::optional<NamedRepository>& former);

// The step for `former` (from FormerOf), after the row with the key `own` got
// the new name: kNothing, kMerge (merge `former` into that row) or kAsk (ask
// GitHub about the old name).
NameStep StepForFormer(const NameNews& news, const NamedRepository& former,
                       int64_t own);

// Whether the configuration lets a caller report a context of a repository.
// `caller` is empty if the configuration names no callers; `context` is empty
// for "any context at all". An empty function allows everything.
using MayReport =
    std::function<bool(const std::string& caller, const Repository& repository,
                       const std::string& context)>;

// A number is only a *claim* if it came in a delivery of a caller that may not
// report for the repository with that number. A claim must not decide. With a
// false number a caller could put its reports into a repository for which it
// has no right, or divert other callers' reports to its own.
//
// Whether the row's number is a claim, if `name` is the repository with that
// number.
bool IsClaim(const NamedRepository& row, const Repository& name,
             const MayReport& may_report);

// Whether the number of `found.own` is a claim, now that GitHub's answer says
// that the number belongs to `news.to`. False for an event. False if the row
// has the name `news.to`, or the name `news.from` that GitHub redirects there:
// then GitHub confirms the number.
bool ClaimsNumber(const NameNews& news, const Whereabouts& found,
                  const MayReport& may_report);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_NAMING_H_
