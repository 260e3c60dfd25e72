#include "CSQLiteSettings.h"

#include <stddef.h>

/* Declared here instead of including sqlite3.h: the header's module belongs to GRDB. */
extern int sqlite3_config(int, ...);
extern int sqlite3_db_config(void *, int, ...);
extern int sqlite3_limit(void *, int, int);
enum { PAGECACHE = 7, NO_CKPT_ON_CLOSE = 1006, LIMIT_LENGTH = 0 };

int invited_sqlite_configure(void) {
    return sqlite3_config(PAGECACHE, NULL, 0, 0);
}

int invited_sqlite_leave_log(void *connection) {
    return sqlite3_db_config(connection, NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}

void invited_sqlite_limit_length(void *connection, int bytes) {
    sqlite3_limit(connection, LIMIT_LENGTH, bytes);
}
