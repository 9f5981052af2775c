#include "server/outbox/naming.h"

#include <utility>

namespace signalbox {
namespace {

// Whether the news renames the repository from its present name.
bool IsOfItsName(const NameNews& news, const NamedRepository& own) {
  return news.from.has_value() && own.has_name &&
         own.canonical == news.from->Canonical();
}

// Whether an event is older than the newest known news of the repository's
// name.
bool IsOld(const NameNews& news, const NamedRepository& own) {
  if (own.name_time == absl::UnixEpoch()) return false;
  // GitHub's times are whole seconds: of two events with one time, the one that
  // renames the present name is the later one.
  return IsOfItsName(news, own)
             ? news.time < own.name_time && news.time != absl::InfinitePast()
             : news.time <= own.name_time;
}

// Whether an event is from before the row was added. The repository may have
// got another name since, and another repository its name.
bool IsOlderThanRow(const NameNews& news, const NamedRepository& row) {
  return !news.is_answer && news.time != absl::InfinitePast() &&
         row.added_time != absl::UnixEpoch() && news.time < row.added_time;
}

}  // namespace

Meant WhoIsMeant(int64_t number, const Whereabouts& found) {
  const bool by_number = number != 0;
  if (by_number && found.own.has_value()) {
    const int64_t own = found.own->key;
    if (found.holder.has_value()) {
      return found.holder->key == own ? Meant::kHolder : Meant::kOwn;
    }
    if (found.alias.has_value()) {
      return found.alias->meant.key == own ? Meant::kAlias : Meant::kOwn;
    }
    return Meant::kNewName;
  }
  if (found.holder.has_value()) {
    const int64_t known = found.holder->KnownNumber();
    return by_number && known != 0 && known != number ? Meant::kNameless
                                                      : Meant::kHolder;
  }
  if (found.alias.has_value() && !(by_number && found.alias->IsNot(number))) {
    return Meant::kAlias;
  }
  return Meant::kNew;
}

NameStep StepFor(const NameNews& news, const Whereabouts& found) {
  const NamedRepository& own = *found.own;
  if (!news.is_answer) {
    if (IsOld(news, own)) return NameStep::kNothing;
    const bool is_its_name = IsOfItsName(news, own);
    if (IsOlderThanRow(news, own) && (!is_its_name || own.KnownNumber() == 0)) {
      return NameStep::kAsk;
    }
    // An event without a time is believed only if it renames the present name,
    // or if the repository has no name.
    if (news.time == absl::InfinitePast() && own.has_name && !is_its_name) {
      return NameStep::kAsk;
    }
    // Another repository had the new name, too, perhaps after this event.
    if (found.alias.has_value() && found.alias->meant.key != own.key &&
        found.alias->IsNot(news.number)) {
      return NameStep::kAsk;
    }
  }
  if (!found.holder.has_value() || found.holder->key == own.key) {
    return NameStep::kTake;
  }
  const int64_t number = news.number != 0 ? news.number : own.KnownNumber();
  const int64_t known = found.holder->KnownNumber();
  if (known == 0 || number == 0) return NameStep::kMerge;
  return news.is_answer ? NameStep::kDisplace : NameStep::kAsk;
}

std::optional<NamedRepository> FormerOf(const NameNews& news, Whereabouts old) {
  if (old.alias.has_value()) {
    if (news.number != 0 && old.alias->IsNot(news.number)) return std::nullopt;
    return std::move(old.alias->meant);
  }
  if (!old.holder.has_value()) return std::nullopt;
  const int64_t known = old.holder->KnownNumber();
  if (news.number != 0 && known != 0 && known != news.number) {
    return std::nullopt;
  }
  return std::move(old.holder);
}

std::optional<NamedRepository> OwnByName(
    const NameNews& news, const Whereabouts& found,
    const std::optional<NamedRepository>& former) {
  if (former.has_value()) return former;
  if (found.alias.has_value()) {
    if (found.alias->IsNot(news.number)) return std::nullopt;
    return found.alias->meant;
  }
  const bool has_number =
      found.holder.has_value() && found.holder->KnownNumber() != 0;
  return has_number ? std::nullopt : found.holder;
}

NameStep StepForFormer(const NameNews& news, const NamedRepository& former,
                       int64_t own) {
  if (former.key == own || former.KnownNumber() != 0 ||
      former.canonical != news.from->Canonical()) {
    return NameStep::kNothing;
  }
  return IsOlderThanRow(news, former) ? NameStep::kAsk : NameStep::kMerge;
}

bool IsClaim(const NamedRepository& row, const Repository& name,
             const MayReport& may_report) {
  return !row.number_by.empty() && may_report &&
         !may_report(row.number_by, name, "");
}

bool ClaimsNumber(const NameNews& news, const Whereabouts& found,
                  const MayReport& may_report) {
  if (!news.is_answer || !news.by.empty() || !found.own.has_value()) {
    return false;
  }
  const NamedRepository& own = *found.own;
  const bool leads_there =
      own.has_name &&
      (own.canonical == news.to.Canonical() ||
       (news.from.has_value() && own.canonical == news.from->Canonical()));
  return !leads_there && IsClaim(own, news.to, may_report);
}

}  // namespace signalbox
