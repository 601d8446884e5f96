/* CSV tables as spreadsheets, NumPy, pandas and R write them: what is read of them, and where and
 * why others are refused. */
#include "make_files.h"
#include "runtime/decimal.h"
#include "runtime/real.h"
#include "runtime/table.h"
#include <math.h>
#include <zlib.h>

static struct lathe_table table;

static bool read_table(const char *path, const struct lathe_table_wanted *wanted)
{
  struct lathe_reader *reader = lathe_reader_open(path, &err);
  ck_assert_msg(reader != NULL, "%s", err.text);
  bool good = lathe_table_read(&table, reader, wanted, &err);
  lathe_reader_close(reader);
  return good;
}

static bool read_text(const char *text, const struct lathe_table_wanted *wanted)
{
  return read_table(write_bytes("t.csv", text, strlen(text)), wanted);
}

/* ---- Numbers ---- */

static const struct {
  const char *text;
  bool good;
} NUMBERS[] = {
    {"0", true},
    {"-0", true},
    {"+7", true},
    {"3.25", true},
    {".5", true},
    {"5.", true},
    {"1e3", true},
    {"1E-3", true},
    {"-1.5e+2", true},
    {"0.1", true},
    {"0.30000000000000004", true},
    {"123456789012345678901234567890", true},
    {"9007199254740993", true},
    {"1e22", true},
    {"1e23", true},
    {"1e-22", true},
    {"1e-23", true},
    {"4.9e-324", true},
    {"2.2250738585072011e-308", true},
    {"1e400", true},
    {"1e-400", true},
    {"1e99999999999", true},
    {"0e99999999999", true},
    {"0000000000000000000000000000000000001", true},
    {"0.00000000000000000000000000000000000012345678901234567890123", true},
    {"1797693134862315708145274237317043567980e270", true},
    {"", false},
    {"-", false},
    {".", false},
    {"+-1", false},
    {"1e", false},
    {"1e+", false},
    {" 1", false},
    {"1 ", false},
    {"1,5", false},
    {"0x10", false},
    {"nan", false},
    {"inf", false},
    {"1_000", false},
    {"1.2.3", false},
    {"e5", false},
};

/* As the C library reads them, bit by bit. */
START_TEST(number)
{
  double value = -1;
  ck_assert_msg(lathe_decimal_read(NUMBERS[_i].text, &value) == NUMBERS[_i].good, "%s",
                NUMBERS[_i].text);
  if (NUMBERS[_i].good) {
    double expected = strtod(NUMBERS[_i].text, NULL);
    ck_assert_msg(memcmp(&value, &expected, sizeof value) == 0, "%s: %.17g, not %.17g",
                  NUMBERS[_i].text, value, expected);
  }
}
END_TEST

/* Decimals of all lengths and exponents around those that are read without strtod. */
START_TEST(numbers_are_the_nearest)
{
  unsigned long long state = 1;
  char text[64];
  for (int i = 0; i < 200000; i++) {
    double value, expected;
    state = state * 6364136223846793005U + 1442695040888963407U;
    const int digits = 1 + (int)(state >> 59) % 20, exponent = (int)(state >> 40) % 60 - 30;
    snprintf(text, sizeof text, "%s%.*s.%se%d", i % 2 ? "-" : "", digits, "31415926535897932384",
             i % 3 ? "" : "27", exponent);
    snprintf(text + strcspn(text, "."), 32, ".%llue%d", (state >> 20) % 100000, exponent);
    ck_assert(lathe_decimal_read(text, &value));
    expected = strtod(text, NULL);
    ck_assert_msg(memcmp(&value, &expected, sizeof value) == 0, "%s: %.17g, not %.17g", text, value,
                  expected);
  }
}
END_TEST

/* ---- Tables that are read ---- */

static const char three[] = "1,2.5,-3\n4,5,6\n";

