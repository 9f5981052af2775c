#include "server/poster/wording.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "common/text.h"

namespace signalbox {
namespace {

constexpr size_t kMaxRewordings = 4096;
constexpr int kNoDescription = 2;
constexpr size_t kMaxPlainDescription = 140;

// A fitted description in ASCII only, for a GitHub that refuses other
// characters.
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

Wording::Rewording Wording::Find(const Lease& lease) const {
  const auto it = rewordings_.find(lease.entry_id);
  if (it != rewordings_.end() && it->second.version == lease.version) {
    return it->second;
  }
  Rewording none;
  none.version = lease.version;
  return none;
}

Shown Wording::For(const Lease& lease) const {
  const Rewording rewording = Find(lease);
  Shown said = lease.wanted;
  said.description = FitDescription(lease.wanted.description);
  if (rewording.plainer >= kNoDescription) {
    said.description.clear();
  } else if (rewording.plainer > 0) {
    said.description = PlainDescription(said.description);
  }
  if (rewording.without_url) said.target_url.clear();
  return said;
}

bool Wording::Reword(const Lease& lease, const Shown& sent, Action action) {
  Rewording rewording = Find(lease);
  const bool was_reworded = rewording.plainer > 0 || rewording.without_url;
  if (action == Action::kDropTargetUrl) {
    if (sent.target_url.empty()) return false;
    rewording.without_url = true;
  } else {
    if (sent.description.empty()) return false;
    const bool is_plain =
        sent.description == PlainDescription(sent.description);
    rewording.plainer = is_plain ? kNoDescription : rewording.plainer + 1;
  }
  // The last try has no texts: a text must not cost a result.
  if (was_reworded) {
    rewording.plainer = kNoDescription;
    rewording.without_url = true;
  }
  if (rewordings_.size() >= kMaxRewordings)
    rewordings_.erase(rewordings_.begin());
  rewordings_[lease.entry_id] = rewording;
  return true;
}

}  // namespace signalbox
