#include "CSQLiteSettings.h"

#include <stddef.h>

/* Declared here instead of including sqlite3.h: the header's module belongs to GRDB. */
extern int sqlite3_config(int, ...);
extern int sqlite3_db_config(void *, int, ...);
enum { PAGECACHE = 7, NO_CKPT_ON_CLOSE = 1006 };

int invited_sqlite_configure(void) {
    return sqlite3_config(PAGECACHE, NULL, 0, 0);
}

int invited_sqlite_leave_log(void *connection) {
    return sqlite3_db_config(connection, NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}
