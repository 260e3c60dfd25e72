-- A database as the third version of the schema left it. Never edited.
PRAGMA auto_vacuum = 2;
PRAGMA application_id = 1768846964;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
CREATE TABLE invite (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    inviter TEXT,
    username TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
, created_by TEXT NOT NULL DEFAULT 'user', note TEXT, language TEXT, uses INTEGER NOT NULL DEFAULT 1, confirmed INTEGER NOT NULL DEFAULT 0, reserved INTEGER NOT NULL DEFAULT 0, used_at INTEGER, revoked_at INTEGER, revoked_by TEXT, revoked_why TEXT) STRICT;
CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
CREATE INDEX invite_by_user ON invite (inviter, created_at, expires_at) WHERE created_by = 'user';
CREATE TABLE redemption (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    invite INTEGER NOT NULL,
    attempt TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    way TEXT NOT NULL,
    account TEXT,
    inviter TEXT,
    state TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    deadline INTEGER,
    next_question INTEGER,
    questions INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX redemption_by_invite ON redemption (invite);
CREATE INDEX redemption_by_account ON redemption (account) WHERE account IS NOT NULL;
CREATE INDEX redemption_by_inviter ON redemption (inviter) WHERE inviter IS NOT NULL;
CREATE UNIQUE INDEX redemption_by_held_name ON redemption (account) WHERE state = 'reserved' AND kind = 'register';
CREATE INDEX redemption_by_question ON redemption (next_question) WHERE state = 'reserved';
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    redemption INTEGER NOT NULL,
    action TEXT NOT NULL,
    user TEXT NOT NULL,
    other TEXT NOT NULL,
    language TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    done_at INTEGER,
    impossible TEXT
) STRICT;
CREATE INDEX task_by_redemption ON task (redemption);
CREATE INDEX task_by_time ON task (next_at) WHERE done_at IS NULL;
INSERT INTO grdb_migrations VALUES ('1 invites');
INSERT INTO grdb_migrations VALUES ('2 limits');
INSERT INTO grdb_migrations VALUES ('3 redemptions');
INSERT INTO invite VALUES (1, 'openOpenOpenOpenOpen11', 'account-and-contact', 'roster', 'alice@example.com', NULL, 1700000000000, 1700604800000, 'user', NULL, 'de', 1, 0, 0, NULL, NULL, NULL, NULL);
INSERT INTO invite VALUES (2, 'usedUsedUsedUsedUsed11', 'account', 'register', 'alice@example.com', 'juliet', 1700000000001, 1700604800000, 'user', NULL, NULL, 1, 1, 0, 1700000000050, NULL, NULL, NULL);
INSERT INTO invite VALUES (3, 'revokedRevokedRevoked1', 'contact', 'roster', 'alice@example.com', NULL, 1700000000002, 1700604800000, 'user', NULL, NULL, 1, 0, 0, NULL, 1700000000060, 'admin', 'a mistake');
INSERT INTO invite VALUES (5, 'reservedReservedReserv', 'account', 'register', NULL, NULL, 1700000000003, 1700604800000, 'operator', 'for the choir', NULL, 5, 1, 1, 1700000000070, NULL, NULL, NULL);
INSERT INTO redemption VALUES (1, 2, 'attempt-1', 'register', 'stream', 'juliet', 'alice@example.com', 'confirmed', 1700000000040, NULL, NULL, 0, 1700000000050, NULL);
INSERT INTO redemption VALUES (2, 5, 'attempt-2', 'register', 'form', 'romeo', NULL, 'confirmed', 1700000000065, NULL, NULL, 0, 1700000000070, NULL);
INSERT INTO redemption VALUES (3, 5, 'attempt-3', 'register', 'api', 'mercutio', NULL, 'reserved', 1700000000080, 1700000900000, 1700000900000, 0, NULL, NULL);
INSERT INTO task VALUES (1, 1, 'notify', 'alice@example.com', 'juliet@example.com', 'en', 0, 1700000000050, NULL, NULL);
