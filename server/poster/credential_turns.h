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

// A credential that takes steps in this pass of the poster.
struct Candidate {
  DueCredential due;
  Stage stage = Stage::kLongDue;
  bool in_turn = true;  // Its step moves the place where the next pass begins.
  // Not known to have work: one of its requests has ended.
  bool is_guess = false;
};

// The answer to a request that wants to begin.
enum class Admission {
  kAdmitted,
  kWaits,     // The credential waits.
  kHostFull,  // So does every other credential of the host.
};

// CredentialTurns decides which credentials make a request to GitHub, when, and
// with which token. It serves each credential by itself, so a credential that
// waits or fails delays no other. CredentialBoard shows why one waits.
//
// Methods with an argument `next` lower it to the time at which the poster
// should ask again, by the wall clock.
//
// Not thread-safe, except LookAgain: only the poster uses it.
class CredentialTurns {
 public:
  // All are borrowed.
  CredentialTurns(Credentials* credentials, RequestGate* gate,
                  CredentialBoard* board)
      : credentials_(credentials), gate_(gate), board_(board) {}

  // Credentials::Get may answer differently for this credential now: the next
  // pass asks again. Thread-safe.
  void LookAgain(const std::string& credential);

  // The credentials that take steps in a pass, in their order. `due` is sorted.
  // `ended`: the credentials whose requests have ended. Each may post the next
  // status that the end makes due, so that one transaction settles the one and
  // takes out the other.
  std::vector<Candidate> BeginPass(const std::vector<DueCredential>& due,
                                   const std::set<std::string>& ended,
                                   absl::Time now);
  // The next pass begins after this credential.
  void NoteStep(const std::string& credential) {
    last_credential_ = credential;
  }

  // What a credential may do in a step.
  struct Step {
    Token token;
    bool must_learn = false;  // Only GET /rate_limit: see AdmitLearning.
  };
  // Nothing: it must do nothing now.
  std::optional<Step> StepOf(const Candidate& candidate, const Moment& now,
                             absl::Time& next);

  // Books a request if one may be made now. If not, people see why the
  // credential waits, unless `next` is null.
  Admission Admit(const std::string& credential, const Token& token,
                  bool pending, const Moment& now, absl::Time* next);
  // Undoes an Admit whose request was not made.
  void GiveBack(const std::string& credential, const Token& token) {
    gate_->Return(credential, token);
  }
  // The same for GET /rate_limit, which shows the budget and whether the token
  // is good. One at a time; EndLearning ends it. kWaits, if it is under way.
  Admission AdmitLearning(const std::string& credential, const Token& token,
                          const Moment& now, absl::Time& next);
  void EndLearning(const std::string& credential);

  PostOrder& OrderOf(const std::string& credential) {
    return work_[credential].order;
  }

  // One of the credential's requests has ended.
  void NoteEnd(const std::string& credential) { touched_.insert(credential); }
  // Leaves a request for a result in `standing` for each credential that could
  // make one now or at a known time. Looks only at the credentials for which
  // something has changed since the last call.
  void LeaveRequests(const Moment& now, StandingRequests* standing);

  // Token::origin of the credential's token; nothing: there is no token now.
  std::optional<std::string> TokenOrigin(const std::string& credential,
                                         absl::Time now);

  // How many credentials it remembers.
  size_t size() const { return work_.size(); }

 private:
  struct Work {
    PostOrder order;
    bool learning = false;  // GET /rate_limit is under way.
    // A token to probe a stopped credential with. Credentials hands it out only
    // once, so it is kept until the request can begin.
    std::optional<Token> probe;
    // Nothing begins before this steady time, unless EndRests ends the rest.
    absl::Time rest_end = absl::InfinitePast();
    bool rests_for_host = false;
    // As of the last look for a token.
    bool has_token = false;
    bool waits_for_token = false;            // It is being fetched.
    std::optional<absl::Time> yields_since;  // Steady: see Yields.
  };

  // Ends the rests of the credentials for which something has changed.
  void EndRests();
  // If there are many credentials, forgets those that do not rest and are not
  // due.
  void ForgetIdle(const std::vector<DueCredential>& due, absl::Time now);
  // Whether the credential has only pendings and leaves its turn to credentials
  // with results that have no token yet. An App gets its tokens one after the
  // other.
  bool Yields(const DueCredential& due, const Moment& now, absl::Time& next);
  std::optional<Token> FindToken(const Candidate& candidate, const Moment& now,
                                 absl::Time& next);

  Credentials* const credentials_;
  RequestGate* const gate_;
  CredentialBoard* const board_;

  std::map<std::string, Work> work_;
  std::string last_credential_;
  // Those for which LeaveRequests has to look again.
  std::set<std::string> touched_;
  // Hosts of credentials with results that have no token, in this pass.
  std::set<std::string, std::less<>> hosts_without_tokens_;

  Mutex mu_;
  std::set<std::string> look_again_ ABSL_GUARDED_BY(mu_);
};

// The host of a credential's id, "host/account".
absl::string_view HostOfCredential(absl::string_view credential);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CREDENTIAL_TURNS_H_
