ALTER TABLE invite ADD COLUMN created_by TEXT NOT NULL DEFAULT 'user';
ALTER TABLE invite ADD COLUMN note TEXT;
-- Who had the others made was not written down.
UPDATE invite SET created_by = 'operator' WHERE inviter IS NULL;
DROP INDEX invite_by_expiry;
CREATE INDEX invite_by_user ON invite (inviter, created_at, expires_at) WHERE created_by = 'user';
