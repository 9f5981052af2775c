// The calls of StoreCalls that a door with GitHub's REST API needs.

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/pages.h"
#include "server/rpc/store_calls.h"

namespace signalbox {
namespace {

// Whether the caller may read what the outbox has found. If it asked by an old
// name, this can be the repository of somebody else. The caller then gets the
// answer that it would get if the server knew nothing of the repository.
bool MayRead(const Caller* caller, const Repository& found) {
  return Authorizer::Authorize(caller, Right::kRead, found, {}).ok();
}

absl::StatusOr<std::string> ParseRef(const std::string& ref) {
  const bool has_control = std::ranges::any_of(ref, absl::ascii_iscntrl);
  if (ref.empty() || ref.size() > kMostRefBytes || has_control) {
    return InvalidField(
        "ref", ref,
        absl::StrCat("is not a ref; wanted 1 to ", kMostRefBytes,
                     " bytes without control characters"),
        "INVALID_REF");
  }
  return ref;
}

// The host of a repository's number.
absl::StatusOr<std::string> ParseHost(const std::string& host,
                                      const ConvertOptions& options) {
  const std::string lower =
      host.empty() ? kDefaultHost : absl::AsciiStrToLower(host);
  if (std::ranges::find(options.known_hosts, lower) ==
      options.known_hosts.end()) {
    return InvalidField("host", host,
                        "is not a host of the server's configuration",
                        "UNKNOWN_HOST");
  }
  return lower;
}

}  // namespace

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ListReportsRequest& request,
    v1::ListReportsResponse* response) const {
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request.repository(), options_->convert);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<Sha> sha = ParseSha(request.sha());
  if (!sha.ok()) return sha.status();
  const absl::StatusOr<CommitPageRequest> page =
      ParseReportPage(request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  absl::Status authorized =
      Authorizer::Authorize(caller, Right::kRead, *repository, {});
  if (!authorized.ok()) return authorized;
  return [this, caller, repository = *repository, sha = *sha, page = *page,
          response] {
    absl::StatusOr<CommitReports> list = statuses_->ListReports(
        repository, sha, page.before_sequence, page.limit);
    if (!list.ok()) return list.status();
    if (!MayRead(caller, list->repository)) {
      *list = CommitReports();
      list->repository = repository;
    }
    *response = ToProto(*list, sha);
    if (options_->creator_of) {
      const std::optional<StatusCreator> creator =
          options_->creator_of(list->repository);
      if (creator) *response->mutable_creator() = ToProto(*creator);
    }
    return absl::OkStatus();
  };
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::ResolveRefRequest& request,
    v1::ResolveRefResponse* response) const {
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request.repository(), options_->convert);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<std::string> ref = ParseRef(request.ref());
  if (!ref.ok()) return ref.status();
  absl::Status authorized =
      Authorizer::Authorize(caller, Right::kRead, *repository, {});
  if (!authorized.ok()) return authorized;
  return [this, caller, repository = *repository, ref = *ref, response] {
    absl::StatusOr<ResolvedRef> resolved =
        statuses_->ResolveRef(repository, ref);
    if (!resolved.ok()) return resolved.status();
    if (!MayRead(caller, resolved->repository)) {
      // A full sha means itself anywhere.
      const absl::StatusOr<Sha> sha = ParseSha(ref);
      if (!sha.ok()) return RefUnknown(repository, ref);
      *resolved = ResolvedRef();
      resolved->repository = repository;
      resolved->sha = *sha;
    }
    *response = ToProto(*resolved);
    return absl::OkStatus();
  };
}

absl::StatusOr<StoreCalls::Work> StoreCalls::Prepare(
    const CallerRef& caller, const v1::GetRepositoryRequest& request,
    v1::GetRepositoryResponse* response) const {
  if (request.has_repository()) {
    const absl::StatusOr<Repository> repository =
        ParseKnownRepository(request.repository(), options_->convert);
    if (!repository.ok()) return repository.status();
    if (!request.host().empty()) {
      return InvalidField("host", request.host(),
                          "is set together with `repository`", "INVALID_HOST");
    }
    absl::Status authorized =
        Authorizer::Authorize(caller, Right::kRead, *repository, {});
    if (!authorized.ok()) return authorized;
    return [this, caller, repository = *repository, response] {
      absl::StatusOr<FoundRepository> found =
          statuses_->FindRepository(repository);
      if (!found.ok()) return found.status();
      if (!MayRead(caller, found->repository)) {
        *found = FoundRepository{repository, 0};
      }
      *response = ToProto(*found);
      return absl::OkStatus();
    };
  }
  if (request.repository_id() <= 0) {
    return InvalidField("repository_id", absl::StrCat(request.repository_id()),
                        "is not a number of GitHub; wanted a name or a "
                        "positive number",
                        "INVALID_REPOSITORY_ID");
  }
  const absl::StatusOr<std::string> host =
      ParseHost(request.host(), options_->convert);
  if (!host.ok()) return host.status();
  return
      [this, caller, host = *host, number = request.repository_id(), response] {
        const absl::StatusOr<FoundRepository> found =
            statuses_->FindRepositoryWithNumber(host, number);
        if (!found.ok()) return found.status();
        if (!MayRead(caller, found->repository)) {
          return RepositoryUnknown(host, number);
        }
        *response = ToProto(*found);
        return absl::OkStatus();
      };
}

}  // namespace signalbox
