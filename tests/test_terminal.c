/* What people see of training: on terminals wide and narrow, and where lines cannot be written
 * over. */
#define _XOPEN_SOURCE 700 /* for terminals */
#include "cli.h"
#include <sys/ioctl.h>

/* Trains on a terminal of so many columns, 0: it does not say how many; false where none can be
 * made. What was written there is in `printed`. */
static bool train_on_a_terminal(int columns, const char *run)
{
  char words[256];
  struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
    printf("skipped: no terminal can be made here\n");
    return false;
  }
  ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
  snprintf(words, sizeof words,
           "train --data @/train.npz --labelled @/few.npz --run @/%s --epochs 3", run);
  ck_assert_int_eq(call_to(ptsname(terminal), &fake_plane, words), 0);
  read_pipe(terminal);
  return true;
}

/* What is shown of training where a terminal has so many columns: two lines that are written over,
 * the bars as wide as there is room for, at last full; what there is no room for is left out, from
 * the end; and in any of them `always`. */
static const struct {
  int columns;
  const char *run, *losses;
} TERMINALS[] = {
    {0, "#] epoch 3/3 [#", "  KL "},
    {200, "run [########################] epoch 3/3 [########################]  0:0", "  KL "},
    {40, "#] 3/3 [#", "  valid "},
    {30, "run [#####] 3/3 [#####]", "  valid "},
    {24, "run [#####] 3/3 [#####]", "% ...\r\n"},
};
static const char *const always[] = {"\033[A\r\033[Krun [", "\n\033[Kloss ", "\033[KEM ",
                                     "\n\033[Kcomponents "};

static void check_shown(const char *words)
{
  ck_assert_msg(strstr(printed, words) != NULL, "'%s' is not in: %s", words, printed);
}

/* On a terminal, lines that are written over: none of its own for each epoch. */
START_TEST(train_shows_a_bar)
{
  char run[32];
  snprintf(run, sizeof run, "tty%d", _i);
  if (!train_on_a_terminal(TERMINALS[_i].columns, run))
    return;
  check_shown(TERMINALS[_i].run);
  check_shown(TERMINALS[_i].losses);
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    check_shown(always[i]);
  ck_assert_ptr_null(strstr(printed, "\nepoch"));
}
END_TEST

/* No line of the bar is so long that the terminal would break it. */
START_TEST(bar_fits_the_terminal)
{
  char run[32];
  snprintf(run, sizeof run, "fits%d", _i);
  if (!train_on_a_terminal(TERMINALS[_i].columns, run))
    return;
  int most = TERMINALS[_i].columns > 0 ? TERMINALS[_i].columns : 80;
  for (char *at = printed; (at = strstr(at, "\033[K")) != NULL;) {
    at += strlen("\033[K");
    ck_assert_msg((int)strcspn(at, "\r\n\033") < most, "%.200s", at);
  }
}
END_TEST

/* Where lines cannot be written over, there is one an epoch. */
START_TEST(dumb_terminal_gets_lines)
{
  setenv("TERM", "dumb", 1);
  bool there = train_on_a_terminal(80, "dumb");
  unsetenv("TERM");
  if (!there)
    return;
  check_shown("epoch   1/3  loss ");
  check_shown("\nepoch   3/3  loss ");
  check_shown("\nEM ");
  ck_assert_ptr_null(strchr(printed, '\033'));
}
END_TEST

int main(void)
{
  enum { SIZES = sizeof TERMINALS / sizeof *TERMINALS };
  TCase *tests = tcase_create("terminals");
  tcase_add_loop_test(tests, train_shows_a_bar, 0, SIZES);
  tcase_add_loop_test(tests, bar_fits_the_terminal, 0, SIZES);
  tcase_add_test(tests, dumb_terminal_gets_lines);
  return cli_run(tests, cli_setup);
}
