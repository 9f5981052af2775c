#ifndef SIGNALBOX_SERVER_POSTER_CREDENTIAL_TURNS_H_
#define SIGNALBOX_SERVER_POSTER_CREDENTIAL_TURNS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/github/credentials.h"
#include "server/github/request_gate.h"
#include "server/outbox/lease.h"
#include "server/outbox/standing_requests.h"
#include "server/poster/credential_board.h"
#include "server/poster/post_order.h"

namespace signalbox {

// The poster works in passes. In a pass, every credential that has work is a
// candidate. The candidates take steps in turn: in a step, the poster begins
// one request with the credential, or takes the credential's next entry out of
// the outbox. A pass ends when no candidate can take another step.

// A credential in a pass.
struct Candidate {
  DueCredential due;
  // Which kind of entry its next step looks for first.
  Stage stage = Stage::kLongDue;
  // Whether to call NoteStep when it has taken its first step. False for the
  // candidates that BeginPass puts first because they need a token, and for
  // guesses, which come last: they must not change who begins the next pass.
  bool in_turn = true;
  // The credential may have no due entry. It is a candidate because one of its
  // requests has ended, which may make its next entry due.
  bool is_guess = false;
};

// Whether a request may begin.
enum class Admission {
  kAdmitted,
  kWaits,  // No: the credential must wait.
  // No: the credential's host has as many requests in flight as allowed. This
  // holds for the host's other credentials, too.
  kHostFull,
};

// CredentialTurns decides for the poster which credentials make a request to
// GitHub, when, and with which token. It treats each credential by itself, so
// that a credential that waits or fails delays no other. It writes to
// CredentialBoard why a credential waits.
//
// CredentialTurns lets a credential rest if even a result cannot be posted with
// it now. Until the rest ends, it does not ask for the credential's token or
// for admission again. The end of a request of the credential or of its host,
// and LookAgain, end the rest early.
//
// Methods with an argument `next` set it to the time at which the poster should
// ask again, by the wall clock, unless it is earlier already.
//
// Not thread-safe, except LookAgain: only the poster uses it.
class CredentialTurns {
 public:
  // All are borrowed.
  CredentialTurns(Credentials* credentials, RequestGate* gate,
                  CredentialBoard* board)
      : credentials_(credentials), gate_(gate), board_(board) {}

  // Credentials::Get may answer differently for this credential now, so it does
  // not rest any more. Thread-safe.
  void LookAgain(const std::string& credential);

  // Returns the candidates of a new pass, in the order of their first steps.
  // `due`: the credentials that have work, sorted by id. `ended`: those whose
  // requests have ended, but are not settled yet. They are candidates as well:
  // the transaction that settles the request may make another entry due, and
  // then takes that out, too.
  std::vector<Candidate> BeginPass(const std::vector<DueCredential>& due,
                                   const std::set<std::string>& ended,
                                   SteadyTime now);
  // This candidate with `in_turn` has taken a step: the next pass begins with
  // the credential after it.
  void NoteStep(const std::string& credential) {
    last_credential_ = credential;
  }

  // The token for a step of a credential.
  struct Step {
    Token token;
    // The step may only be GET /rate_limit (see AdmitLearning): the budget is
    // not known yet, or the token is for a probe.
    bool must_learn = false;
  };
  // Nothing: the credential takes no step now, because it rests or has no
  // token.
  std::optional<Step> StepOf(const Candidate& candidate, const Moment& now,
                             absl::Time& next);

  // Asks RequestGate to admit a request with `token`. `pending`: the request
  // posts a pending. If it must wait, Admit notes this on CredentialBoard and
  // in `next`. Null: it notes nothing, for a request that is tried on the off
  // chance.
  Admission Admit(const std::string& credential, const Token& token,
                  bool pending, const Moment& now, absl::Time* next);
  // Takes an Admit back: the poster does not make the request.
  void GiveBack(const std::string& credential, const Token& token) {
    gate_->Return(credential, token);
  }
  // Asks to admit GET /rate_limit, from which the server learns the budget and
  // whether the token is good. A credential makes one such request at a time:
  // kWaits if one is in flight. The poster calls EndLearning when it has ended.
  Admission AdmitLearning(const std::string& credential, const Token& token,
                          const Moment& now, absl::Time& next);
  void EndLearning(const std::string& credential);

  // The order in which the credential's entries are posted. Valid until the
  // next BeginPass.
  PostOrder& OrderOf(const std::string& credential) {
    return work_[credential].order;
  }

  // Call it at the end of each request of a credential, whatever it was for, so
  // that LeaveRequests looks at the credential again.
  void NoteEnd(const std::string& credential) { touched_.insert(credential); }
  // Updates the standing requests, which ask the outbox to take out the next
  // result of a credential as soon as there is one (standing_requests.h).
  // Afterwards `standing` has one for each credential that could post a result
  // now or at a known time, and none for the others. Looks only at the
  // credentials for which something has changed since the last call.
  void LeaveRequests(const Moment& now, StandingRequests* standing);

  // Token::origin of the credential's token, at the wall clock's `now`.
  // Nothing: there is no token now.
  std::optional<std::string> TokenOrigin(const std::string& credential,
                                         absl::Time now);

  // How many credentials it has in memory.
  size_t size() const { return work_.size(); }

 private:
  // What CredentialTurns knows about a credential.
  struct Work {
    PostOrder order;
    bool learning = false;  // GET /rate_limit is in flight.
    // A token for a probe. Credentials returns it only once, so it is kept
    // until the probe can begin.
    std::optional<Token> probe;
    SteadyTime rest_end;
    bool rests_for_host = false;  // It rests because its host is down.
    // What Credentials::Get last answered.
    bool has_token = false;
    bool waits_for_token = false;            // The token is being fetched.
    std::optional<SteadyTime> yields_since;  // See Yields.
  };

  // Ends the rests of the credentials for which something has changed.
  void EndRests();
  // If there are many credentials in memory, forgets those that do not rest and
  // are not due.
  void ForgetIdle(const std::vector<DueCredential>& due, SteadyTime now);
  // Whether the credential should not ask for its token yet: it has only
  // pendings, and a credential with results at the same host has no token
  // either. An App gets its tokens one after the other, and those for results
  // are more urgent.
  bool Yields(const DueCredential& due, const Moment& now, absl::Time& next);
  std::optional<Token> FindToken(const Candidate& candidate, const Moment& now,
                                 absl::Time& next);

  Credentials* const credentials_;
  RequestGate* const gate_;
  CredentialBoard* const board_;

  std::map<std::string, Work> work_;
  std::string last_credential_;  // The argument of the last NoteStep.
  // The credentials at which LeaveRequests has to look again.
  std::set<std::string> touched_;
  // The hosts at which, in this pass, a credential has results and no token.
  std::set<std::string, std::less<>> hosts_without_tokens_;

  Mutex mu_;
  std::set<std::string> look_again_ ABSL_GUARDED_BY(mu_);
};

// The host of a credential's id, "host/account".
absl::string_view HostOfCredential(absl::string_view credential);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CREDENTIAL_TURNS_H_
