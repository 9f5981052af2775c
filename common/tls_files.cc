#include "common/tls_files.h"

#include "common/log.h"

namespace signalbox {

absl::StatusOr<TlsFiles> TlsFiles::Open(TlsPaths paths) {
  absl::StatusOr<TlsMaterial> material = ReadTlsMaterial(paths);
  if (!material.ok()) return material.status();
  return TlsFiles(std::move(paths), *std::move(material));
}

// Reads the files themselves, not what the system says of them: they are small,
// and may be links to others, as Kubernetes mounts them.
bool TlsFiles::Refresh(absl::Duration now) {
  if (now < next_) return false;
  next_ = now + kPeriod;
  absl::StatusOr<TlsMaterial> material = ReadTlsMaterial(paths_);
  if (!material.ok()) {
    const std::string problem(material.status().message());
    if (problem != problem_) {
      LogWarning("TLS files cannot be used; the last certificate stays in use",
                 {{"error", problem}});
    }
    problem_ = problem;
    return false;
  }
  problem_.clear();
  if (material->Equals(material_)) return false;
  material_ = *std::move(material);
  LogInfo("TLS files have changed; new connections use them",
          {{"cert_file", paths_.cert_file}});
  return true;
}

}  // namespace signalbox
