#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/console.h"
#include "clients/cli/output_tail.h"
#include "clients/cli/reporter.h"
#include "clients/cli/steady_clock.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// If a report takes longer, a line says that the program waits for it.
constexpr int kSilentMs = 1000;

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("signal ", signal)
                         : absl::StrCat("SIG", name);
}

// GitHub shows this many characters of a description.
constexpr size_t kShownDescription = 140;

// The exit code that timeout(1) uses.
constexpr int kTimedOut = 124;

bool NoSuchProgram(int error) { return error == ENOENT || error == ENOTDIR; }

int ExitCodeOf(const CommandEnd& end) {
  if (end.timed_out) return kTimedOut;
  switch (end.kind) {
    case CommandEnd::kExited:
      return end.value;
    case CommandEnd::kKilled:
      return 128 + end.value;
    case CommandEnd::kNotStarted:
      break;
  }
  return NoSuchProgram(end.value) ? 127 : 126;
}

v1::Result ResultOf(const CommandEnd& end) {
  if (end.asked != 0) return v1::RESULT_CANCELLED;
  if (end.timed_out) return v1::RESULT_TIMED_OUT;
  if (end.kind != CommandEnd::kExited) return v1::RESULT_ERROR;
  return end.value == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE;
}

// For a program that could not be started.
std::string Problem(const std::string& program, int error) {
  return absl::StrCat("Could not start: ", program, " ",
                      NoSuchProgram(error) ? "not found"
                      : error == EACCES    ? "is not executable"
                                           : std::strerror(error));
}

std::string Describe(const CommandEnd& end, const std::string& program,
                     absl::Duration took) {
  if (end.asked != 0) {
    return absl::StrCat("Cancelled by ", SignalName(end.asked), " after ",
                        Took(took));
  }
  if (end.timed_out) return absl::StrCat("Timed out after ", Took(took));
  switch (end.kind) {
    case CommandEnd::kExited:
      if (end.value == 0) return absl::StrCat("Succeeded in ", Took(took));
      return absl::StrCat("Failed with exit code ", end.value, " after ",
                          Took(took));
    case CommandEnd::kKilled:
      return absl::StrCat("Killed by ", SignalName(end.value), " after ",
                          Took(took));
    case CommandEnd::kNotStarted:
      break;
  }
  return Problem(program, end.value);
}

CommandRun RunOf(const Arguments& arguments) {
  CommandRun run;
  run.command = arguments.command;
  run.timeout = arguments.timeout;
  run.kill_after = arguments.kill_after;
  return run;
}

// The description that the arguments give for this end; nothing: the default
// applies. `tail` is the end of the command's output.
std::optional<std::string> DescriptionOf(const Arguments& arguments,
                                         const CommandEnd& end,
                                         const std::string& tail) {
  // If something else ended the command, its own words explain nothing.
  const bool ended_itself =
      end.asked == 0 && !end.timed_out && end.kind == CommandEnd::kExited;
  if (ended_itself) {
    const std::optional<std::string>& of_end =
        end.value == 0 ? arguments.description_success
                       : arguments.description_failure;
    if (of_end) return of_end;
    if (!tail.empty()) return tail;
  }
  return arguments.description;
}

v1::ReportPendingRequest PendingOf(const Arguments& arguments,
                                   const Subject& subject) {
  v1::ReportPendingRequest pending = PendingRequest(arguments, subject);
  if (!arguments.description) pending.set_description("Running");
  return pending;
}

v1::ReportResultRequest ReportOf(const Arguments& arguments,
                                 const Subject& subject, const CommandEnd& end,
                                 const std::string& tail, absl::Duration took) {
  v1::ReportResultRequest result = ResultRequest(arguments, subject);
  result.set_result(ResultOf(end));
  result.set_description(
      DescriptionOf(arguments, end, tail)
          .value_or(Describe(end, arguments.command.front(), took)));
  return result;
}

