// For CLLVM.c: see KeepStatics.c.

#ifndef MARTLET_KEEP_STATICS_H
#define MARTLET_KEEP_STATICS_H

#include <link.h>

/// Lets static objects that a loaded library makes from now on live as long as the process.
void martlet_keep_statics(const struct link_map *map);

#endif
