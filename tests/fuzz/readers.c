/* libFuzzer's target: any bytes as a file that a model's binary reads. The program's name says as
 * which (readers[] below). What is refused must come with a message; what is taken must be sound.
 * The model is tiny.lathe's. */
#define _GNU_SOURCE /* memfd_create */
#include "runtime/checkpoint.h"
#include "runtime/command.h"
#include "runtime/compare.h"
#include "runtime/dataset.h"
#include "runtime/mixture_tensors.h"
#include "runtime/resume.h"
#include "runtime/safetensors_parts.h"
#include "runtime/table.h"
#include "runtime/weights.h"
#include "runtime/weights_file.h"
#include "tiny.h"
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { STEPS = 4 };

static const struct lathe_model *const model = &tiny_model;
static char folder[] = "/tmp/lathe-fuzz-XXXXXX";
static char input[64]; /* the path of what is read */
static struct lathe_error err;

static void insist(bool holds)
{
  if (!holds)
    abort();
}

/* A reader's own word on how it went. */
static bool is_good(bool good)
{
  insist(good || (err.text[0] != '\0' && strchr(err.text, '(') != err.text));
  return good;
}

/* ---- As what ---- */

static void read_data(const char *label_column)
{
  struct lathe_dataset dataset;
  struct lathe_source source = {.data = input, .want_labels = true, .label_column = label_column};
  if (!is_good(lathe_dataset_load(&dataset, model, &source, &err)))
    return;
  insist(dataset.count > 0 && (dataset.labels.count == 0 || dataset.labels.count == dataset.count));
  lathe_real image[TINY_INPUT];
  for (int64_t i = 0; i < dataset.count; i++) {
    lathe_dataset_gather(&dataset, model, NULL, i, 1, image);
    for (int p = 0; p < TINY_INPUT; p++)
      insist(image[p] >= 0 && image[p] <= 1);
  }
  lathe_dataset_free(&dataset);
}

static void read_images(void)
{
  read_data(NULL);
}

/* With a column of labels; and its labels alone. */
static void read_table(void)
{
  struct lathe_table table;
  struct lathe_table_wanted wanted = {.label_column = "y", .labels_alone = true};
  read_data("y");
  struct lathe_reader *reader = lathe_reader_open(input, &err);
  insist(reader != NULL);
  if (is_good(lathe_table_read(&table, reader, &wanted, &err))) {
    insist(table.labels.count > 0 && table.values.count == 0);
    for (int64_t i = 0; table.names.count > 0 && i < table.labels.count; i++) {
      int64_t label = ((const int64_t *)table.labels.data)[i];
      insist(label >= 0 && label < table.names.count);
    }
  }
  lathe_table_free(&table);
  lathe_reader_close(reader);
}

static void read_labels(void)
{
  struct lathe_array array;
  if (is_good(lathe_array_read(input, "labels", &array, &err)) &&
      is_good(lathe_array_to_i64(&array, input, &err)))
    for (int64_t i = 0, sum = 0; i < array.count; i++)
      sum ^= ((const int64_t *)array.data)[i];
  lathe_array_free(&array);
}

static void check_state(const struct lathe_state *state)
{
  for (int64_t i = 0; i < model->parameter_count; i++)
    insist(isfinite((double)state->fixed[i]));
}

static void read_weights(void)
{
  struct lathe_tensors tensors;
  struct lathe_state state;
  struct lathe_mixture mixture = {0};
  int64_t steps;
  insist(lathe_state_new(&state, model, 2, NULL, true, NULL));
  if (is_good(lathe_weights_read(&tensors, input, model, &err))) {
    if (is_good(lathe_weights_import(&tensors, input, model, &state, &mixture, &steps, &err))) {
      check_state(&state);
      insist(mixture.components == 0 || mixture.components == model->mixing.components);
      for (int k = 0; k < mixture.components; k++)
        insist(mixture.weights[k] >= 0 && mixture.weights[k] <= 1);
    }
    lathe_mixture_free(&mixture);
    lathe_tensors_free(&tensors);
  }
  lathe_state_free(&state);
}

/* The file as the only checkpoint of a run with 3 images to train on. */
static void read_checkpoint(void)
{
  struct lathe_session session = {.model = model};
  struct lathe_trainer trainer = {.session = &session,
                                  .settings = model->training,
                                  .training.count = 3,
                                  .saving.folder = folder};
  struct lathe_checkpoint_found found;
  insist(lathe_state_new(&session.state, model, 2, NULL, true, NULL));
  insist(lathe_trainer_start(&trainer, NULL));
  if (is_good(lathe_checkpoint_load(&trainer, &found, &err))) {
    check_state(&session.state);
    insist(trainer.done >= 0 && trainer.done <= trainer.settings.epochs);
    insist(trainer.images >= 0 && trainer.images <= 3 && trainer.steps >= 0);
  }
  lathe_trainer_free(&trainer);
  lathe_state_free(&session.state);
}