static const struct {
  const char *text;
  const char *label_column;
  int rows, columns;
  double values[8];   /* the first ones */
  const char *labels; /* as text, with names where they have some; NULL: none */
} GOOD[] = {
    {three, NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},
    {"1,2.5,-3\n4,5,6", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL}, /* no end to the last line */
    {"1,2.5,-3\r\n4,5,6\r\n", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL}, /* Windows */
    {"1,2.5,-3\r4,5,6\r", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},     /* old Macintosh */
    {"\xef\xbb\xbf"
     "1,2.5,-3\n4,5,6\n",
     NULL,
     2,
     3,
     {1, 2.5, -3, 4, 5, 6},
     NULL}, /* Excel's mark */
    {"\xef\xbb\xbf"
     "a,b,c\n4,5,6\n",
     NULL,
     1,
     3,
     {4, 5, 6},
     NULL},
    {"a,b,c\n1,2.5,-3\n4,5,6\n", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},
    {"# a,b,c\n1,2.5,-3\n", NULL, 1, 3, {1, 2.5, -3}, NULL}, /* np.savetxt */
    {"0,1,2\n1,2.5,-3\n", NULL, 1, 3, {1, 2.5, -3}, NULL},   /* pandas, without names */
    {"0,1,2,label\n7,8,9,1\n", "label", 1, 3, {7, 8, 9}, "1"},
    {"0,1\n1,0\n", NULL, 2, 2, {0, 1, 1, 0}, NULL}, /* as likely values */
    {"1,2,3\n", NULL, 1, 3, {1, 2, 3}, NULL},
    {"1;2.5;-3\n4;5;6\n", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},
    {"1\t2.5\t-3\n4\t5\t6\n", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},
    {"weight, kg;height\n1;2\n", NULL, 1, 2, {1, 2}, NULL},
    {"  1 , 2.5,  -3  \n4,5,6\n", NULL, 2, 3, {1, 2.5, -3, 4, 5, 6}, NULL},
    {"\n\n1,2\n  \n3,4\n\n", NULL, 2, 2, {1, 2, 3, 4}, NULL}, /* lines of nothing */
    {"\"1\",\"2.5\"\n\"4\" , 5\n", NULL, 2, 2, {1, 2.5, 4, 5}, NULL},
    {"\"a, \"\"b\"\"\",\"c\nd\"\n1,2\n", NULL, 1, 2, {1, 2}, NULL}, /* a comma, marks, a line's end
                                                                     */
    {"7\n8\n9\n", NULL, 3, 1, {7, 8, 9}, NULL},
    {"x\n7\n", NULL, 1, 1, {7}, NULL},
    {"a,b,species\n1,2,setosa\n3,4,virginica\n5,6,setosa\n",
     "species",
     3,
     2,
     {1, 2, 3, 4, 5, 6},
     "setosa virginica setosa"},
    {"species,a,b\nvirginica,1,2\nsetosa,3,4\n", "species", 2, 2, {1, 2, 3, 4}, "virginica setosa"},
    {"species,a,b\nvirginica,1,2\nsetosa,3,4\n", "1", 2, 2, {1, 2, 3, 4}, "virginica setosa"},
    {"5.1,3.5,setosa\n4.9,3,setosa\n", "3", 2, 2, {5.1, 3.5, 4.9, 3}, "setosa setosa"}, /* UCI */
    {"a,y\n1,4\n2,-8\n", "y", 2, 1, {1, 2}, "4 -8"},
    {"a,y\n1,4.0\n2,8.0\n", "y", 2, 1, {1, 2}, "4 8"}, /* pandas, beside missing values */
    {"a,y\n1,4\n2,b\n", "y", 2, 1, {1, 2}, "4 b"},
    {"a,y\n1,\"b, c\"\n", "y", 1, 1, {1}, "b, c"},
    {"10,20\n1,2\n", "20", 2, 1, {10, 1}, NULL},
};

