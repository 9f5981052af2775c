#include "clients/cli/commands.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/console.h"
#include "clients/cli/diagnosis.h"
#include "clients/cli/printable.h"
#include "clients/cli/status_text.h"
#include "clients/cli/wording.h"
#include "common/secret.h"

namespace signalbox {
namespace {

// One line per receipt: `acme/widgets@6dcb09b5 ci/build: success`, or what
// became of it instead.
std::string ReceiptLine(const v1::Receipt& receipt, const Subject& subject,
                        absl::string_view what) {
  return absl::StrCat(
      Printable(absl::StrCat(subject.Display(), " ", receipt.context(), ": ",
                             OutcomeText(receipt, subject, what))),
      "\n");
}

Screen StandardOutput() {
  Screen screen;
  screen.colours = WantsColours();
  if (isatty(STDOUT_FILENO) != 1) return screen;
  winsize size = {};
  // Old terminals do not know their size; they had 80 by 24.
  static_cast<void>(ioctl(STDOUT_FILENO, TIOCGWINSZ, &size));
  screen.columns = size.ws_col > 0 ? size.ws_col : 80;
  screen.rows = size.ws_row > 0 ? size.ws_row : 24;
  return screen;
}

// A request about the subject's one status.
template <typename Request>
Request KeyRequest(const Subject& subject) {
  Request request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  request.set_context(subject.contexts.front());
  return request;
}

// A report of the subject's run.
template <typename Request>
Request RunRequest(const Arguments& arguments, const Subject& subject) {
  Request request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  request.set_attempt(subject.attempt);
  request.set_series(subject.series);
  if (arguments.if_sequence) request.set_if_sequence(*arguments.if_sequence);
  request.set_newest_text_wins(arguments.newest_text_wins);
  request.set_description(arguments.description.value_or(""));
  request.set_target_url(subject.target_url);
  return request;
}

// The outcome of a retry. Without `before`, nobody knows whether the status was
// abandoned.
std::string RetryText(const std::optional<v1::Posting>& before,
                      const v1::Posting& after, absl::Time now) {
  if (!before.has_value()) return PostingText(after, now);
  if (before->state() == v1::POSTING_STATE_ABANDONED) {
    return after.state() == v1::POSTING_STATE_DUE
               ? "due again"
               : absl::StrCat("tried again: ", PostingText(after, now));
  }
  // The repository is parked, and the server now probes it sooner.
  const bool is_sooner =
      after.state() == v1::POSTING_STATE_WAITING &&
      before->has_next_try_time() && after.has_next_try_time() &&
      ToTime(after.next_try_time()) < ToTime(before->next_try_time());
  return absl::StrCat(is_sooner ? "tried sooner: " : "nothing was abandoned: ",
                      after.state() == v1::POSTING_STATE_POSTED
                          ? "already posted"
                      : after.state() == v1::POSTING_STATE_WAITING
                          ? WaitText("waits", after, now)
                          : PostingText(after, now));
}

// Adds the context's name to an error that names it by its place in the list.
// The server's messages are ASCII, so they cannot hold the name.
absl::Status Clearly(const absl::Status& error,
                     const std::vector<std::string>& contexts) {
  for (size_t i = 0; i < contexts.size(); ++i) {
    if (!absl::StartsWith(error.message(), absl::StrCat("contexts[", i, "]"))) {
      continue;
    }
    absl::Status clear(error.code(),
                       absl::StrCat(contexts[i], ": ", error.message()));
    error.ForEachPayload(
        [&clear](absl::string_view type, const absl::Cord& it) {
          clear.SetPayload(type, it);
        });
    return clear;
  }
  return error;
}

int FailForKey(const absl::Status& error, absl::string_view what,
               const Arguments& arguments, const Subject& subject) {
  return Fail(error,
              absl::StrCat(what, " of ", subject.contexts.front(), " on ",
                           subject.Display()),
              arguments, subject,
              absl::IsNotFound(error)
                  ? "; `signalbox status` shows the contexts of a commit"
                  : "");
}

}  // namespace

absl::StatusOr<Client> ConnectAs(const Arguments& arguments) {
  ClientOptions options;
  options.retry_for = arguments.retry_for;
  // A short --retry-for also limits the wait for one answer. The other
  // subcommands try once by default.
  if (Reports(arguments.subcommand)) {
    options.try_timeout = std::min(
        options.try_timeout, std::max(arguments.retry_for, absl::Seconds(2)));
  }
  // `run` prints its own line, once its command has ended.
  if (arguments.subcommand != Subcommand::kRun) {
    options.on_repeat = [last = absl::ZeroDuration(), said = false, arguments](
                            const absl::Status& error,
                            absl::Duration waited) mutable {
      // The wait is shorter than before: `watch` has lost the server again.
      if (waited < last) said = false;
      last = waited;
      if (said || waited < absl::Seconds(1)) return;
      said = true;
      Complain(absl::StrCat(
          "waiting for the server at ", arguments.server,
          arguments.subcommand == Subcommand::kWatch
              ? ""
              : absl::StrCat(", for up to ", About(arguments.retry_for)),
          " (", error.message(), ")"));
    };
  }
  if (!arguments.token_file.empty()) {
    const absl::StatusOr<Secret> token =
        ReadTokenFile("--token-file", arguments.token_file);
    if (!token.ok()) return token.status();
    options.token = token->Reveal();
  }
  options.request_id = arguments.request_id;
  options.tls = arguments.tls;
  options.ca_file = arguments.ca_file;
  options.cert_file = arguments.cert_file;
  options.key_file = arguments.key_file;
  options.server_name = arguments.server_name;
  return Client::Connect(arguments.server, std::move(options));
}

v1::ReportPendingRequest PendingRequest(const Arguments& arguments,
                                        const Subject& subject) {
  auto request = RunRequest<v1::ReportPendingRequest>(arguments, subject);
  for (const std::string& context : subject.contexts) {
    request.add_contexts(context);
  }
  if (arguments.expires_after == absl::InfiniteDuration()) {
    request.set_never_expires(true);
  } else if (arguments.expires_after) {
    request.mutable_expires_after()->set_seconds(
        absl::ToInt64Seconds(*arguments.expires_after));
  }
  return request;
}

v1::ReportResultRequest ResultRequest(const Arguments& arguments,
                                      const Subject& subject) {
  auto request = RunRequest<v1::ReportResultRequest>(arguments, subject);
  request.set_context(subject.contexts.front());
  request.set_result(arguments.result);
  return request;
}

int ReportPending(const Arguments& arguments, const Subject& subject,
                  const Client& client) {
  const auto answer = client.ReportPending(PendingRequest(arguments, subject));
  if (!answer.ok()) {
    return Fail(Clearly(answer.status(), subject.contexts),
                absl::StrCat("could not report the pending of ",
                             absl::StrJoin(subject.contexts, ", "), " on ",
                             subject.Display()),
                arguments, subject);
  }
  if (arguments.json) PrintJson(*answer);
  for (const v1::Receipt& receipt : answer->receipts()) {
    if (!arguments.json) {
      std::fputs(ReceiptLine(receipt, subject, "pending").c_str(), stdout);
    }
    PrintWarnings(receipt, subject);
  }
  return kDone;
}

int ReportResult(const Arguments& arguments, const Subject& subject,
                 const Client& client) {
  const auto answer = client.ReportResult(ResultRequest(arguments, subject));
  if (!answer.ok()) {
    return Fail(answer.status(),
                absl::StrCat("could not report ", subject.contexts.front(),
                             " on ", subject.Display(), " (",
                             ValueWords(arguments.result), ")"),
                arguments, subject);
  }
  Print(arguments, *answer,
        ReceiptLine(answer->receipt(), subject, ValueWords(arguments.result)));
  PrintWarnings(answer->receipt(), subject);
  return kDone;
}

int ShowStatus(const Arguments& arguments, const Subject& subject,
               const Client& client) {
  v1::GetCommitStatusRequest request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  const auto answer = client.GetCommitStatus(request);
  if (!answer.ok()) {
    return Fail(
        answer.status(),
        absl::StrCat("could not read the status of ", subject.Display()),
        arguments, subject);
  }
  Print(arguments, *answer, StatusTable(*answer, absl::Now(), WantsColours()));
  return kDone;
}

int ExplainStatus(const Arguments& arguments, const Subject& subject,
                  const Client& client) {
  const auto answer =
      client.ExplainStatus(KeyRequest<v1::ExplainStatusRequest>(subject));
  if (!answer.ok()) {
    return FailForKey(answer.status(), "could not explain the status",
                      arguments, subject);
  }
  Print(arguments, *answer,
        Timeline(absl::StrCat(subject.repository, "@", subject.sha), *answer,
                 absl::Now(), StandardOutput()));
  return kDone;
}

int RetryPost(const Arguments& arguments, const Subject& subject,
              const Client& client) {
  // The answer does not say what the retry has changed.
  std::optional<v1::Posting> before;
  if (!arguments.json) {
    const auto explained =
        client.ExplainStatus(KeyRequest<v1::ExplainStatusRequest>(subject));
    if (ExitCodeFor(explained.status()) == kNotReachable) {
      return FailForKey(explained.status(), "could not retry the status",
                        arguments, subject);
    }
    // A caller that may report need not be allowed to read.
    if (explained.ok()) before = explained->status().posting();
  }
  const auto answer =
      client.RetryPost(KeyRequest<v1::RetryPostRequest>(subject));
  if (!answer.ok()) {
    return FailForKey(answer.status(), "could not retry the status", arguments,
                      subject);
  }
  const v1::CommitStatus& status = answer->status();
  Print(arguments, *answer,
        absl::StrCat(Printable(subject.Display()), " ",
                     Printable(status.context()), ": ",
                     RetryText(before, status.posting(), absl::Now()), "\n"));
  return kDone;
}

int DiagnoseRepository(const Arguments& arguments, const Subject& subject,
                       const Client& client) {
  const auto fail = [&](const absl::Status& error) {
    return Fail(error, absl::StrCat("could not diagnose ", subject.Display()),
                arguments, subject);
  };
  Examination examination;
  examination.repository = subject.repository;
  examination.server = arguments.server;
  // Every caller may ask this. So it tells a server that is away from one that
  // does not know the caller.
  const absl::StatusOr<bool> is_serving = client.IsServing();
  if (ExitCodeFor(is_serving.status()) == kNotReachable) {
    return fail(is_serving.status());
  }
  if (is_serving.ok()) examination.is_serving = *is_serving;

  const auto info = client.GetServerInfo({});
  if (info.ok()) {
    examination.info = *info;
  } else if (!absl::IsUnimplemented(info.status())) {
    return fail(info.status());
  }

  v1::DiagnoseRepositoryRequest request;
  request.set_repository(subject.repository);
  auto answer = client.DiagnoseRepository(request);
  if (!answer.ok()) return fail(answer.status());
  examination.answer = *std::move(answer);
  Print(arguments, examination.answer,
        ExaminationText(examination, absl::Now(), absl::LocalTimeZone(),
                        WantsColours()));
  const std::vector<std::string> problems = ProblemsOf(examination);
  // The JSON is the server's answer and does not say this.
  if (arguments.json && !examination.is_serving) Complain(problems.front());
  return problems.empty() ? kDone : kRefused;
}

}  // namespace signalbox
