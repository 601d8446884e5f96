/* examples/load_run.py loads a run folder, and what `encode` writes, and finds in them what the
 * binary found. Runs where there is NumPy; elsewhere it says that it was skipped. */
#include "binary.h"
#include "python.h"

START_TEST(loads_all_numbers)
{
  const char *python = python_with("import numpy");
  if (python == NULL)
    return;
  make_digits_and_small();
  const char *run = in_folder("run"), *latents = in_folder("latents.npz");
  train_small(run);
  SPAWN_QUIETLY(SMALL, "encode", "--run", run, "--data", TEST, "-o", latents);
  struct said said = SPAWN_GOOD(python, "examples/load_run.py", run, latents);
  assert_words(said.out, "small: |tensors, seed 5|loss of 3 epochs: [|mean squared error: 0.|"
                         "log-likelihoods of EM: [|150 latents; clusters as the binary found them: "
                         "1.0000");
  said_free(&said);

  said = SPAWN(python, "examples/load_run.py");
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "load_run.py RUN [LATENTS.npz]");
  said_free(&said);
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("load_run");
  TCase *tests = tcase_create("load_run");
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, loads_all_numbers);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
