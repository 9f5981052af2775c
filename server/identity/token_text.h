#ifndef SIGNALBOX_SERVER_IDENTITY_TOKEN_TEXT_H_
#define SIGNALBOX_SERVER_IDENTITY_TOKEN_TEXT_H_

#include "absl/strings/string_view.h"
#include "common/secret.h"

namespace signalbox {

// The token in `authorization`, the value of the header or metadata of that
// name. Empty: it has none. Tools that speak to GitHub send one of these, with
// the first word in any case:
//   Bearer TOKEN
//   token TOKEN
//   Basic, and USER:PASSWORD in Base64: the token is the password, but the user
//          if the password is missing, empty or `x-oauth-basic`
//   TOKEN
Secret TokenIn(absl::string_view authorization);

// Whether a token has the form of one that GitHub gives out. The tokens of our
// callers never have it. Thus, such a token from an unknown caller is probably
// a GitHub token that somebody forgot to replace.
bool LooksLikeGitHubToken(absl::string_view token);

// Whether GitHub may get `authorization` as it is: the token in it looks like
// GitHub's, and neither user nor password of Basic begins like a token that
// Signalbox has made.
bool MayGoToGitHub(absl::string_view authorization);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_TOKEN_TEXT_H_
