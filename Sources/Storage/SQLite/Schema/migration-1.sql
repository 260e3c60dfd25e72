CREATE TABLE invite (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    inviter TEXT,
    username TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invite_by_expiry ON invite (expires_at);
CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