START_TEST(good_table)
{
  struct lathe_table_wanted wanted = {.label_column = GOOD[_i].label_column};
  bool no_such = GOOD[_i].label_column != NULL && GOOD[_i].labels == NULL;
  bool good = read_text(GOOD[_i].text, &wanted);
  if (no_such) { /* no name, and no number of a column */
    ck_assert(!good);
    assert_words(err.text, "no line of names|from 1 to 2");
    return;
  }
  ck_assert_msg(good, "%s", err.text);
  ck_assert_int_eq(table.values.shape[0], GOOD[_i].rows);
  ck_assert_int_eq(table.values.shape[1], GOOD[_i].columns);
  ck_assert_int_eq(table.values.count, GOOD[_i].rows * GOOD[_i].columns);
  for (int i = 0; i < GOOD[_i].rows * GOOD[_i].columns; i++)
    ck_assert_float_eq(((lathe_real *)table.values.data)[i], (lathe_real)GOOD[_i].values[i]);
  ck_assert_int_eq(table.labels.count, GOOD[_i].labels != NULL ? GOOD[_i].rows : 0);
  char text[256] = "", room[LATHE_CLASS_TEXT];
  for (int i = 0; i < table.labels.count; i++) {
    int64_t label = ((int64_t *)table.labels.data)[i];
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
             lathe_class_text(&table.names, label, room));
  }
  ck_assert_str_eq(text, GOOD[_i].labels != NULL ? GOOD[_i].labels : "");
  lathe_table_free(&table);
}
END_TEST

/* ---- Tables that are not ---- */

static const double unit[] = {0, 1};

static const struct {
  const char *text;
  struct lathe_table_wanted wanted;
  const char *words;
} BAD[] = {
    {"a,b\n", {0}, "t.csv: holds names of columns and no rows"},
    {"", {0}, "t.csv: holds no rows"},
    {"\n \n", {0}, "t.csv: holds no rows"},
    {"a,b\n1,2\n3,x\n", {0}, "t.csv:3:3: `x` (column b) is no number|--label-column b"},
    {"1,2\n3,4 5\n", {0}, "t.csv:2:3: `4 5` is no number|--label-column 2"},
    {"a,b\n1,2,3\n", {0}, "t.csv:2:5: this row has more cells than the first line, which has 2"},
    {"a,b,c\n1,2,3\n1,2\n", {0}, "t.csv:3:3: this row has 2 cells, and the first line 3"},
    {"a,b\n1,2\n\n7\n", {0}, "t.csv:4:1: this row has 1 cells"},
    {"a,b\n1,\n", {0}, "t.csv:2:3: a value is missing (column b): fill it in"},
    {"a,b\n1,NA\n", {0}, "t.csv:2:3: a value is missing (column b) (`NA`)"},
    {"a,b\n1,nan\n", {0}, "t.csv:2:3: a value is missing (column b) (`nan`)"},
    {"1,-Inf\n", {0}, "t.csv:1:3: `-Inf` is not a finite number"},
    {"1,1e999\n", {0}, "t.csv:1:3: `1e999` is not a finite number"},
    {"1;3,5\n", {0}, "t.csv:1:3: `3,5` is no number: write a point"},
    {"1.0 2.0\n3.0 4.0\n", {0}, "t.csv:2:1: `3.0 4.0` is no number|np.savetxt"},
    {"1,2\n3,\"4\n", {0}, "t.csv:2:3: this quotation mark is not closed"},
    {"1,2\n\"3\"4,5\n", {0}, "t.csv:2:4: more text behind a closing quotation mark"},
    {"1,2\n3,4\001\n", {0}, "t.csv:2:4: a control character, byte 1"},
    {"1,2\n0x10,4\n", {0}, "t.csv:2:1: `0x10` is no number"},
    {"a,b\n1,2\n3,0.25\n",
     {.range = unit},
     "t.csv:2:3: the value 2 (column b) is not in [0, 1]|255"},
    {"a,b\n1,-1\n", {.range = unit}, "the value -1 (column b) is not in [0, 1]; scale the values"},
    {"a,b,c\n1,2,3\n",
     {.columns = 2, .model = "m"},
     "t.csv:1:1: 3 columns of numbers, and model m takes 2; if c is that of the labels"},
    {"a,y,c\n1,2,3\n",
     {.columns = 2, .model = "m"},
     "if y is that of the labels, say --label-column y"},
    {",a,b\n0,2,3\n", {.columns = 2, .model = "m"}, "pandas|index=False"},
    {"1.0 2.0\n", {.columns = 2, .model = "m"}, "1 column of numbers|np.savetxt"},
    {"a,b\n1,2\n", {.columns = 7, .model = "m"}, "2 columns of numbers, and model m takes 7"},
    {"a,b\n1,2\n",
     {.label_column = "c"},
     "has no column `c` for --label-column; its columns are a, b"},
    {"a,b,a\n1,2,3\n", {.label_column = "a"}, "two of its columns are called `a`|number"},
    {"1,2\n", {.label_column = "c"}, "no line of names|--label-column c|from 1 to 2"},
    {"1,2\n", {.label_column = "3"}, "no line of names|from 1 to 2"},
    {"a,b\n1,\n", {.label_column = "b"}, "t.csv:2:3: a label is missing"},
    {"b\nx\n", {.label_column = "b"}, "has no columns besides the labels"},
    {"a,b\n1,2\n", {.labels_alone = true}, "has 2 columns: say which holds the labels"},
    {"a,b\n1,x\xff\n", {.label_column = "b"}, "t.csv:2:3: the label is not in UTF-8"},
};

