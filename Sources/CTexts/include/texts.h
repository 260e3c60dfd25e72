#ifndef INVITED_TEXTS_H
#define INVITED_TEXTS_H

#include <stddef.h>

/* A file of Sources/Languages/Texts, as it was when this was compiled. */
struct embedded_texts {
    const char *file;
    const unsigned char *bytes;
    size_t size;
};

/* All files, in the order in which people choose among them; valid for ever. */
const struct embedded_texts *embedded_texts(size_t *count);

#endif
