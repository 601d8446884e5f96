/* What most commands begin with: a finished run, images, and a session that holds the run's model.
 */
#ifndef LATHE_WORK_H
#define LATHE_WORK_H

#include "class_names.h"
#include "command.h"
#include "dataset.h"
#include "error.h"
#include "part.h"
#include "run.h"
#include "session.h"
#include <stdbool.h>

struct lathe_work {
  struct lathe_run run;
  struct lathe_class_names names; /* that the run has for its classes; `data` may have more */
  struct lathe_dataset data;
  struct lathe_part part; /* all of `data` */
  struct lathe_session session;
};

/* Opens --run, reads --data (with --labels, --label-column and --only; labels only when wanted) and
 * loads the weights, for --threads. lathe_work_close accepts a zeroed one, and is needed after
 * failure too.
 */
bool lathe_work_open(struct lathe_work *work, const struct lathe_call *call, bool want_labels,
                     struct lathe_error *err);
void lathe_work_close(struct lathe_work *work);

#endif
