#pragma once

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own loop. No header of the toolchain declares it; the library has it since LLVM 12. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));
