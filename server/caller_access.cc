#include "server/caller_access.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/part_options.h"

namespace signalbox {

absl::StatusOr<std::unique_ptr<CallerAccess>> CallerAccess::Open(
    const Config& config, Metrics* metrics) {
  std::unique_ptr<CallerAccess> access(
      new CallerAccess(absl::StrCat(config.data_dir, "/issued_token_keys")));
  absl::StatusOr<TokenFiles> files = TokenFiles::Open(
      TokenFilesOf(config), metrics,
      [access = access.get()](const std::string& caller,
                              std::vector<CallerToken> tokens) {
        access->authorizer_->SetTokens(caller, std::move(tokens));
      });
  if (!files.ok()) return files.status();
  absl::StatusOr<std::vector<Caller>> callers = CallersOf(config, *files);
  if (!callers.ok()) return callers.status();
  access->token_files_ = *std::move(files);
  access->authorizer_.emplace(*std::move(callers), metrics,
                              &access->token_keys_);
  return access;
}

}  // namespace signalbox
