ALTER TABLE invite ADD COLUMN language TEXT;
ALTER TABLE invite ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;
ALTER TABLE invite ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invite ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invite ADD COLUMN used_at INTEGER;
ALTER TABLE invite ADD COLUMN revoked_at INTEGER;
ALTER TABLE invite ADD COLUMN revoked_by TEXT;
ALTER TABLE invite ADD COLUMN revoked_why TEXT;
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
