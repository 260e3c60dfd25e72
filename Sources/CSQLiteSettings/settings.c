#include "CSQLiteSettings.h"

#include <stddef.h>

/* Declared here instead of including sqlite3.h: the header's module belongs to GRDB. */
extern int sqlite3_config(int, ...);
extern int sqlite3_db_config(void *, int, ...);
extern int sqlite3_limit(void *, int, int);
extern long long sqlite3_soft_heap_limit64(long long);
extern unsigned char *sqlite3_serialize(void *, const char *, long long *, unsigned int);
extern void sqlite3_free(void *);
enum { PAGECACHE = 7, NO_CKPT_ON_CLOSE = 1006, LIMIT_LENGTH = 0 };

int invited_sqlite_configure(void) {
    int result = sqlite3_config(PAGECACHE, NULL, 0, 0);
    sqlite3_soft_heap_limit64(256 << 20);
    return result;
}

int invited_sqlite_leave_log(void *connection) {
    return sqlite3_db_config(connection, NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}

void invited_sqlite_limit_length(void *connection, int bytes) {
    sqlite3_limit(connection, LIMIT_LENGTH, bytes);
}

unsigned char *invited_sqlite_serialize(void *connection, int64_t *size) {
    long long bytes = 0;
    unsigned char *result = sqlite3_serialize(connection, "main", &bytes, 0);
    *size = bytes;
    return result;
}

void invited_sqlite_free(unsigned char *bytes) {
    sqlite3_free(bytes);
}
