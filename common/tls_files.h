#ifndef SIGNALBOX_COMMON_TLS_FILES_H_
#define SIGNALBOX_COMMON_TLS_FILES_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls_material.h"

namespace signalbox {

// TlsFiles holds the certificate, key and authorities of a listener, and reads
// their files again when they have changed. So an operator can renew a
// certificate without a restart.
//
// Files that cannot be used, or do not belong together, change nothing: the
// last material stays in use, and the log has one line that says which file is
// wrong and why. That is also so between the moments in which a program
// replaces the certificate and the key.
//
// Not thread-safe.
class TlsFiles {
 public:
  // How long after a change Refresh notices it, if it is called all the time.
  static constexpr absl::Duration kPeriod = absl::Seconds(1);

  // Reads the files. Errors: those of ReadTlsMaterial.
  static absl::StatusOr<TlsFiles> Open(TlsPaths paths);

  // Reads the files again, but not twice within kPeriod. Returns whether
  // `material` has changed. `now` is the time since a fixed moment, by any
  // clock, but always the same one.
  bool Refresh(absl::Duration now);

  // Whether Refresh found last that the files cannot be used.
  bool is_unusable() const { return !problem_.empty(); }

  const TlsMaterial& material() const { return material_; }

 private:
  TlsFiles(TlsPaths paths, TlsMaterial material)
      : paths_(std::move(paths)), material_(std::move(material)) {}

  TlsPaths paths_;
  TlsMaterial material_;
  absl::Duration next_ = -absl::InfiniteDuration();  // Read no sooner.
  std::string problem_;  // The log has it. Empty: there is none.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_TLS_FILES_H_
