#include "CSQLiteSettings.h"

#include <stddef.h>

/* Declared here instead of including sqlite3.h: the header's module belongs to GRDB. */
extern int sqlite3_config(int, ...);
enum { PAGECACHE = 7 };

int invited_sqlite_configure(void) {
    return sqlite3_config(PAGECACHE, NULL, 0, 0);
}
