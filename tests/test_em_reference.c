/* Emitted mixtures of every kind against scikit-learn's iterations of EM, flat clusters and more
 * dimensions than points among them, and against PyTorch's densities. */
#include "emitted_mixture.h"

START_TEST(iterates_as_scikit_learn)
{
  struct em_case e = em_case_open(_i / EM_KINDS);
  check_em(&e, (enum lathe_covariance)(_i % EM_KINDS));
  em_case_close(&e);
}
END_TEST

START_TEST(densities_are_pytorchs)
{
  check_torch_mixture((enum lathe_covariance)_i);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("EM reference");
  TCase *cases = tcase_create("EM reference");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, iterates_as_scikit_learn, 0, EM_CASE_COUNT * EM_KINDS);
  tcase_add_loop_test(cases, densities_are_pytorchs, 0, EM_KINDS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
