#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLES_H_

namespace signalbox {

// The tables and columns of the store, as SQL. A new database runs all of these
// texts, in order. An older one runs those of the versions after its own;
// sqlite_schema.cc then fills the new columns. The tables of sqlite_journal.h
// (9), sqlite_commit_reports.h and sqlite_lookups.h (10) belong to it as well.
//
// In all tables:
// - Enumerations are stored as their numbers, times as microseconds since 1970
//   (`..._time_us`), a sha as bytes.
// - `canonical` is a name in the form of Repository::Canonical().
// - `lane` (from version 7 on: `credential`) is the id of a credential.
// - `github_repository_id` is GitHub's number of a repository.
// - `is_pending` is 1 if the newest report of an entry is a pending, and 0 if
//   it is a result: both kinds wait apart to be posted.
//
// Comments that begin with a value (`0:`, `NULL:`) say what this value means.
inline constexpr char kSchema[] = R"sql(
-- Numbers of the whole store, by name. schema_version: of these tables.
-- sequence: the last one given. forgotten_sequence: status changes with this
-- sequence or a smaller one may be deleted. orderly_close_epoch: the mark of
-- LeaveMark (sqlite_store.h), only while no process has the file open.
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The repositories that the server knows.
CREATE TABLE repository (
  repository_key INTEGER PRIMARY KEY,
  canonical TEXT NOT NULL UNIQUE,
  -- As first spelled.
  host TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  -- 0: not known.
  github_repository_id INTEGER NOT NULL,
  -- The credential that posts for it; empty: none does.
  lane TEXT NOT NULL
) STRICT;
CREATE INDEX repository_by_github_id
  ON repository (github_repository_id) WHERE github_repository_id <> 0;

-- Names that a repository had before. `canonical` is the old name.
CREATE TABLE repository_alias (
  canonical TEXT PRIMARY KEY,
  -- GitHub's number of the repository that had the name; 0: not known.
  github_repository_id INTEGER NOT NULL,
  repository_key INTEGER NOT NULL REFERENCES repository
) STRICT, WITHOUT ROWID;

-- Until when the server makes no requests with a credential.
CREATE TABLE lane_pause (
  lane TEXT PRIMARY KEY,
  until_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The due list: where to search for due entries of a credential, in the order
-- in which repositories take turns. It has every repository with an entry of
-- this kind (`is_pending`) that has a due time, if the repository has a name
-- and no row in `parking`. A repository that has no such entry any more stays
-- until one of its tries ends, or until a search looks at it.
CREATE TABLE due_repository (
  lane TEXT NOT NULL,
  is_pending INTEGER NOT NULL,
  canonical TEXT NOT NULL,
  repository_key INTEGER NOT NULL REFERENCES repository,
  PRIMARY KEY (lane, is_pending, canonical)
) STRICT, WITHOUT ROWID;

-- One row for each commit. Entries refer to commit_key, which grows with time,
-- so that new rows stand together in the file. Only the search for a sha reads
-- a random page.
CREATE TABLE commit_summary (
  commit_key INTEGER PRIMARY KEY,
  repository_key INTEGER NOT NULL REFERENCES repository,
  sha BLOB NOT NULL,
  -- Of the newest accepted report; 0: there is none.
  newest_sequence INTEGER NOT NULL,
  update_time_us INTEGER NOT NULL,
  -- How many statuses it has: all, pending ones, and errors and failures.
  status_count INTEGER NOT NULL,
  pending_count INTEGER NOT NULL,
  failed_count INTEGER NOT NULL,
  UNIQUE (repository_key, sha)
) STRICT;
CREATE INDEX commit_by_sequence ON commit_summary (newest_sequence);
CREATE INDEX commit_by_repository
  ON commit_summary (repository_key, newest_sequence);

-- One row for each key: its newest report, and how far posting has got.
CREATE TABLE entry (
  entry_id INTEGER PRIMARY KEY,
  commit_key INTEGER NOT NULL REFERENCES commit_summary,
  -- In lower case.
  context_key TEXT NOT NULL,
  -- As first spelled.
  context TEXT NOT NULL,
  repository_key INTEGER NOT NULL,

  -- The newest report. `version` counts the accepted reports of the entry. 0:
  -- none was accepted, and the row only has a history, or what was seen at
  -- GitHub.
  version INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  -- Since version 5 `run_state`.
  round INTEGER NOT NULL,
  -- NULL: a pending, or expired.
  result INTEGER,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  report_sequence INTEGER NOT NULL,
  report_time_us INTEGER NOT NULL,
  -- NULL: it does not expire.
  expire_time_us INTEGER,

  -- How far posting has got. change_sequence: of the newest status change.
  -- try_count, refusal_count: tries of this version, and those among them that
  -- GitHub refused.
  change_sequence INTEGER NOT NULL,
  posting_state INTEGER NOT NULL,
  posting_reason TEXT NOT NULL DEFAULT '',
  try_count INTEGER NOT NULL DEFAULT 0,
  refusal_count INTEGER NOT NULL DEFAULT 0,
  -- NULL: GitHub has not acknowledged the newest report.
  post_time_us INTEGER,

  is_pending INTEGER NOT NULL,
  -- Since when it has been due (Lease::due_since).
  first_due_time_us INTEGER NOT NULL,
  -- When to try next. NULL: nothing to do. While a try is in flight: the end of
  -- its lease.
  due_time_us INTEGER,

  -- The try in flight: the version that it posts, and its number among the
  -- leases of the entry. lease_version 0: no try is in flight.
  lease_version INTEGER NOT NULL DEFAULT 0,
  lease_number INTEGER NOT NULL DEFAULT 0,
  lease_begin_time_us INTEGER NOT NULL DEFAULT 0,
  -- due_time_us before the lease.
  lease_due_time_us INTEGER NOT NULL DEFAULT 0,
  -- When the latest ambiguous try began; NULL: there is none.
  ambiguous_time_us INTEGER,

  -- The newest version that GitHub acknowledged; 0: none.
  posted_version INTEGER NOT NULL DEFAULT 0,
  -- The status that GitHub shows, set by any program, and its number.
  posted_status_id INTEGER NOT NULL DEFAULT 0,
  -- GitHub's word; NULL: the server does not know the status.
  shown_state TEXT,
  shown_description TEXT NOT NULL DEFAULT '',
  shown_target_url TEXT NOT NULL DEFAULT '',
  -- How long the pending waits for its result; NULL: it does not expire.
  expires_after_us INTEGER,
  -- How many statuses GitHub has for the key, as far as the server knows.
  status_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (commit_key, context_key)
) STRICT;
CREATE INDEX entry_due ON entry (repository_key, is_pending, due_time_us)
  WHERE due_time_us IS NOT NULL;
CREATE INDEX entry_due_time ON entry (due_time_us)
  WHERE due_time_us IS NOT NULL;
CREATE INDEX entry_expiry ON entry (expire_time_us)
  WHERE expire_time_us IS NOT NULL;

-- History: the reports that were accepted, and those that were superseded, which
-- changed nothing.
CREATE TABLE report (
  report_id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES entry,
  -- 0: superseded.
  version INTEGER NOT NULL,
  -- 0 or less: superseded.
  sequence INTEGER NOT NULL,
  accept_time_us INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  -- NULL: a pending, or expired.
  result INTEGER,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  caller TEXT NOT NULL,
  delivery_id TEXT NOT NULL
) STRICT;
CREATE INDEX report_by_entry ON report (entry_id);

-- History: the tries, with what GitHub answered.
CREATE TABLE try (
  try_id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES entry,
  sequence INTEGER NOT NULL,
  begin_time_us INTEGER NOT NULL,
  end_time_us INTEGER NOT NULL,
  http_status INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX try_by_entry ON try (entry_id);

-- The deliveries that were accepted lately.
CREATE TABLE delivery (
  delivery_key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  -- Of its content. Empty: not known.
  digest BLOB NOT NULL,
  accept_time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_by_digest ON delivery (digest) WHERE digest <> x'';

-- The newest known head of each pull request.
CREATE TABLE pull_request (
  repository_key INTEGER NOT NULL REFERENCES repository,
  number INTEGER NOT NULL,
  updated_time_us INTEGER NOT NULL,
  head_sha BLOB NOT NULL,
  PRIMARY KEY (repository_key, number)
) STRICT, WITHOUT ROWID;
)sql";

// What version 3 added. kSchema has what version 2 added.
inline constexpr char kTablesOf3[] = R"sql(
-- Requests to run contexts of a pull request again. The server deletes a row
-- when it has acted on it.
CREATE TABLE rerun (
  rerun_id INTEGER PRIMARY KEY,
  repository_key INTEGER NOT NULL REFERENCES repository,
  pull_request_number INTEGER NOT NULL,
  -- One in each line. Empty: those that the configuration expects.
  contexts TEXT NOT NULL,
  login TEXT NOT NULL,
  author_association TEXT NOT NULL,
  caller TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  try_count INTEGER NOT NULL,
  due_time_us INTEGER NOT NULL
) STRICT;

-- The hooks whose deliveries were accepted lately.
CREATE TABLE hook (
  host TEXT NOT NULL,
  hook_id INTEGER NOT NULL,
  seen_time_us INTEGER NOT NULL,
  PRIMARY KEY (host, hook_id)
) STRICT, WITHOUT ROWID;

-- Times that the server stores under a name, such as the cursors of recovery.
CREATE TABLE mark (
  name TEXT PRIMARY KEY,
  time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// What version 4 added.
inline constexpr char kTablesOf4[] = R"sql(
-- Since version 4, the `sequence` of a superseded report is the last one given
-- before it, negated. So the rows are in the order of all sequences.
ALTER TABLE report ADD COLUMN expire_time_us INTEGER;

-- The newest status changes, except accepted reports, which are in `report`.
-- Each row is a copy of the entry just after the change; the columns mean the
-- same as in `entry`.
CREATE TABLE change (
  change_sequence INTEGER PRIMARY KEY,
  -- No reference: the entry may be deleted, or merged into another.
  entry_id INTEGER NOT NULL,
  context TEXT NOT NULL,
  version INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  result INTEGER,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  report_time_us INTEGER NOT NULL,
  expire_time_us INTEGER,
  posting_state INTEGER NOT NULL,
  posting_reason TEXT NOT NULL,
  try_count INTEGER NOT NULL,
  post_time_us INTEGER,
  due_time_us INTEGER,
  lease_version INTEGER NOT NULL,
  shown_state TEXT,
  shown_description TEXT NOT NULL,
  shown_target_url TEXT NOT NULL
) STRICT;
)sql";

// What version 5 added.
inline constexpr char kTablesOf5[] = R"sql(
-- The run whose report was accepted last: its series, attempt, state and worst
-- result. Where `attempt` is 0, no run is known, and `run_state` is 1.
ALTER TABLE entry ADD COLUMN series TEXT NOT NULL DEFAULT '';
ALTER TABLE entry RENAME COLUMN round TO run_state;
-- NULL: the run has not ended, or is over.
ALTER TABLE entry ADD COLUMN run_result INTEGER;
-- How many rows of `run` the entry has.
ALTER TABLE entry ADD COLUMN other_run_count INTEGER NOT NULL DEFAULT 0;

-- The newest runs of the other series of a key: the entry itself has the run
-- whose report was accepted last. A key with one series has no row here.
CREATE TABLE run (
  entry_id INTEGER NOT NULL REFERENCES entry,
  -- From 0; the run whose report was accepted last comes first.
  place INTEGER NOT NULL,
  series TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  state INTEGER NOT NULL,
  -- As in entry.run_result.
  result INTEGER,
  PRIMARY KEY (entry_id, place)
) STRICT, WITHOUT ROWID;

ALTER TABLE report ADD COLUMN series TEXT NOT NULL DEFAULT '';
ALTER TABLE change ADD COLUMN series TEXT NOT NULL DEFAULT '';

-- When the server last saw a new status at GitHub; NULL: never since version 5.
ALTER TABLE entry ADD COLUMN observe_time_us INTEGER;

-- The installations behind credentials, so that the server need not ask GitHub
-- for them when it starts.
CREATE TABLE installation (
  lane TEXT PRIMARY KEY,
  app TEXT NOT NULL,
  installation_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newer head that the pull request had when this commit was reported; NULL:
-- it had none.
ALTER TABLE commit_summary ADD COLUMN overtaken_by BLOB;

-- The redeliveries that the server asked for within the last hour, and how many
-- of them have yet to arrive.
CREATE TABLE redelivery (
  delivery_id TEXT PRIMARY KEY,
  awaited INTEGER NOT NULL,
  asked_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 1: the number came from a delivery or from GitHub itself, so the server
-- trusts it. 0: an older version took it from a report.
ALTER TABLE repository ADD COLUMN id_is_verified INTEGER NOT NULL DEFAULT 0;
-- 0: another repository has its name now. `canonical` is then a text that no
-- name looks like, and host, owner and name are its last ones.
ALTER TABLE repository ADD COLUMN has_name INTEGER NOT NULL DEFAULT 1;
-- When the server first saw the repository; 0: not known.
ALTER TABLE repository ADD COLUMN added_time_us INTEGER NOT NULL DEFAULT 0;
-- When GitHub last said what the repository is called, by GitHub's clock; 0:
-- never.
ALTER TABLE repository ADD COLUMN name_time_us INTEGER NOT NULL DEFAULT 0;
-- When the server last asked GitHub who has the name now; 0: never.
ALTER TABLE repository_alias
  ADD COLUMN checked_time_us INTEGER NOT NULL DEFAULT 0;
CREATE INDEX alias_by_repository ON repository_alias (repository_key);

-- Questions that the server has yet to ask GitHub about names. With a number:
-- what is the repository with this number called? Without a number (0): which
-- repository has this name?
CREATE TABLE name_question (
  question_id INTEGER PRIMARY KEY,
  -- The canonical name, or HOST//NUMBER: the same question is stored once.
  subject TEXT NOT NULL UNIQUE,
  -- The repository whose credential asks. Without a number it is also the name
  -- that the question is about.
  host TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  lane TEXT NOT NULL,
  github_repository_id INTEGER NOT NULL,
  -- When the question was first stored.
  first_time_us INTEGER NOT NULL,
  -- When the server last asked in vain; 0: never.
  asked_time_us INTEGER NOT NULL,
  -- When to ask.
  ask_time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX name_question_time ON name_question (ask_time_us);

-- The canonical old name that the newest report used; empty: it used none.
ALTER TABLE entry ADD COLUMN reported_as TEXT NOT NULL DEFAULT '';
CREATE INDEX entry_reported_as ON entry (repository_key, reported_as)
  WHERE reported_as <> '';
-- Abandoned entries: 4 is PostingState::kAbandoned.
CREATE INDEX entry_abandoned ON entry (repository_key, posting_reason)
  WHERE posting_state = 4;

-- Chores: work on many rows that the server does in small transactions. It does
-- the oldest chore first.
CREATE TABLE chore (
  chore_id INTEGER PRIMARY KEY,
  -- See ChoreKind.
  kind INTEGER NOT NULL,
  -- The repository; 0: the chore is about an account.
  repository_key INTEGER NOT NULL,
  -- The repository that the commits or entries move to; 0: they do not move.
  target_key INTEGER NOT NULL,
  -- An old name, or HOST/ACCOUNT; in lower case.
  name TEXT NOT NULL,
  -- The last row that is done; empty: none, or the kind does not need it.
  done_to TEXT NOT NULL
) STRICT;

-- Parked repositories: GitHub refuses all posts to them from this credential.
-- They have no row in due_repository. The server posts one of their entries now
-- and then, as a probe.
CREATE TABLE parking (
  repository_key INTEGER PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
  -- The credential that was refused.
  lane TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- When the first refusal came.
  since_time_us INTEGER NOT NULL,
  -- How many probes were refused since then.
  step INTEGER NOT NULL,
  -- When the next probe is due.
  next_time_us INTEGER NOT NULL,
  -- When the newest refusal came.
  refuse_time_us INTEGER NOT NULL,
  -- When the newest report for the repository came.
  report_time_us INTEGER NOT NULL,
  -- The entry to probe with; 0: any.
  probe_entry_id INTEGER NOT NULL,
  -- next_time_us, or later if a probe must wait longer: for the end of the lease
  -- of a probe in flight, or for the due time of the entry to probe with.
  due_time_us INTEGER NOT NULL,
  -- 1: there are no more probes, and its entries are to be abandoned.
  gives_up INTEGER NOT NULL
) STRICT;
CREATE INDEX parking_due ON parking (lane, due_time_us);
CREATE INDEX parking_next ON parking (due_time_us);
-- Waiting entries, to list and count: 3 is PostingState::kWaiting.
CREATE INDEX entry_waiting ON entry (repository_key, posting_reason)
  WHERE posting_state = 3;
-- When the entry was last abandoned; NULL: never.
ALTER TABLE entry ADD COLUMN abandon_time_us INTEGER;
)sql";

// What version 6 added.
inline constexpr char kTablesOf6[] = R"sql(
-- The caller whose delivery gave the number; empty: GitHub itself gave it.
ALTER TABLE repository ADD COLUMN number_by TEXT NOT NULL DEFAULT '';
)sql";

// Version 7 gives tables and columns the names of what they hold: `lane` was
// the id of a credential, `change` a status change, `mark` a time under a name.
inline constexpr char kNamesOf7[] = R"sql(
ALTER TABLE repository RENAME COLUMN lane TO credential;
ALTER TABLE lane_pause RENAME TO credential_pause;
ALTER TABLE credential_pause RENAME COLUMN lane TO credential;
ALTER TABLE due_repository RENAME COLUMN lane TO credential;
ALTER TABLE installation RENAME COLUMN lane TO credential;
ALTER TABLE name_question RENAME COLUMN lane TO credential;
ALTER TABLE parking RENAME COLUMN lane TO credential;
ALTER TABLE change RENAME TO status_change;
ALTER TABLE mark RENAME TO named_time;
)sql";

// What version 8 added.
inline constexpr char kTablesOf8[] = R"sql(
-- The newest term: which process works. See terms.h.
CREATE TABLE term (
  -- 'work', in the only row.
  name TEXT PRIMARY KEY,
  -- The random id of the process; empty: no process has the term.
  owner BLOB NOT NULL,
  -- Rises with each claim and each end.
  epoch INTEGER NOT NULL,
  taken_time_us INTEGER NOT NULL,
  -- For people: which server that is.
  holder TEXT NOT NULL,
  -- How many signs of life the holder has given in this term.
  beat INTEGER NOT NULL,
  beat_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO term (name, owner, epoch, taken_time_us, holder, beat, beat_time_us)
  VALUES ('work', x'', 0, 0, '', 0, 0);

-- The epoch of the term in which the entry was taken out for the try in flight.
ALTER TABLE entry ADD COLUMN lease_epoch INTEGER NOT NULL DEFAULT 0;
)sql";

// What version 9 added.
inline constexpr char kTablesOf9[] = R"sql(
-- 1: the newest report asked that its texts win (see Report).
ALTER TABLE entry ADD COLUMN newest_text_wins INTEGER NOT NULL DEFAULT 0;
)sql";

// What version 10 added.
inline constexpr char kTablesOf10[] = R"sql(
-- As in `entry`.
ALTER TABLE status_change
  ADD COLUMN report_sequence INTEGER NOT NULL DEFAULT 0;
)sql";

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLES_H_