static void read_record(void)
{
  struct lathe_run run;
  struct lathe_resume resume;
  struct lathe_call call = {.model = model, .options.run = folder};
  struct lathe_training settings = model->training;
  struct lathe_inputs inputs = {0};
  if (is_good(lathe_run_open(&run, folder, model, &err)))
    insist(run.batch > 0 && run.images >= 0 && run.split >= 0 && run.split <= 1);
  if (is_good(lathe_resume_open(&resume, &call, &settings, &inputs, &err)))
    insist(settings.epochs > 0 && settings.batch > 0);
  lathe_resume_close(&resume);
}

/* Beside a sound run.json, which compare reads, too. */
static void read_history(void)
{
  struct lathe_compare compare;
  char *folders[] = {folder, folder};
  if (is_good(lathe_compare_read(&compare, 2, folders, &err)))
    insist(compare.history[0].epochs >= 0);
  lathe_compare_free(&compare);
}

/* ---- What is read ---- */

static const struct reader {
  const char *name;
  void (*read)(void);
  const char *file; /* in the run folder; NULL: a file of no name */
} readers[] = {
    {"images", read_images, NULL},
    {"labels", read_labels, NULL},
    {"table", read_table, NULL},
    {"weights", read_weights, NULL},
    {"checkpoint", read_checkpoint, "checkpoints/step-000000004.safetensors"},
    {"record", read_record, "run.json"},
    {"metrics", read_history, "metrics.json"},
    {"history", read_history, "metrics.csv"},
};

static const struct reader *reader;

static void clean_up(void)
{
  static const char *const names[] = {"checkpoints/step-000000004.safetensors",
                                      "checkpoints",
                                      "run.json",
                                      "metrics.json",
                                      "metrics.csv",
                                      ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    remove(path);
  }
}

/* A checkpoint that a byte was changed in is refused for its checksum alone: this one is right. */
static void mend_checksum(unsigned char *bytes, size_t size)
{
  char *text = malloc(size + 1), digits[CHECKSUM_DIGITS + 1];
  size_t header = size < LENGTH_BYTES ? 0 : size - LENGTH_BYTES;
  insist(text != NULL);
  memcpy(text, bytes + (size - header), header);
  text[header] = '\0';
  char *at = lathe_checksum_find(text);
  if (at != NULL) {
    unsigned char *place = bytes + (size - header) + (at - text);
    memset(place, '0', CHECKSUM_DIGITS);
    uLong checksum = crc32_z(crc32(0, NULL, 0), bytes, size);
    snprintf(digits, sizeof digits, "%08lx", (unsigned long)checksum & 0xffffffffUL);
    memcpy(place, digits, CHECKSUM_DIGITS);
  }
  free(text);
}

static void put(int file, const void *bytes, size_t size)
{
  insist(file >= 0 && ftruncate(file, 0) == 0);
  insist(pwrite(file, bytes, size, 0) == (ssize_t)size);
}

/* FUZZ_RECORD names a sound run.json, for what is read beside one. */
static void make_folder(void)
{
  char path[128], record[1 << 16];
  insist(mkdtemp(folder) != NULL);
  atexit(clean_up);
  snprintf(path, sizeof path, "%s/checkpoints", folder);
  insist(mkdir(path, 0700) == 0);
  const char *sound = getenv("FUZZ_RECORD");
  int from = sound != NULL ? open(sound, O_RDONLY) : -1;
  ssize_t size = from >= 0 ? read(from, record, sizeof record) : 0;
  snprintf(path, sizeof path, "%s/run.json", folder);
  put(open(path, O_RDWR | O_CREAT, 0600), record, size > 0 ? (size_t)size : 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc;
  const char *slash = strrchr((*argv)[0], '/'), *name = slash != NULL ? slash + 1 : (*argv)[0];
  for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
    if (strcmp(readers[i].name, name) == 0)
      reader = &readers[i];
  insist(reader != NULL);
  make_folder();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static int file = -1;
  if (file < 0 && reader->file == NULL) {
    file = memfd_create("input", 0);
    snprintf(input, sizeof input, "/proc/self/fd/%d", file);
  } else if (file < 0) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, reader->file);
    file = open(path, O_RDWR | O_CREAT, 0600);
  }
  unsigned char *bytes = malloc(size + 1);
  insist(bytes != NULL);
  memcpy(bytes, data, size);
  if (reader->read == read_checkpoint)
    mend_checksum(bytes, size);
  put(file, bytes, size);
  free(bytes);
  err.text[0] = '\0';
  reader->read();
  return 0;
}
