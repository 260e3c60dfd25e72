#pragma once

/* Takes away SQLite's per-connection page cache preallocation, so that an idle
   database costs about 60 KiB instead of about 150. sqlite3_config() is
   variadic, which Swift cannot call. Must run before any other call of SQLite;
   returns SQLite's result code. */
int invited_sqlite_configure(void);
