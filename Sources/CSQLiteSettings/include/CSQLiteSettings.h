#pragma once

#include <stdint.h>

/* sqlite3_config() and sqlite3_db_config() are variadic, which Swift cannot
   call. Those functions that return something return SQLite's result code. */

/* Takes away SQLite's per-connection page cache preallocation, so that an idle
   database costs about 60 KiB instead of about 150; and has page caches stop
   growing when all of SQLite takes 256 MiB. Must run before any other call of
   SQLite. */
int invited_sqlite_configure(void);

/* Has a connection (a sqlite3 *) leave the write-ahead log as it is when it is
   closed: neither moved into the database nor removed. */
int invited_sqlite_leave_log(void *connection);

/* Has a connection (a sqlite3 *) read no longer values, and no longer rows:
   SQLITE_TOOBIG. */
void invited_sqlite_limit_length(void *connection, int bytes);

/* What the file of a connection's (a sqlite3 *) main database would be, size
   bytes that are given back by invited_sqlite_free(); or a null pointer. */
unsigned char *invited_sqlite_serialize(void *connection, int64_t *size);
void invited_sqlite_free(unsigned char *bytes);
