#ifndef SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/secret.h"
#include "server/report/status_key.h"

namespace signalbox {

// A token to be used now, and where.
struct Token {
  Secret value;
  std::string api_url;                           // Without a slash at its end.
  absl::Time issue_time = absl::InfinitePast();  // InfinitePast: long ago.
};

// Credentials says who posts for a repository.
//
// Thread-safe; no method blocks.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // The id of the credential that posts for a repository, such as
  // "github.com/acme"; empty if there is none. The same for as long as the
  // process lives.
  virtual std::string Find(const Repository& repository) const = 0;

  // A token of that credential. UNAVAILABLE, reason CREDENTIAL_NOT_READY: ask
  // again soon. FAILED_PRECONDITION, reason CREDENTIAL_REFUSED: GitHub refused
  // it twice in a row; it is stopped until its file changes.
  virtual absl::StatusOr<Token> Get(absl::string_view credential_id,
                                    absl::Time now) = 0;

  // GitHub answered 401 to this token.
  virtual void NoteRefused(absl::string_view credential_id, const Token& token,
                           absl::Time now) = 0;

  // GitHub accepted this token.
  virtual void NoteAccepted(absl::string_view credential_id,
                            const Token& token) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
