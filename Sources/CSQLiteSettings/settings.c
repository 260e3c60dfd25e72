#include "CSQLiteSettings.h"

#include <stddef.h>

/* Declared here instead of including sqlite3.h: the header's module belongs to GRDB. */
extern int sqlite3_config(int, ...);
extern int sqlite3_db_config(void *, int, ...);
extern long long sqlite3_soft_heap_limit64(long long);
enum { PAGECACHE = 7, NO_CKPT_ON_CLOSE = 1006 };

int invited_sqlite_configure(void) {
    int result = sqlite3_config(PAGECACHE, NULL, 0, 0);
    sqlite3_soft_heap_limit64(256 << 20);
    return result;
}

int invited_sqlite_leave_log(void *connection) {
    return sqlite3_db_config(connection, NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}
