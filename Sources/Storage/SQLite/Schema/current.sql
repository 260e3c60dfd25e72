-- The schema as it is today, for the reader. The migrations beside this file lead to it; a test compares them.
CREATE TABLE invite (
    -- never given to another invite, since operators name invites by it
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- [A-Za-z0-9], the secret in the link
    token TEXT NOT NULL UNIQUE,
    -- 'account', 'contact', 'account-and-contact', 'reset'
    kind TEXT NOT NULL,
    -- 'roster', 'register': the query type of the link
    action TEXT NOT NULL,
    -- localpart@domain
    inviter TEXT,
    -- the localpart of the account to be created, if fixed; of the account whose password a reset resets
    username TEXT,
    -- milliseconds since 1970-01-01T00:00:00Z
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- 'user', 'operator'
    created_by TEXT NOT NULL DEFAULT 'user',
    -- what an operator noted
    note TEXT
) STRICT;
-- For fixed usernames. Most invites fix none and are not in it.
CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
-- For what a user may have made. There is none by expiry: the sweep looks through all rows, once an hour.
CREATE INDEX invite_by_user ON invite (inviter, created_at, expires_at) WHERE created_by = 'user';
