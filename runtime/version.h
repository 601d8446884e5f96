/* The version of the runtime that a binary was linked with. */
#ifndef LATHE_VERSION_H
#define LATHE_VERSION_H

#define LATHE_VERSION "0.1.0"

#endif
