#ifndef SIGNALBOX_SERVER_RPC_GRPC_TLS_H_
#define SIGNALBOX_SERVER_RPC_GRPC_TLS_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/tls_files.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"

namespace signalbox {

// GrpcTls is the TLS of the gRPC listener: 1.2 or newer, with the certificate,
// key and authorities of three files. When the files change, new connections
// use the new ones, and those that are open go on.
//
// gRPC's own watcher would take files as it finds them. While a certificate and
// a key do not belong together, it refuses all connections. So it watches files
// in memory instead, into which GrpcTls puts what TlsFiles has checked.
//
// `signalbox_tls_files_unusable` is 1 while the files cannot be used, and the
// server keeps the last ones.
//
// Not thread-safe. It must outlive the listener.
class GrpcTls {
 public:
  struct Options {
    // `ca_file`: the authorities that name clients. Empty: clients are not
    // asked for a certificate.
    TlsPaths paths;
    // Whether a client without a certificate cannot connect.
    bool requires_client_certificate = true;
  };

  // Reads the files. `metrics` is borrowed. Errors: those of TlsFiles::Open.
  // UNAVAILABLE: the system has no files in memory, or no /proc.
  static absl::StatusOr<std::unique_ptr<GrpcTls>> Open(Options options,
                                                       Metrics* metrics);

  // For one listener.
  std::shared_ptr<grpc::ServerCredentials> MakeCredentials() const;

  bool requires_client_certificate() const {
    return requires_client_certificate_;
  }

  // Reads the files again if they may have changed. Connections that begin
  // about two seconds later use them. Returns when to call it again.
  absl::Time RunOnce(const Moment& now);

 private:
  // A file that exists in memory, and that only this process can open.
  class MemoryFile {
   public:
    MemoryFile() = default;
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile();

    // Replaces the content in one step. Each `version` is another time of
    // change. A reader that compares the times before and after it reads thus
    // notices the replacement.
    absl::Status Set(absl::string_view content, int64_t version);
    std::string path() const;

   private:
    int fd_ = -1;
  };

  GrpcTls(TlsFiles files, bool requires_client_certificate, Metrics* metrics)
      : files_(std::move(files)),
        requires_client_certificate_(requires_client_certificate),
        metrics_(metrics) {}

  absl::Status Publish();
  void Show() const;

  TlsFiles files_;
  const bool requires_client_certificate_;
  Metrics* const metrics_;
  bool is_published_ = false;
  int64_t version_ = 0;
  // The key and the certificates in one file, so that they change together.
  MemoryFile identity_;
  MemoryFile authorities_;
  std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> provider_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_GRPC_TLS_H_
