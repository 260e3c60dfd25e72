#pragma once

#include <stdlib.h>
#include <stringprep.h>
#include <idna.h>

/* stringprep.h offers these as macros with struct pointers, which Swift does not import. */
static inline int invited_nodeprep(char *buffer, size_t capacity) {
    return stringprep_xmpp_nodeprep(buffer, capacity);
}
static inline int invited_resourceprep(char *buffer, size_t capacity) {
    return stringprep_xmpp_resourceprep(buffer, capacity);
}
static inline int invited_nameprep(char *buffer, size_t capacity) {
    return stringprep_nameprep(buffer, capacity);
}
