-- A database as the first version of invited left it. Never edited.
PRAGMA application_id = 1768846964;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1 invites');
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
INSERT INTO invite VALUES (1, 'accountAccountAccount1', 'account', 'register', 'admin@provider.example', 'juliet', 1700000000000, 1700604800000);
INSERT INTO invite VALUES (2, 'contactContactContact1', 'contact', 'roster', 'alice@example.com', NULL, 1700000000001, 1700604800001);
INSERT INTO invite VALUES (3, 'bothBothBothBothBoth11', 'account-and-contact', 'roster', 'çelik@example.com', NULL, 1700000000002, 1700604800002);
INSERT INTO invite VALUES (7, 'createCreateCreate1111', 'account-and-contact', 'register', 'admin@example.com', NULL, 1700000000003, 1700604800003);
INSERT INTO invite VALUES (8, 'nobodyNobodyNobody1111', 'account', 'register', NULL, NULL, 1700000000004, 1700604800004);
