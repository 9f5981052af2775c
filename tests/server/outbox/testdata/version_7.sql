-- version_6.sql after the upgrade to schema version 7, as SQL.
PRAGMA application_id = 1398959992;
CREATE TABLE chore (
  chore_id INTEGER PRIMARY KEY,
  -- See ChoreKind.
  kind INTEGER NOT NULL,
  -- The repository that it is about; 0: an account's.
  repository_key INTEGER NOT NULL,
  -- Where its commits go; 0: nowhere.
  target_key INTEGER NOT NULL,
  -- An old name, or HOST/ACCOUNT; in lower case.
  name TEXT NOT NULL,
  -- Up to where it is done.
  done_to TEXT NOT NULL
) STRICT;
CREATE TABLE commit_summary (
  commit_key INTEGER PRIMARY KEY,
  repository_key INTEGER NOT NULL REFERENCES repository,
  sha BLOB NOT NULL,
  -- Of the newest accepted report; 0: none was.
  newest_sequence INTEGER NOT NULL,
  update_time_us INTEGER NOT NULL,
  -- All statuses, those that are pending, those that are error or failure.
  status_count INTEGER NOT NULL,
  pending_count INTEGER NOT NULL,
  failed_count INTEGER NOT NULL, overtaken_by BLOB,
  UNIQUE (repository_key, sha)
) STRICT;
INSERT INTO "commit_summary" VALUES(1,1,X'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB',1,1778544000000000,1,0,1,NULL);
INSERT INTO "commit_summary" VALUES(2,2,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',24,1780272144000000,13,6,3,NULL);
INSERT INTO "commit_summary" VALUES(3,3,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',39,1780272146000000,1,0,0,NULL);
INSERT INTO "commit_summary" VALUES(4,4,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',43,1780272150000000,2,1,0,NULL);
INSERT INTO "commit_summary" VALUES(5,5,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',45,1780272152000000,1,0,1,NULL);
INSERT INTO "commit_summary" VALUES(6,6,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',47,1780272154000000,1,0,1,NULL);
INSERT INTO "commit_summary" VALUES(7,7,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',49,1780272156000000,1,0,1,NULL);
INSERT INTO "commit_summary" VALUES(8,8,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',51,1780272158000000,1,0,1,NULL);
INSERT INTO "commit_summary" VALUES(9,9,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',53,1780272160000000,1,0,0,NULL);
INSERT INTO "commit_summary" VALUES(10,10,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',55,1780272162000000,1,0,0,NULL);
INSERT INTO "commit_summary" VALUES(11,11,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',57,1780272164000000,1,0,0,NULL);
INSERT INTO "commit_summary" VALUES(12,12,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',59,1780272167000000,2,1,0,NULL);
INSERT INTO "commit_summary" VALUES(13,13,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',60,1780272168000000,1,0,0,NULL);
CREATE TABLE "credential_pause" (
  credential TEXT PRIMARY KEY,
  until_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "credential_pause" VALUES('globex',1780273969000000);
CREATE TABLE delivery (
  delivery_key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  -- Empty: not known.
  digest BLOB NOT NULL,
  accept_time_us INTEGER NOT NULL
) STRICT;
INSERT INTO "delivery" VALUES(1,'d-1',X'7878787878787878787878787878787878787878787878787878787878787878',1780272002000000);
INSERT INTO "delivery" VALUES(2,'r-1',X'6464646464646464646464646464646464646464646464646464646464646472',1780272017000000);
INSERT INTO "delivery" VALUES(3,'s-1',X'6464646464646464646464646464646464646464646464646464646464646473',1780272022000000);
INSERT INTO "delivery" VALUES(4,'e-1',X'',1780272169000000);
CREATE TABLE due_repository (
  credential TEXT NOT NULL,
  is_pending INTEGER NOT NULL,
  canonical TEXT NOT NULL,
  repository_key INTEGER NOT NULL REFERENCES repository,
  PRIMARY KEY (credential, is_pending, canonical)
) STRICT, WITHOUT ROWID;
INSERT INTO "due_repository" VALUES('acme',0,'github.com/acme/doubtful',10);
INSERT INTO "due_repository" VALUES('acme',0,'github.com/acme/due',12);
INSERT INTO "due_repository" VALUES('acme',0,'github.com/acme/flying',11);
INSERT INTO "due_repository" VALUES('acme',0,'github.com/acme/waiting',9);
INSERT INTO "due_repository" VALUES('acme',1,'github.com/acme/due',12);
INSERT INTO "due_repository" VALUES('globex',0,'github.com/globex/parts',13);
CREATE TABLE entry (
  entry_id INTEGER PRIMARY KEY,
  commit_key INTEGER NOT NULL REFERENCES commit_summary,
  context_key TEXT NOT NULL,
  -- As first spelled.
  context TEXT NOT NULL,
  repository_key INTEGER NOT NULL,

  -- The newest report. version 0: none was accepted; only the history counts,
  -- and what was seen at GitHub.
  version INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  run_state INTEGER NOT NULL,
  -- NULL: a pending, or expired.
  result INTEGER,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  report_sequence INTEGER NOT NULL,
  report_time_us INTEGER NOT NULL,
  -- NULL: it does not expire.
  expire_time_us INTEGER,

  -- How far GitHub has got with it.
  change_sequence INTEGER NOT NULL,
  posting_state INTEGER NOT NULL,
  posting_reason TEXT NOT NULL DEFAULT '',
  try_count INTEGER NOT NULL DEFAULT 0,
  refusal_count INTEGER NOT NULL DEFAULT 0,
  -- NULL: GitHub has not acknowledged the newest report.
  post_time_us INTEGER,

  is_pending INTEGER NOT NULL,
  first_due_time_us INTEGER NOT NULL,
  -- NULL: nothing to do. While a try is in flight: its deadline.
  due_time_us INTEGER,

  -- The try in flight. lease_version 0: none is.
  lease_version INTEGER NOT NULL DEFAULT 0,
  lease_number INTEGER NOT NULL DEFAULT 0,
  lease_begin_time_us INTEGER NOT NULL DEFAULT 0,
  -- What due_time_us was before.
  lease_due_time_us INTEGER NOT NULL DEFAULT 0,
  -- The latest begin of a try whose end nobody knows; NULL: none.
  ambiguous_time_us INTEGER,

  -- What GitHub acknowledged last. posted_version 0: it never did.
  posted_version INTEGER NOT NULL DEFAULT 0,
  -- What GitHub shows, whoever set it, and its number.
  posted_status_id INTEGER NOT NULL DEFAULT 0,
  -- GitHub's word; NULL: not known.
  shown_state TEXT,
  shown_description TEXT NOT NULL DEFAULT '',
  shown_target_url TEXT NOT NULL DEFAULT '',
  -- How long the pending waits for its result; NULL: it does not expire.
  expires_after_us INTEGER,
  -- Statuses that GitHub has of the key, as far as is known.
  status_count INTEGER NOT NULL DEFAULT 0, series TEXT NOT NULL DEFAULT '', run_result INTEGER, other_run_count INTEGER NOT NULL DEFAULT 0, observe_time_us INTEGER, reported_as TEXT NOT NULL DEFAULT '', abandon_time_us INTEGER,
  UNIQUE (commit_key, context_key)
) STRICT;
INSERT INTO "entry" VALUES(1,1,'ci/build','ci/build',1,1,3,1,2,2,'old','https://ci.example.com/1',1,1778544000000000,NULL,2,4,'REPOSITORY_NOT_FOUND',1,0,NULL,0,1778544000000000,NULL,0,1,1778544002000000,1778544000000000,NULL,0,0,NULL,'','',NULL,0,'',2,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(2,2,'webhook','webhook',2,1,1,0,1,NULL,'','',3,1780272002000000,1780293602000000,33,2,'',1,0,1780272146000000,1,1780272002300000,NULL,0,1,1780272146000000,1780272002300000,NULL,1,108,'pending','','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(3,2,'running','running',2,1,2,5,1,NULL,'building','',4,1780272003000000,1780293603000000,34,2,'',1,0,1780272146000000,1,1780272003300000,NULL,0,1,1780272146000000,1780272003300000,NULL,1,109,'pending','building','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(4,2,'running/unnumbered','running/unnumbered',2,2,2,5,1,NULL,'still building','',6,1780272005000000,1780293605000000,35,2,'',1,0,1780272146000000,1,1780272004300000,NULL,0,1,1780272146000000,1780272004300000,NULL,2,110,'pending','still building','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(5,2,'unnumbered pending','unnumbered pending',2,1,2,0,1,NULL,'building','',7,1780272006000000,1780293606000000,36,2,'',1,0,1780272146000000,1,1780272006300000,NULL,0,1,1780272146000000,1780272006300000,NULL,1,111,'pending','building','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(6,2,'ended','ended',2,2,3,5,2,1,'done','https://ci.example.com/1',9,1780272008000000,NULL,26,2,'',1,0,1780272146000000,0,1780272008000000,NULL,0,1,1780272146000000,1780272008000000,NULL,2,101,'success','done','https://ci.example.com/1',NULL,1,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(7,2,'ended/skipped','ended/skipped',2,1,3,6,2,5,'','https://ci.example.com/1',10,1780272010000000,NULL,27,2,'',1,0,1780272146000000,0,1780272010000000,NULL,0,1,1780272146000000,1780272010000000,NULL,1,102,'success','Skipped','https://ci.example.com/1',NULL,1,'',5,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(8,2,'unnumbered','unnumbered',2,1,4,0,1,2,'broken','https://ci.example.com/1',11,1780272011000000,NULL,28,2,'',1,0,1780272146000000,0,1780272011000000,NULL,0,1,1780272146000000,1780272011000000,NULL,1,103,'failure','broken','https://ci.example.com/1',NULL,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(9,2,'unnumbered/running','unnumbered/running',2,2,4,5,1,1,'','https://ci.example.com/1',13,1780272013000000,NULL,29,2,'',1,0,1780272146000000,0,1780272013000000,NULL,0,1,1780272146000000,1780272013000000,NULL,2,104,'success','','https://ci.example.com/1',NULL,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(10,2,'unnumbered/over','unnumbered/over',2,2,4,5,3,2,'','https://ci.example.com/1',15,1780272015000000,NULL,30,2,'',1,0,1780272146000000,0,1780272014000000,NULL,0,1,1780272146000000,1780272014000000,NULL,2,105,'failure','','https://ci.example.com/1',NULL,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(11,2,'rerun','rerun',2,2,1,5,3,NULL,'','',17,1780272017000000,1780293617000000,37,2,'',1,0,1780272146000000,1,1780272017300000,NULL,0,1,1780272146000000,1780272017300000,NULL,2,112,'pending','','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(12,2,'rerun/ended','rerun/ended',2,3,3,6,2,1,'','https://ci.example.com/1',20,1780272020000000,NULL,31,2,'',1,0,1780272146000000,0,1780272020000000,NULL,0,1,1780272146000000,1780272020000000,NULL,3,106,'success','','https://ci.example.com/1',NULL,1,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(13,2,'rerun/unnumbered','rerun/unnumbered',2,2,1,0,1,NULL,'','',22,1780272022000000,1780293622000000,38,2,'',1,0,1780272146000000,1,1780272022300000,NULL,0,1,1780272146000000,1780272022300000,NULL,2,113,'pending','','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(14,2,'expired','expired',2,2,5,5,1,NULL,'No result within 1 min','',24,1780272144000000,NULL,32,2,'',1,0,1780272146000000,0,1780272144000000,NULL,0,1,1780272146000000,1780272144000000,NULL,2,107,'error','No result within 1 min','',NULL,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(15,2,'observed','observed',2,0,1,0,1,NULL,'','',0,1780272144000000,NULL,25,5,'',0,0,NULL,0,0,NULL,0,0,0,0,NULL,0,77,'success','seen','https://ci.example.com/1',NULL,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(16,3,'ci/build','ci/build',3,1,3,1,2,1,'','https://ci.example.com/1',39,1780272146000000,NULL,40,2,'',1,0,1780272148000000,0,1780272146000000,NULL,0,1,1780272148000000,1780272146000000,NULL,1,114,'success','','https://ci.example.com/1',NULL,1,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(17,4,'ci/build','ci/build',4,1,3,1,2,1,'','https://ci.example.com/1',41,1780272148000000,NULL,42,2,'',1,0,1780272150000000,0,1780272148000000,NULL,0,1,1780272150000000,1780272148000000,NULL,1,115,'success','','https://ci.example.com/1',NULL,1,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(18,4,'ci/lint','ci/lint',4,1,2,1,1,NULL,'','',43,1780272150000000,1780293750000000,44,2,'',1,0,1780272152000000,1,1780272150300000,NULL,0,1,1780272152000000,1780272150300000,NULL,1,116,'pending','','',21600000000,1,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(19,5,'ci/build','ci/build',5,1,3,1,2,2,'broken','https://ci.example.com/1',45,1780272152000000,NULL,46,4,'REPOSITORY_NOT_FOUND',1,0,NULL,0,1780272152000000,NULL,0,1,1780272154000000,1780272152000000,NULL,0,0,NULL,'','',NULL,0,'',2,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(20,6,'ci/build','ci/build',6,1,3,1,2,2,'broken','https://ci.example.com/1',47,1780272154000000,NULL,48,4,'PERMISSION_MISSING',1,0,NULL,0,1780272154000000,NULL,0,1,1780272156000000,1780272154000000,NULL,0,0,NULL,'','',NULL,0,'',2,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(21,7,'ci/build','ci/build',7,1,3,1,2,2,'broken','https://ci.example.com/1',49,1780272156000000,NULL,50,4,'REPOSITORY_ARCHIVED',1,0,NULL,0,1780272156000000,NULL,0,1,1780272158000000,1780272156000000,NULL,0,0,NULL,'','',NULL,0,'',2,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(22,8,'ci/build','ci/build',8,1,3,1,2,2,'broken','https://ci.example.com/1',51,1780272158000000,NULL,52,4,'STATUS_LIMIT_REACHED',1,0,NULL,0,1780272158000000,NULL,0,1,1780272160000000,1780272158000000,NULL,0,0,NULL,'','',NULL,0,'',2,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(23,9,'ci/build','ci/build',9,1,3,1,2,1,'','https://ci.example.com/1',53,1780272160000000,NULL,54,3,'SERVER_ERROR',1,0,NULL,0,1780272160000000,1780272462000000,0,1,1780272162000000,1780272160000000,NULL,0,0,NULL,'','',NULL,0,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(24,10,'ci/build','ci/build',10,1,3,1,2,1,'','https://ci.example.com/1',55,1780272162000000,NULL,56,3,'TIMED_OUT',1,0,NULL,0,1780272162000000,1780272176000000,0,1,1780272164000000,1780272162000000,1780272164000000,0,0,NULL,'','',NULL,1,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(25,11,'ci/build','ci/build',11,1,3,1,2,1,'','https://ci.example.com/1',57,1780272164000000,NULL,57,1,'',0,0,NULL,0,1780272164000000,1780272181000000,1,1,1780272166000000,1780272164000000,NULL,0,0,NULL,'','',NULL,0,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(26,12,'ci/build','ci/build',12,1,3,1,2,1,'','https://ci.example.com/1',58,1780272166000000,NULL,58,1,'',0,0,NULL,0,1780272166000000,1780272166000000,0,0,0,0,NULL,0,0,NULL,'','',NULL,0,'',1,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(27,12,'ci/lint','ci/lint',12,1,2,1,1,NULL,'','',59,1780272167000000,1780293767000000,59,1,'',0,0,NULL,1,1780272167300000,1780272167300000,0,0,0,0,NULL,0,0,NULL,'','',21600000000,0,'',NULL,0,NULL,'',NULL);
INSERT INTO "entry" VALUES(28,13,'ci/build','ci/build',13,1,3,1,2,1,'','https://ci.example.com/1',60,1780272168000000,NULL,60,1,'',0,0,NULL,0,1780272168000000,1780272168000000,0,0,0,0,NULL,0,0,NULL,'','',NULL,0,'',1,0,NULL,'',NULL);
CREATE TABLE hook (
  host TEXT NOT NULL,
  hook_id INTEGER NOT NULL,
  seen_time_us INTEGER NOT NULL,
  PRIMARY KEY (host, hook_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "hook" VALUES('github.com',9,1780272002000000);
CREATE TABLE installation (
  credential TEXT PRIMARY KEY,
  app TEXT NOT NULL,
  installation_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('forgotten_sequence',0);
INSERT INTO "meta" VALUES('schema_version',7);
INSERT INTO "meta" VALUES('sequence',60);
CREATE TABLE name_question (
  question_id INTEGER PRIMARY KEY,
  -- The canonical name, or HOST//NUMBER.
  subject TEXT NOT NULL UNIQUE,
  -- Whose credential asks, and what is asked for without a number.
  host TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  credential TEXT NOT NULL,
  github_repository_id INTEGER NOT NULL,
  first_time_us INTEGER NOT NULL,
  -- 0: never yet.
  asked_time_us INTEGER NOT NULL,
  ask_time_us INTEGER NOT NULL
) STRICT;
CREATE TABLE "named_time" (
  name TEXT PRIMARY KEY,
  time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "named_time" VALUES('hooks',1780272169000000);
CREATE TABLE parking (
  repository_key INTEGER PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
  -- The credential that was refused.
  credential TEXT NOT NULL,
  reason TEXT NOT NULL,
  since_time_us INTEGER NOT NULL,
  -- Refused probes.
  step INTEGER NOT NULL,
  -- The next probe's.
  next_time_us INTEGER NOT NULL,
  refuse_time_us INTEGER NOT NULL,
  -- Of the newest report for the repository.
  report_time_us INTEGER NOT NULL,
  -- 0: any entry may probe.
  probe_entry_id INTEGER NOT NULL,
  -- next_time_us, or later: while a probe is under way its deadline, and while
  -- the entry that probes must wait the end of that.
  due_time_us INTEGER NOT NULL,
  -- Its entries are to be abandoned.
  gives_up INTEGER NOT NULL
) STRICT;
CREATE TABLE pull_request (
  repository_key INTEGER NOT NULL REFERENCES repository,
  number INTEGER NOT NULL,
  updated_time_us INTEGER NOT NULL,
  head_sha BLOB NOT NULL,
  PRIMARY KEY (repository_key, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "pull_request" VALUES(2,7,1780272002000000,X'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
CREATE TABLE redelivery (
  delivery_id TEXT PRIMARY KEY,
  awaited INTEGER NOT NULL,
  asked_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE report (
  report_id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES entry,
  -- 0: superseded.
  version INTEGER NOT NULL,
  -- Of what was superseded: not above 0.
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
, expire_time_us INTEGER, series TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "report" VALUES(1,1,1,1,1778544000000000,3,1,2,'old','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(2,2,1,3,1780272002000000,1,0,NULL,'','','shim','d-1',1780293602000000,'');
INSERT INTO "report" VALUES(3,3,1,4,1780272003000000,2,5,NULL,'building','','farm','',1780293603000000,'');
INSERT INTO "report" VALUES(4,4,1,5,1780272004000000,2,5,NULL,'building','','farm','',1780293604000000,'');
INSERT INTO "report" VALUES(5,4,2,6,1780272005000000,2,0,NULL,'still building','','farm','',1780293605000000,'');
INSERT INTO "report" VALUES(6,5,1,7,1780272006000000,2,0,NULL,'building','','farm','',1780293606000000,'');
INSERT INTO "report" VALUES(7,6,1,8,1780272007000000,2,5,NULL,'','','farm','',1780293607000000,'');
INSERT INTO "report" VALUES(8,6,2,9,1780272008000000,3,5,1,'done','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(9,6,0,-9,1780272009000000,2,4,NULL,'late','','farm','',NULL,'');
INSERT INTO "report" VALUES(10,7,1,10,1780272010000000,3,6,5,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(11,8,1,11,1780272011000000,4,0,2,'broken','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(12,9,1,12,1780272012000000,2,5,NULL,'','','farm','',1780293612000000,'');
INSERT INTO "report" VALUES(13,9,2,13,1780272013000000,4,0,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(14,10,1,14,1780272014000000,3,5,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(15,10,2,15,1780272015000000,4,0,2,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(16,11,1,16,1780272016000000,3,5,2,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(17,11,2,17,1780272017000000,1,0,NULL,'','','shim','r-1',1780293617000000,'');
INSERT INTO "report" VALUES(18,12,1,18,1780272018000000,3,5,2,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(19,12,2,19,1780272019000000,2,0,NULL,'','','farm','',1780293619000000,'');
INSERT INTO "report" VALUES(20,12,3,20,1780272020000000,3,6,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(21,13,1,21,1780272021000000,4,0,2,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(22,13,2,22,1780272022000000,1,0,NULL,'','','shim','s-1',1780293622000000,'');
INSERT INTO "report" VALUES(23,14,1,23,1780272023000000,2,5,NULL,'','','farm','',1780272083000000,'');
INSERT INTO "report" VALUES(24,14,2,24,1780272144000000,5,5,NULL,'No result within 1 min','','signalbox','',NULL,'');
INSERT INTO "report" VALUES(25,16,1,39,1780272146000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(26,17,1,41,1780272148000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(27,18,1,43,1780272150000000,2,1,NULL,'','','farm','',1780293750000000,'');
INSERT INTO "report" VALUES(28,19,1,45,1780272152000000,3,1,2,'broken','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(29,20,1,47,1780272154000000,3,1,2,'broken','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(30,21,1,49,1780272156000000,3,1,2,'broken','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(31,22,1,51,1780272158000000,3,1,2,'broken','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(32,23,1,53,1780272160000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(33,24,1,55,1780272162000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(34,25,1,57,1780272164000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(35,26,1,58,1780272166000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
INSERT INTO "report" VALUES(36,27,1,59,1780272167000000,2,1,NULL,'','','farm','',1780293767000000,'');
INSERT INTO "report" VALUES(37,28,1,60,1780272168000000,3,1,1,'','https://ci.example.com/1','farm','',NULL,'');
CREATE TABLE repository (
  repository_key INTEGER PRIMARY KEY,
  canonical TEXT NOT NULL UNIQUE,
  -- As first spelled.
  host TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  -- 0: not known.
  github_repository_id INTEGER NOT NULL,
  credential TEXT NOT NULL
, id_is_verified INTEGER NOT NULL DEFAULT 0, has_name INTEGER NOT NULL DEFAULT 1, added_time_us INTEGER NOT NULL DEFAULT 0, name_time_us INTEGER NOT NULL DEFAULT 0, number_by TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "repository" VALUES(1,'github.com/acme/gone','github.com','acme','gone',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(2,'github.com/acme/widgets','github.com','acme','widgets',501,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(3,'github.com/acme/numbered','github.com','acme','numbered',502,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(4,'github.com/acme/new','github.com','acme','new',503,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(5,'github.com/acme/lost','github.com','acme','lost',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(6,'github.com/acme/closed','github.com','acme','closed',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(7,'github.com/acme/shelved','github.com','acme','shelved',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(8,'github.com/acme/capped','github.com','acme','capped',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(9,'github.com/acme/waiting','github.com','acme','waiting',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(10,'github.com/acme/doubtful','github.com','acme','doubtful',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(11,'github.com/acme/flying','github.com','acme','flying',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(12,'github.com/acme/due','github.com','acme','due',0,'acme',0,1,0,0,'');
INSERT INTO "repository" VALUES(13,'github.com/globex/parts','github.com','globex','parts',0,'globex',0,1,0,0,'');
CREATE TABLE repository_alias (
  canonical TEXT PRIMARY KEY,
  -- The number under which the name was ours; 0: not known.
  github_repository_id INTEGER NOT NULL,
  repository_key INTEGER NOT NULL REFERENCES repository
, checked_time_us INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO "repository_alias" VALUES('github.com/acme/old',503,4,0);
INSERT INTO "repository_alias" VALUES('github.com/acme/older',0,4,0);
CREATE TABLE rerun (
  rerun_id INTEGER PRIMARY KEY,
  repository_key INTEGER NOT NULL REFERENCES repository,
  pull_request_number INTEGER NOT NULL,
  -- One a line; empty: those that are expected.
  contexts TEXT NOT NULL,
  login TEXT NOT NULL,
  author_association TEXT NOT NULL,
  caller TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  try_count INTEGER NOT NULL,
  due_time_us INTEGER NOT NULL
) STRICT;
INSERT INTO "rerun" VALUES(1,2,7,'ci/build','octocat','MEMBER','shim','e-1',0,1780272169000000);
CREATE TABLE run (
  entry_id INTEGER NOT NULL REFERENCES entry,
  -- From 0: the run whose report was accepted last comes first.
  place INTEGER NOT NULL,
  series TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  state INTEGER NOT NULL,
  -- As in entry.run_result.
  result INTEGER,
  PRIMARY KEY (entry_id, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE "status_change" (
  change_sequence INTEGER PRIMARY KEY,
  -- No reference: it may be forgotten, or merged into another.
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
, series TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "status_change" VALUES(2,1,'ci/build',1,3,1,2,'old','https://ci.example.com/1',1778544000000000,NULL,4,'REPOSITORY_NOT_FOUND',1,NULL,NULL,0,NULL,'','','');
INSERT INTO "status_change" VALUES(25,15,'observed',0,1,0,NULL,'','',1780272144000000,NULL,5,'',0,NULL,NULL,0,'success','seen','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(26,6,'ended',2,3,5,1,'done','https://ci.example.com/1',1780272008000000,NULL,2,'',1,1780272146000000,NULL,0,'success','done','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(27,7,'ended/skipped',1,3,6,5,'','https://ci.example.com/1',1780272010000000,NULL,2,'',1,1780272146000000,NULL,0,'success','Skipped','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(28,8,'unnumbered',1,4,0,2,'broken','https://ci.example.com/1',1780272011000000,NULL,2,'',1,1780272146000000,NULL,0,'failure','broken','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(29,9,'unnumbered/running',2,4,5,1,'','https://ci.example.com/1',1780272013000000,NULL,2,'',1,1780272146000000,NULL,0,'success','','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(30,10,'unnumbered/over',2,4,5,2,'','https://ci.example.com/1',1780272015000000,NULL,2,'',1,1780272146000000,NULL,0,'failure','','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(31,12,'rerun/ended',3,3,6,1,'','https://ci.example.com/1',1780272020000000,NULL,2,'',1,1780272146000000,NULL,0,'success','','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(32,14,'expired',2,5,5,NULL,'No result within 1 min','',1780272144000000,NULL,2,'',1,1780272146000000,NULL,0,'error','No result within 1 min','','');
INSERT INTO "status_change" VALUES(33,2,'webhook',1,1,0,NULL,'','',1780272002000000,1780293602000000,2,'',1,1780272146000000,NULL,0,'pending','','','');
INSERT INTO "status_change" VALUES(34,3,'running',1,2,5,NULL,'building','',1780272003000000,1780293603000000,2,'',1,1780272146000000,NULL,0,'pending','building','','');
INSERT INTO "status_change" VALUES(35,4,'running/unnumbered',2,2,5,NULL,'still building','',1780272005000000,1780293605000000,2,'',1,1780272146000000,NULL,0,'pending','still building','','');
INSERT INTO "status_change" VALUES(36,5,'unnumbered pending',1,2,0,NULL,'building','',1780272006000000,1780293606000000,2,'',1,1780272146000000,NULL,0,'pending','building','','');
INSERT INTO "status_change" VALUES(37,11,'rerun',2,1,5,NULL,'','',1780272017000000,1780293617000000,2,'',1,1780272146000000,NULL,0,'pending','','','');
INSERT INTO "status_change" VALUES(38,13,'rerun/unnumbered',2,1,0,NULL,'','',1780272022000000,1780293622000000,2,'',1,1780272146000000,NULL,0,'pending','','','');
INSERT INTO "status_change" VALUES(40,16,'ci/build',1,3,1,1,'','https://ci.example.com/1',1780272146000000,NULL,2,'',1,1780272148000000,NULL,0,'success','','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(42,17,'ci/build',1,3,1,1,'','https://ci.example.com/1',1780272148000000,NULL,2,'',1,1780272150000000,NULL,0,'success','','https://ci.example.com/1','');
INSERT INTO "status_change" VALUES(44,18,'ci/lint',1,2,1,NULL,'','',1780272150000000,1780293750000000,2,'',1,1780272152000000,NULL,0,'pending','','','');
INSERT INTO "status_change" VALUES(46,19,'ci/build',1,3,1,2,'broken','https://ci.example.com/1',1780272152000000,NULL,4,'REPOSITORY_NOT_FOUND',1,NULL,NULL,0,NULL,'','','');
INSERT INTO "status_change" VALUES(48,20,'ci/build',1,3,1,2,'broken','https://ci.example.com/1',1780272154000000,NULL,4,'PERMISSION_MISSING',1,NULL,NULL,0,NULL,'','','');
INSERT INTO "status_change" VALUES(50,21,'ci/build',1,3,1,2,'broken','https://ci.example.com/1',1780272156000000,NULL,4,'REPOSITORY_ARCHIVED',1,NULL,NULL,0,NULL,'','','');
INSERT INTO "status_change" VALUES(52,22,'ci/build',1,3,1,2,'broken','https://ci.example.com/1',1780272158000000,NULL,4,'STATUS_LIMIT_REACHED',1,NULL,NULL,0,NULL,'','','');
INSERT INTO "status_change" VALUES(54,23,'ci/build',1,3,1,1,'','https://ci.example.com/1',1780272160000000,NULL,3,'SERVER_ERROR',1,NULL,1780272462000000,0,NULL,'','','');
INSERT INTO "status_change" VALUES(56,24,'ci/build',1,3,1,1,'','https://ci.example.com/1',1780272162000000,NULL,3,'TIMED_OUT',1,NULL,1780272176000000,0,NULL,'','','');
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
INSERT INTO "try" VALUES(1,1,1,1778544002000000,1778544002080000,404,'ABCD:1','REPOSITORY_NOT_FOUND','');
INSERT INTO "try" VALUES(2,6,9,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(3,7,10,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(4,8,11,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(5,9,13,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(6,10,15,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(7,12,20,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(8,14,24,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(9,2,3,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(10,3,4,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(11,4,6,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(12,5,7,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(13,11,17,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(14,13,22,1780272146000000,1780272146080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(15,16,39,1780272148000000,1780272148080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(16,17,41,1780272150000000,1780272150080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(17,18,43,1780272152000000,1780272152080000,201,'ABCD:1','POSTED','');
INSERT INTO "try" VALUES(18,19,45,1780272154000000,1780272154080000,404,'ABCD:1','REPOSITORY_NOT_FOUND','');
INSERT INTO "try" VALUES(19,20,47,1780272156000000,1780272156080000,403,'ABCD:1','PERMISSION_MISSING','');
INSERT INTO "try" VALUES(20,21,49,1780272158000000,1780272158080000,403,'ABCD:1','REPOSITORY_ARCHIVED','');
INSERT INTO "try" VALUES(21,22,51,1780272160000000,1780272160080000,422,'ABCD:1','STATUS_LIMIT_REACHED','');
INSERT INTO "try" VALUES(22,23,53,1780272162000000,1780272162080000,502,'ABCD:1','SERVER_ERROR','');
INSERT INTO "try" VALUES(23,24,55,1780272164000000,1780272164000000,0,'','TIMED_OUT','');
CREATE INDEX repository_by_github_id
  ON repository (github_repository_id) WHERE github_repository_id <> 0;
CREATE INDEX commit_by_sequence ON commit_summary (newest_sequence);
CREATE INDEX commit_by_repository
  ON commit_summary (repository_key, newest_sequence);
CREATE INDEX entry_due ON entry (repository_key, is_pending, due_time_us)
  WHERE due_time_us IS NOT NULL;
CREATE INDEX entry_due_time ON entry (due_time_us)
  WHERE due_time_us IS NOT NULL;
CREATE INDEX entry_expiry ON entry (expire_time_us)
  WHERE expire_time_us IS NOT NULL;
CREATE INDEX report_by_entry ON report (entry_id);
CREATE INDEX try_by_entry ON try (entry_id);
CREATE INDEX delivery_by_digest ON delivery (digest) WHERE digest <> x'';
CREATE INDEX alias_by_repository ON repository_alias (repository_key);
CREATE INDEX name_question_time ON name_question (ask_time_us);
CREATE INDEX entry_reported_as ON entry (repository_key, reported_as)
  WHERE reported_as <> '';
CREATE INDEX entry_abandoned ON entry (repository_key, posting_reason)
  WHERE posting_state = 4;
CREATE INDEX parking_due ON parking (credential, due_time_us);
CREATE INDEX parking_next ON parking (due_time_us);
CREATE INDEX entry_waiting ON entry (repository_key, posting_reason)
  WHERE posting_state = 3;
