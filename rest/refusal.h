#ifndef SIGNALBOX_REST_REFUSAL_H_
#define SIGNALBOX_REST_REFUSAL_H_

#include <grpcpp/support/status.h>

#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace signalbox {

// An error as GitHub's REST API words it. The default is our own bug.
//
// 403 and 429 never stand for trouble of Signalbox: clients take them for rate
// limits and wait up to an hour. Nor does any answer tell whether a repository
// exists that the caller has no grant for.
struct RestRefusal {
  int status = 500;
  std::string message = "Server Error";
  // Of a 422: what is wrong with which field.
  std::string field;    // Empty: the answer has no list of errors.
  std::string code;     // GitHub's word: `missing_field`, `custom`, ...
  std::string problem;  // Empty: the code says all.
  // For programs: the server's stable word; empty: none, or it would tell a
  // caller about others.
  std::string reason;
};

// A value, or why there is none.
template <typename T>
using RestOr = std::variant<T, RestRefusal>;

// Only a status and a message.
RestRefusal PlainRefusal(int status, absl::string_view message);

RestRefusal NotFoundRefusal();

// 401, because the token is missing or unknown.
RestRefusal BadCredentialsRefusal();

// 422 for a field of a status.
RestRefusal InvalidFieldRefusal(absl::string_view field, absl::string_view code,
                                absl::string_view problem);

// 422, because no commit is known by this ref.
RestRefusal UnknownRefRefusal(absl::string_view ref);

// 503: the same request may succeed later. A client that gets no answer from
// the server cannot know whether its report was accepted; equal repeats cost
// nothing.
RestRefusal TryLaterRefusal(absl::string_view reason);

// What to answer if a call to the server ended with `status`, which is not OK.
// `reason` and `not_granted` are the trailing metadata `signalbox-reason` and
// `signalbox-not-granted`.
RestRefusal RefusalOf(const grpc::Status& status, absl::string_view reason,
                      absl::string_view not_granted);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_REFUSAL_H_
