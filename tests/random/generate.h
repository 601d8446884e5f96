/* Random descriptions: valid, small enough to be verified in seconds, and between them using every
 * statement of the language in shapes that nobody would think of. */
#ifndef TESTS_RANDOM_GENERATE_H
#define TESTS_RANDOM_GENERATE_H

#include <stdint.h>

/* The description of a seed, model random_SEED: always the same text (where chance is drawn among
 * arguments, their order is the compiler's; another one may give another). To be freed. */
char *random_description(uint64_t seed);

#endif
