#include "clients/cli/help.h"

namespace signalbox::help {

const char kAbout[] =
    "Reports builds to a Signalbox server, which shows them as statuses at "
    "GitHub, and shows what the server knows.";

const char kProgram[] = R"help(Examples:
  signalbox run -- make test
  signalbox run --context ci/lint --retry-for 5m -- npm run lint
  signalbox pending --context ci/build --context ci/lint
  signalbox result failure --context ci/lint --description "3 problems"
  signalbox status
  signalbox explain --context ci/lint
  signalbox watch
  signalbox doctor

signalbox finds the repository, the commit, the attempt and its series in the
variables of GitHub Actions, Travis, GitLab, Jenkins, Buildkite, CircleCI and
TeamCity, or in the git checkout. An option replaces what it finds. With
--attempt it finds no series; add --series.

If two results of one attempt differ, GitHub shows the worse one. So parallel
jobs of a build that report one context show the worst of their results. With
--context 'ci/test-{job}' each job has a status of its own. In a matrix of
GitHub Actions {job} is the same for all jobs; add what the matrix varies.

Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 no answer from the
server; `run` exits with the code of its command.
)help";

const char kRun[] =
    R"help(Reports pending, runs COMMAND at once, and reports its exit code: success for 0,
failure for any other. The result is error if a signal killed COMMAND or COMMAND
could not be started. signalbox repeats the result until the server has it, for
up to --retry-for.

signalbox passes signals on to COMMAND. If another process sends SIGTERM, SIGINT
or SIGHUP, signalbox reports cancelled at once, whatever COMMAND does then.
After a second signal signalbox no longer waits for the server.

After --timeout signalbox sends SIGTERM to COMMAND and its descendants, and
SIGKILL --kill-after later to those that still run.

With --tail COMMAND writes into a pipe instead of the terminal, and signalbox
copies what it writes. Many programs then use no colours.

Exit codes: that of COMMAND, whatever the server answers; 127 COMMAND was not
found, 126 it is not executable, 128+n signal n killed it, 124 --timeout ended
it, 2 wrong usage.

Examples:
  signalbox run -- make -j8 test
  signalbox run --context ci/lint -- sh -c 'npm ci && npm run lint'
  signalbox run --timeout 30m --tail 1 -- pytest
)help";

const char kPending[] = R"help(Examples:
  signalbox pending --context ci/build --context ci/lint
  signalbox pending --expires-after 90m
  signalbox pending --context cla --expires-after never
)help";

const char kResult[] =
    R"help(GitHub has four states: it shows cancelled and timed_out as error, skipped and
neutral as success.

Examples:
  signalbox result success
  signalbox result timed_out --context ci/e2e --description "No end after 2 h"
)help";

const char kStatus[] = R"help(Examples:
  signalbox status
  signalbox status --repository acme/widgets --sha main --json
)help";

const char kExplain[] =
    R"help(Answers "why is this pull request yellow?": the state of the context, what
happens next, and every report and every try at GitHub in order of time, with
GitHub's answer. On a terminal signalbox cuts long lines and leaves out the
oldest ones. Into a pipe or a file it writes everything.

Examples:
  signalbox explain
  signalbox explain --context ci/lint | less
  signalbox explain --repository acme/widgets --sha main
)help";

const char kRetry[] =
    R"help(The server abandons a status if GitHub refuses it permanently; `signalbox
explain` shows why. Remove the cause first, then retry. If GitHub refuses every
status of a repository, the server tries one of them at once, and the others
once GitHub accepts that one. Statuses that wait for another reason stay as they
are: the server tries them by itself.

With --all signalbox retries in all repositories that the caller may retry;
`signalbox list --stuck` shows them.

Examples:
  signalbox retry --repository acme/widgets --sha main
  signalbox retry --all
  signalbox retry --all --reason PERMISSION_MISSING --repository "acme/*"
)help";

const char kList[] =
    R"help(Lists the statuses that GitHub does not show yet, of all repositories that the
caller may read: those that are due, that wait and that the server abandoned,
each with the reason and the next try. --stuck leaves out those that are only
due.

Examples:
  signalbox list --stuck
  signalbox list --repository "acme/*" --reason PERMISSION_MISSING
  signalbox list --posting abandoned --json
)help";

const char kWatch[] =
    R"help(Prints every change from now on, a line each, until you end it with Ctrl-C: each
report, and how far GitHub has got with it. While the server is away, watch
waits, and then resumes after the last change, so that it misses none.

With --json each line is one document, the server's WatchStatusesResponse. Give
its `sequence` to --after to resume.

Examples:
  signalbox watch
  signalbox watch --repository "acme/*" --state failure --state error
  signalbox watch --json --after 4711 | jq -r .status.context
)help";

const char kDoctor[] =
    R"help(Answers "would Signalbox set statuses here?": which contexts the server expects
and why, which credential posts, what GitHub allows it, how much of its rate
limit is left, how GitHub's webhooks are configured where the server may read
that, and what is wrong. The server posts nothing.

Exit codes: 0 nothing is wrong, 1 something is wrong or the server refused, 2
wrong usage, 3 no answer from the server.

Examples:
  signalbox doctor
  signalbox doctor acme/widgets
  signalbox doctor github.example.com/acme/widgets --json
)help";

const char kIssueToken[] =
    R"help(Prints a new token with which a job can act for you, but only for a limited
time, and only where both you and the options allow it. So the job needs no
token of yours. It can save the new one in a file for --token-file. The token
ends early if yours is replaced. It cannot get others.

Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 no answer from the
server.

Examples:
  signalbox issue-token --repository acme/widgets --right report > job.token
  signalbox issue-token --for 15m --context 'ci/*' --sha "$(git rev-parse HEAD)"
)help";

const char kHelp[] = R"help(Examples:
  signalbox help run
  signalbox help --man run | man -l -
)help";

const char kCompletion[] =
    R"help(Prints a script that lets the shell complete commands, options and values.

Examples:
  source <(signalbox completion bash)
  source <(signalbox completion zsh)
  signalbox completion fish > ~/.config/fish/completions/signalbox.fish
)help";

}  // namespace signalbox::help
