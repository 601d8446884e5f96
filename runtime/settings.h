/* The settings of a training that its run records, and takes up again when it is gone on with:
 * those that training.def calls RECORDED. */
#ifndef LATHE_SETTINGS_H
#define LATHE_SETTINGS_H

#include "model.h"
#include <jansson.h>

/* How many there are; the name of each, 0 .. ; its value. */
int lathe_settings_count(void);
const char *lathe_settings_name(int i);
double lathe_settings_value(const struct lathe_training *training, int i);

/* Adds those that are not 0 to the object. */
void lathe_settings_put(const struct lathe_training *training, json_t *object);

/* The reverse: what the object does not hold becomes 0. */
void lathe_settings_take(struct lathe_training *training, const json_t *object);

#endif