// Has the end of the command's output kept, if the arguments want that.
void KeepTail(const Arguments& arguments, std::optional<OutputTail>* output,
              CommandRun* run) {
  if (arguments.tail_lines == 0) return;
  output->emplace(arguments.tail_lines);
  if ((*output)->ok()) {
    run->output = &**output;
    return;
  }
  Complain(absl::StrCat("--tail: no pipe: ", std::strerror(errno)));
  output->reset();
}

absl::Duration RenewAfterNow(const v1::ReportPendingResponse& answer) {
  return RenewAfter(answer, absl::Now());
}

// Waits until the result is reported, or until a signal asks not to wait.
void AwaitReport(const Arguments& arguments, const CommandEnd& end,
                 Foreground* foreground, Reporter* reporter) {
  using Readiness = Foreground::Readiness;
  Readiness readiness =
      foreground->WaitForReadable(reporter->done_fd(), kSilentMs);
  if (readiness == Readiness::kTimeout && !end.asked_again) {
    Complain(absl::StrCat("waiting for the server at ", arguments.server,
                          ", for up to ", About(arguments.retry_for),
                          "; Ctrl-C ends this, and the exit code stays ",
                          ExitCodeOf(end)));
    readiness = foreground->WaitForReadable(reporter->done_fd(), -1);
  }
  if (readiness != Readiness::kReadable) reporter->GiveUp();
}

}  // namespace

int RunUnreported(const Arguments& arguments, const absl::Status& why,
                  Foreground* foreground) {
  Complain(absl::StrCat("the command runs, and nothing is reported: ",
                        why.message()));
  const CommandEnd end = foreground->Run(RunOf(arguments));
  if (end.kind == CommandEnd::kNotStarted) {
    Complain(Problem(arguments.command.front(), end.value));
  }
  return ExitCodeOf(end);
}

int RunCommand(const Arguments& arguments, const Subject& subject,
               const Client& client, Foreground* foreground) {
  const std::string about =
      absl::StrCat(subject.contexts.front(), " on ", subject.Display());
  Complain(absl::StrCat("reporting ", about,
                        subject.sha_source.empty() ? "" : ", the commit from ",
                        subject.sha_source));
  const auto refused = [&](const absl::Status& error) {
    Fail(error, absl::StrCat("could not report the pending of ", about),
         arguments, subject);
  };

  std::optional<Reporter> reporter;
  std::optional<OutputTail> output;
  const absl::Time begin = SteadyNow();
  bool is_reported = false;
  const auto report = [&](const CommandEnd& end) {
    if (is_reported) return;
    is_reported = true;
    const std::string tail =
        output && end.asked == 0 ? output->Text(kShownDescription) : "";
    reporter->Finish(
        ReportOf(arguments, subject, end, tail, SteadyNow() - begin),
        arguments.retry_for);
  };

  CommandRun run = RunOf(arguments);
  run.started = [&] {
    reporter.emplace(client, PendingOf(arguments, subject), RenewAfterNow,
                     refused);
  };
  // Reports at once: if the command does not end soon, the sender of the signal
  // may kill it together with this process.
  run.cancelled = [&](int signal) {
    CommandEnd end;
    end.asked = signal;
    report(end);
  };
  KeepTail(arguments, &output, &run);
  const CommandEnd end = foreground->Run(run);
  if (end.kind == CommandEnd::kNotStarted) {
    Complain(Problem(arguments.command.front(), end.value));
    reporter.emplace(client, std::nullopt, RenewAfterNow, refused);
  }
  report(end);

  AwaitReport(arguments, end, foreground, &*reporter);
  const auto answer = reporter->Wait();
  if (answer.ok()) {
    PrintWarnings(answer->receipt(), subject);
  } else {
    Fail(answer.status(),
         absl::StrCat("could not report ", about, " (",
                      ValueWords(ResultOf(end)), ", exit code ",
                      ExitCodeOf(end), ")"),
         arguments, subject);
  }
  return ExitCodeOf(end);
}

}  // namespace signalbox
