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
    note TEXT,
    -- of who asked for it; a tag of BCP 47
    language TEXT,
    -- how often it can be redeemed
    uses INTEGER NOT NULL DEFAULT 1,
    -- how many redemptions of it are confirmed, and reserved; kept in the transactions that change those
    confirmed INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,
    -- when the last one was confirmed
    used_at INTEGER,
    -- when it was taken back, by whom, and what was said about it
    revoked_at INTEGER,
    revoked_by TEXT,
    revoked_why TEXT
) STRICT;
-- For fixed usernames. Most invites fix none and are not in it.
CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
-- For what a user may have made. It has each 1,024 numbers for themselves, so that what is added changes pages at its end, however
-- many users it is of. There is none by expiry: the sweep looks through all rows, once an hour.
CREATE INDEX invite_by_user ON invite (id >> 10, inviter, created_at, expires_at, revoked_at, confirmed, uses)
    WHERE created_by = 'user';
CREATE TABLE redemption (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- of the table invite, where it may be gone
    invite INTEGER NOT NULL,
    -- what its server or page calls it; of a contact, 'contact:INVITE:JID'
    attempt TEXT NOT NULL UNIQUE,
    -- 'register', 'contact', 'reset'
    kind TEXT NOT NULL,
    -- 'stream', 'form', 'api'
    way TEXT NOT NULL,
    -- a localpart, of a contact localpart@domain; none once the account is deleted
    account TEXT,
    -- localpart@domain
    inviter TEXT,
    -- 'reserved', 'confirmed', 'released'
    state TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    -- while it is reserved: until when nobody asks for the account, when it is asked for then, and how often it was
    deadline INTEGER,
    next_question INTEGER,
    questions INTEGER NOT NULL DEFAULT 0,
    -- when it was confirmed or released, and why released
    ended_at INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX redemption_by_invite ON redemption (invite);
-- For what is known of a person, and is to be forgotten.
CREATE INDEX redemption_by_account ON redemption (account) WHERE account IS NOT NULL;
CREATE INDEX redemption_by_inviter ON redemption (inviter) WHERE inviter IS NOT NULL;
-- One attempt holds a name.
CREATE UNIQUE INDEX redemption_by_held_name ON redemption (account) WHERE state = 'reserved' AND kind = 'register';
CREATE INDEX redemption_by_question ON redemption (next_question) WHERE state = 'reserved';
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    redemption INTEGER NOT NULL,
    -- 'contacts', 'notify'
    action TEXT NOT NULL,
    -- localpart@domain: whose server is asked, and whom it concerns
    user TEXT NOT NULL,
    other TEXT NOT NULL,
    language TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    -- when it was done or given up, and why given up
    done_at INTEGER,
    impossible TEXT
) STRICT;
CREATE INDEX task_by_redemption ON task (redemption);
CREATE INDEX task_by_time ON task (next_at) WHERE done_at IS NULL;