START_TEST(bad_table)
{
  ck_assert(!read_text(BAD[_i].text, &BAD[_i].wanted));
  assert_words(err.text, BAD[_i].words);
  ck_assert_ptr_null(table.values.data);
  ck_assert_ptr_null(table.labels.data);
  ck_assert_int_eq(table.names.count, 0);
  ck_assert_ptr_null(strstr(err.text, "none of .npz"));
}
END_TEST

/* The name of another kind of file: that it is read as a table is said. */
START_TEST(says_what_it_was_taken_for)
{
  const char *path = write_bytes("weights.npy", "version https://git-lfs\n", 24);
  ck_assert(!read_table(path, &(struct lathe_table_wanted){0}));
  assert_words(err.text, "weights.npy: holds names|none of .npz, .npy and IDX");
}
END_TEST

/* ---- Names of classes ---- */

/* A run's names keep their numbers; others follow. */
START_TEST(known_names)
{
  char *names[] = {(char[]){"virginica"}, (char[]){"setosa"}};
  struct lathe_class_names known = {2, names};
  struct lathe_table_wanted wanted = {.label_column = "s", .names = &known};
  ck_assert(read_text("a,s\n1,setosa\n2,other\n3,virginica\n4,another\n", &wanted));
  ck_assert_int_eq(table.names.count, 4);
  ck_assert_str_eq(table.names.name[0], "virginica");
  ck_assert_str_eq(table.names.name[2], "another");
  static const int64_t expected[] = {1, 3, 0, 2};
  ck_assert_mem_eq(table.labels.data, expected, sizeof expected);
  lathe_table_free(&table);
  /* Numbers that are no names are the numbers of names. */
  ck_assert(read_text("a,s\n1,1\n2,0\n", &wanted));
  static const int64_t numbers[] = {1, 0};
  ck_assert_mem_eq(table.labels.data, numbers, sizeof numbers);
  lathe_table_free(&table);
}
END_TEST

/* A column of measurements is no column of labels. */
START_TEST(too_many_names)
{
  char *text = malloc(1 << 17);
  size_t used = (size_t)sprintf(text, "a,s\n");
  for (int i = 0; i < LATHE_CLASSES_MOST + 1; i++)
    used += (size_t)sprintf(text + used, "1,x%d\n", i);
  ck_assert(!read_text(text, &(struct lathe_table_wanted){.label_column = "s"}));
  assert_words(err.text, "t.csv:4098:3: more than 4096 different labels");
  free(text);
}
END_TEST

