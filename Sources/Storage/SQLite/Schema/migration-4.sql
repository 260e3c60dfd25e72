-- A commit for many users changed a page of it for each of them.
DROP INDEX invite_by_user;
CREATE INDEX invite_by_user ON invite (id >> 10, inviter, created_at, expires_at, revoked_at, confirmed, uses)
    WHERE created_by = 'user';
