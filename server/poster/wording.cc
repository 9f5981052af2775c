#include "server/poster/wording.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "server/report/text.h"

namespace signalbox {
namespace {

constexpr size_t kMaxMendings = 4096;
constexpr int kNoDescription = 2;
constexpr size_t kMaxPlainDescription = 140;

// A fitted description in ASCII alone, for a GitHub that refuses more.
std::string PlainDescription(absl::string_view fitted) {
  std::string plain;
  for (size_t i = 0; i < fitted.size(); ++i) {
    const auto byte = static_cast<unsigned char>(fitted[i]);
    if (byte < 0x80) {
      plain += fitted[i];
    } else if (fitted.substr(i, 3) == "…") {
      plain += "...";
    } else if ((byte & 0xC0) != 0x80) {
      plain += '?';
    }
  }
  plain.resize(std::min(plain.size(), kMaxPlainDescription));
  return plain;
}

}  // namespace

Wording::Mending Wording::Find(const Lease& lease) const {
  const auto it = mendings_.find(lease.entry_id);
  if (it != mendings_.end() && it->second.version == lease.version) {
    return it->second;
  }
  Mending none;
  none.version = lease.version;
  return none;
}

Shown Wording::For(const Lease& lease) const {
  const Mending mending = Find(lease);
  Shown said = lease.wanted;
  said.description = FitDescription(lease.wanted.description);
  if (mending.plainer >= kNoDescription) {
    said.description.clear();
  } else if (mending.plainer > 0) {
    said.description = PlainDescription(said.description);
  }
  if (mending.without_url) said.target_url.clear();
  return said;
}

bool Wording::Mend(const Lease& lease, const Shown& sent, Action action) {
  Mending mending = Find(lease);
  const bool was_mended = mending.plainer > 0 || mending.without_url;
  if (action == Action::kDropTargetUrl) {
    if (sent.target_url.empty()) return false;
    mending.without_url = true;
  } else {
    if (sent.description.empty()) return false;
    const bool is_plain =
        sent.description == PlainDescription(sent.description);
    mending.plainer = is_plain ? kNoDescription : mending.plainer + 1;
  }
  // The last try says the state and no more: a text must not cost a result.
  if (was_mended) {
    mending.plainer = kNoDescription;
    mending.without_url = true;
  }
  if (mendings_.size() >= kMaxMendings) mendings_.erase(mendings_.begin());
  mendings_[lease.entry_id] = mending;
  return true;
}

}  // namespace signalbox