static const struct {
  const char *name;
  size_t size;
  const char *brief;
} BRIEF[] = {
    {"setosa", 32, "setosa"},
    {"setosa", 7, "setosa"},
    {"versicolor", 9, "versi..."},
    {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 8, "\xc3\xa4\xc3\xb6..."},
    {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 7, "\xc3\xa4..."}, /* no half characters */
};

START_TEST(brief_name)
{
  char name[32], text[32];
  char *list[] = {name};
  struct lathe_class_names names = {1, list};
  snprintf(name, sizeof name, "%s", BRIEF[_i].name);
  lathe_class_brief(&names, 0, text, BRIEF[_i].size);
  ck_assert_str_eq(text, BRIEF[_i].brief);
  lathe_class_brief(&names, 17, text, BRIEF[_i].size);
  ck_assert_str_eq(text, "17");
}
END_TEST

/* ---- Files ---- */

/* NumPy's own writer, all 18 decimals. */
START_TEST(numpy_writes)
{
  ck_assert_msg(read_table(FILES "savetxt.csv", &(struct lathe_table_wanted){0}), "%s", err.text);
  ck_assert_int_eq(table.values.shape[0], 5);
  ck_assert_int_eq(table.values.shape[1], 3);
  for (int i = 0; i < 15; i++)
    ck_assert(((lathe_real *)table.values.data)[i] == (lathe_real)((double)i / 8 - 1));
  lathe_table_free(&table);
}
END_TEST

/* Larger than what is read at a time, gzipped, and no more memory than it takes. */
START_TEST(large_and_gzipped)
{
  const char *path = in_folder("large.csv.gz");
  gzFile file = gzopen(path, "wb");
  gzprintf(file, "a,b,c\n");
  for (int i = 0; i < 50000; i++)
    gzprintf(file, "%d,%d.5,%de-1\n", i, -i, i);
  ck_assert_int_eq(gzclose(file), Z_OK);
  ck_assert_msg(read_table(path, &(struct lathe_table_wanted){.columns = 3}), "%s", err.text);
  ck_assert_int_eq(table.values.shape[0], 50000);
  for (int i = 0; i < 50000; i++) {
    const lathe_real *row = (lathe_real *)table.values.data + 3 * i;
    ck_assert(row[0] == (lathe_real)i && row[2] == (lathe_real)(i / 10.0));
    ck_assert(row[1] == (lathe_real)(i == 0 ? -0.5 : -i - 0.5) || i == 0);
  }
  lathe_table_free(&table);
}
END_TEST

/* A gzipped file that ends too early. */
START_TEST(truncated)
{
  const char *path = in_folder("cut.csv.gz");
  gzFile file = gzopen(path, "wb");
  for (int i = 0; i < 5000; i++)
    gzprintf(file, "%d,%d\n", i * i, i);
  ck_assert_int_eq(gzclose(file), Z_OK);
  ck_assert_int_eq(truncate(path, 4000), 0);
  ck_assert(!read_table(path, &(struct lathe_table_wanted){0}));
  assert_words(err.text, "cut.csv.gz|damaged");
}
END_TEST

#define COUNT(list) ((int)(sizeof list / sizeof *list))

int main(void)
{
  TCase *tests = tcase_create("table");
  tcase_add_loop_test(tests, number, 0, COUNT(NUMBERS));
  tcase_add_test(tests, numbers_are_the_nearest);
  tcase_add_loop_test(tests, good_table, 0, COUNT(GOOD));
  tcase_add_loop_test(tests, bad_table, 0, COUNT(BAD));
  tcase_add_test(tests, says_what_it_was_taken_for);
  tcase_add_test(tests, known_names);
  tcase_add_test(tests, too_many_names);
  tcase_add_loop_test(tests, brief_name, 0, COUNT(BRIEF));
  tcase_add_test(tests, numpy_writes);
  tcase_add_test(tests, large_and_gzipped);
  tcase_add_test(tests, truncated);
  return run_case(tests, "table");
}
