#include "clients/cli/run_command.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/console.h"
#include "clients/cli/reporter.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// How long a report may take before a line says what is waited for.
constexpr int kSilentMs = 1000;

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("signal ", signal)
                         : absl::StrCat("SIG", name);
}

bool NoSuchProgram(int error) { return error == ENOENT || error == ENOTDIR; }

int ExitCodeOf(const CommandEnd& end) {
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
  if (end.kind != CommandEnd::kExited) return v1::RESULT_ERROR;
  return end.value == 0 ? v1::RESULT_SUCCESS : v1::RESULT_FAILURE;
}

// Of a program that could not be started.
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

}  // namespace

int RunUnreported(const Arguments& arguments, const absl::Status& why,
                  Foreground* foreground) {
  Complain(absl::StrCat("the command runs, and nothing is reported: ",
                        why.message()));
  const CommandEnd end = foreground->Run(arguments.command, [] {});
  if (end.kind == CommandEnd::kNotStarted) {
    Complain(Problem(arguments.command.front(), end.value));
  }
  return ExitCodeOf(end);
}

int RunCommand(const Arguments& arguments, const Subject& subject,
               const Client& client, Foreground* foreground) {
  const std::string& program = arguments.command.front();
  const std::string about =
      absl::StrCat(subject.contexts.front(), " on ", subject.Display());
  Complain(absl::StrCat("reporting ", about,
                        subject.sha_source.empty() ? "" : ", the commit from ",
                        subject.sha_source));
  v1::ReportPendingRequest pending = PendingRequest(arguments, subject);
  if (!arguments.description) pending.set_description("Running");
  const auto refused = [&](const absl::Status& error) {
    Complain(Explain(
        error, absl::StrCat("the pending of ", about, " was not reported"),
        arguments, subject));
  };

  const auto renew_after = [](const v1::ReportPendingResponse& answer) {
    return RenewAfter(answer, absl::Now());
  };

  std::optional<Reporter> reporter;
  const auto begin = std::chrono::steady_clock::now();
  const CommandEnd end = foreground->Run(arguments.command, [&] {
    reporter.emplace(client, pending, renew_after, refused);
  });
  const absl::Duration took =
      absl::FromChrono(std::chrono::steady_clock::now() - begin);
  if (end.kind == CommandEnd::kNotStarted) {
    Complain(Problem(program, end.value));
    reporter.emplace(client, std::nullopt, renew_after, refused);
  }

  v1::ReportResultRequest result = ResultRequest(arguments, subject);
  result.set_result(ResultOf(end));
  const bool has_ended = end.asked == 0 && end.kind == CommandEnd::kExited;
  const std::optional<std::string>& of_end =
      end.value == 0 ? arguments.description_success
                     : arguments.description_failure;
  if (has_ended && of_end) {
    result.set_description(*of_end);
  } else if (!arguments.description) {
    result.set_description(Describe(end, program, took));
  }
  reporter->Finish(std::move(result), arguments.retry_for);
  using Readiness = Foreground::Readiness;
  Readiness readiness =
      foreground->WaitForReadable(reporter->done_fd(), kSilentMs);
  if (readiness == Readiness::kTimeout) {
    Complain(absl::StrCat("waiting for the server at ", arguments.server,
                          ", for up to ", About(arguments.retry_for),
                          "; Ctrl-C ends this, and the exit code stays ",
                          ExitCodeOf(end)));
    readiness = foreground->WaitForReadable(reporter->done_fd(), -1);
  }
  if (readiness == Readiness::kAskedToEnd) reporter->GiveUp();

  const auto answer = reporter->Wait();
  const int exit_code = ExitCodeOf(end);
  if (answer.ok()) {
    ComplainOf(answer->receipt(), subject);
    return exit_code;
  }
  Complain(Explain(
      answer.status(),
      absl::StrCat("the result of ", about, " was not reported, and exit code ",
                   exit_code, " is the command's"),
      arguments, subject));
  return exit_code;
}

}  // namespace signalbox
