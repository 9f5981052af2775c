#include "server/rpc/grpc_tls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/secret.h"

namespace signalbox {
namespace {

constexpr unsigned kWatchSeconds = 1;

absl::Status MemoryFileError() {
  return absl::UnavailableError(
      absl::StrCat("cannot hold TLS files in memory: ",
                   absl::ErrnoToStatus(errno, "memfd_create()").message()));
}

bool WriteAll(int fd, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

GrpcTls::MemoryFile::~MemoryFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status GrpcTls::MemoryFile::Set(absl::string_view content,
                                      int64_t version) {
  const int fd = memfd_create("signalbox-tls", MFD_CLOEXEC);
  if (fd < 0) return MemoryFileError();
  const timespec times[] = {{version, 0}, {version, 0}};
  bool is_set = WriteAll(fd, content) && futimens(fd, times) == 0;
  if (is_set && fd_ < 0) {
    fd_ = fd;
    return absl::OkStatus();
  }
  is_set = is_set && dup3(fd, fd_, O_CLOEXEC) >= 0;
  const absl::Status status = is_set ? absl::OkStatus() : MemoryFileError();
  close(fd);
  return status;
}

std::string GrpcTls::MemoryFile::path() const {
  return absl::StrCat("/proc/self/fd/", fd_);
}

absl::StatusOr<std::unique_ptr<GrpcTls>> GrpcTls::Open(Options options,
                                                       Metrics* metrics) {
  absl::StatusOr<TlsFiles> files = TlsFiles::Open(std::move(options.paths));
  if (!files.ok()) return files.status();
  std::unique_ptr<GrpcTls> tls(new GrpcTls(
      *std::move(files), options.requires_client_certificate, metrics));
  const absl::Status status = tls->Publish();
  if (!status.ok()) return status;
  if (access(tls->identity_.path().c_str(), R_OK) != 0) {
    return absl::UnavailableError(
        "cannot read /proc/self/fd, which TLS needs; mount /proc");
  }
  const bool asks_clients = !tls->files_.material().authorities.empty();
  tls->provider_ =
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          tls->identity_.path(), tls->identity_.path(),
          asks_clients ? tls->authorities_.path() : "", kWatchSeconds);
  tls->Show();
  return tls;
}

std::shared_ptr<grpc::ServerCredentials> GrpcTls::MakeCredentials() const {
  grpc::experimental::TlsServerCredentialsOptions options(provider_);
  options.watch_identity_key_cert_pairs();
  if (!files_.material().authorities.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(
        requires_client_certificate_
            ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
            : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

absl::Time GrpcTls::RunOnce(const Moment& now) {
  if (files_.Refresh(now.steady.reading())) is_published_ = false;
  if (!is_published_) {
    const absl::Status status = Publish();
    if (!status.ok()) LogError(status.message());
  }
  Show();
  return now.wall + TlsFiles::kPeriod;
}

absl::Status GrpcTls::Publish() {
  const TlsMaterial& material = files_.material();
  ++version_;
  const Secret identity(
      absl::StrCat(material.key.Reveal(), "\n", material.certificates));
  absl::Status status = identity_.Set(identity.Reveal(), version_);
  if (status.ok()) status = authorities_.Set(material.authorities, version_);
  is_published_ = status.ok();
  return status;
}

void GrpcTls::Show() const {
  metrics_->Set("signalbox_tls_files_unusable",
                "1 while the TLS files of the gRPC listener cannot be used, "
                "and the server keeps the last ones.",
                files_.is_unusable() ? 1 : 0);
}

}  // namespace signalbox
