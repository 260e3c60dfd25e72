#pragma once
#include <linux/falloc.h>
#include <sys/types.h>

// fallocate(2), which <fcntl.h> has for GNU sources only.
extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
