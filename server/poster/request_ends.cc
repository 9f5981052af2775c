#include "server/poster/request_ends.h"

#include <utility>

#include "absl/status/status.h"
#include "server/poster/posting_log.h"
#include "server/poster/settling.h"

namespace signalbox {

bool RequestEnds::Note(const Moment& now) {
  std::vector<EndedRequest> ended = requests_->Take();
  for (EndedRequest& one : ended) {
    // Somebody may have set the wall clock since the end.
    one.end.wall = now.WallAt(one.end.steady);
    turns_->NoteEnd(one.request->credential);
    NoteEnd(one, now);
    noted_.push_back(std::move(one));
  }
  return !ended.empty();
}

void RequestEnds::NoteEnd(const EndedRequest& ended, const Moment& now) {
  const PosterRequest& request = *ended.request;
  const Verdict& verdict = ended.reply.verdict;
  // A host without limits has no /rate_limit, and answers a good token with
  // 404.
  gate_->Leave(request.credential, request.token, ended.reply,
               /*proves_token=*/request.errand == Errand::kLearn, ended.end);
  if (verdict.action == Action::kWait) StorePause(request.credential, now);
  if (request.errand == Errand::kPost) {
    turns_->OrderOf(request.credential)
        .NoteAnswer(verdict.action == Action::kDone);
    metrics_->Add("signalbox_posts_total",
                  "Finished posts to GitHub, by outcome.",
                  {{"verdict", verdict.reason}});
  } else {
    metrics_->Add("signalbox_reads_total",
                  "Other finished requests to GitHub, by outcome.",
                  {{"verdict", verdict.reason}});
  }
}

void RequestEnds::StorePause(const std::string& credential, const Moment& now) {
  const absl::Duration pause_for = gate_->BlockedUntil(credential) - now.steady;
  const absl::Status kept = outbox_->SetPause(credential, pause_for, now.wall);
  if (!kept.ok()) LogStoreFailure(kept);
}

std::vector<Unsettled> RequestEnds::Collect(const Term& term,
                                            const Moment& now) {
  Note(now);
  std::vector<Unsettled> unsettled;
  for (const EndedRequest& one : std::exchange(noted_, {})) {
    const PosterRequest& request = *one.request;
    if (one.reply.moved_to != 0 && request.errand != Errand::kName) {
      memory_->moved.Add(request.credential, request.lease.repository,
                         one.reply.moved_to, now.wall);
    }
    switch (request.errand) {
      case Errand::kPost:
        unsettled.push_back(EndOf(one, now));
        break;
      case Errand::kRead:
        unsettled.push_back(
            {AfterRead(request.lease, one.reply, now.WallAt(request.begin_time),
                       one.end.wall),
             request.credential, one.end.steady, /*was_sent=*/true});
        break;
      case Errand::kLearn:
        turns_->EndLearning(request.credential);
        requests_->Land();
        break;
      case Errand::kName:
        LearnName(term, one, now.wall);
        requests_->Land();
        break;
    }
  }
  return unsettled;
}

Unsettled RequestEnds::EndOf(const EndedRequest& post, const Moment& now) {
  const PosterRequest& request = *post.request;
  Unsettled ended;
  ended.credential = request.credential;
  ended.was_sent = true;
  ended.decided = post.end.steady;
  ended.settlement = AfterPost(request.lease, request.sent, post.reply,
                               now.WallAt(request.begin_time), post.end.wall,
                               &memory_->wording);
  Settlement& settlement = ended.settlement;
  NoteCreator(post, &settlement);
  const bool may_show =
      settlement.ambiguous || settlement.kind == Settlement::Kind::kPosted;
  ended.is_late = may_show && post.end.steady > request.lease_end;
  if (settlement.ambiguous || ended.is_late) {
    // A process that was stopped may have sent the request just before its end.
    const SteadyTime sent =
        ended.is_late ? post.end.steady
                      : now.SteadyAt(settlement.attempted->begin_time);
    memory_->held.HoldUntil(request.lease.entry_id, sent + ambiguous_wait_);
  }
  LogSettlement(request.lease, settlement);
  if (ended.is_late) LogLate(request.lease);
  return ended;
}

void RequestEnds::NoteCreator(const EndedRequest& post,
                              Settlement* settlement) {
  CredentialCreator note = {post.request->credential,
                            post.reply.verdict.creator};
  if (note.creator.login.empty() || !board_->NoteCreator(note)) return;
  settlement->creator = std::move(note);
}

void RequestEnds::LearnName(const Term& term, const EndedRequest& ended,
                            absl::Time now) {
  const MovedRepositories::Question& asked = ended.request->named;
  const NameAnswer answer = AfterNaming(asked, ended.reply);
  absl::Status kept;
  if (answer.question_id != 0) {
    memory_->moved.End(answer.question_id);
    kept = outbox_->AnswerName(term, answer, now);
  } else if (answer.kind == NameAnswer::Kind::kNamed) {
    kept = outbox_->LearnName(term, asked.old_name, answer, now);
    if (!kept.ok()) memory_->moved.Forget(asked.old_name);
  }
  if (!kept.ok()) return LogStoreFailure(kept);
  LogName(ended, answer);
}

}  // namespace signalbox
