/* What is built: the same bytes from the same sources wherever that is done, with no folder's name
 * in them; and programs hardened as the ELF files themselves say. */
#include "spawn.h"
#include <elf.h>
#include <glob.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const char tiny[] = "model tiny {\n  input x [6];\n  latent z [2];\n"
                           "  encoder { linear 8; relu; gaussian z; }\n"
                           "  decoder { linear 6; }\n  loss { gaussian; }\n}\n";

static void setup(void)
{
  make_folder();
  unsetenv("CC");
  static const char *const places[] = {"here", "far/away/from/there"};
  ck_assert_int_eq(mkdir(in_folder("far"), 0777) | mkdir(in_folder("far/away"), 0777) |
                       mkdir(in_folder("far/away/from"), 0777),
                   0);
  for (int i = 0; i < LENGTH(places); i++) {
    ck_assert_int_eq(mkdir(in_folder("%s", places[i]), 0777), 0);
    write_text(in_folder("%s/tiny.lathe", places[i]), tiny);
    setenv("TMPDIR", in_folder("%s", places[i]), 1); /* where it compiles */
    SPAWN_QUIETLY(built("lathe"), "build", in_folder("%s/tiny.lathe", places[i]), "-o",
                  in_folder("%s/tiny", places[i]));
    SPAWN_QUIETLY(built("lathe"), "emit", in_folder("%s/tiny.lathe", places[i]), "-o",
                  in_folder("%s/c", places[i]));
  }
}

START_TEST(binaries_are_the_same_anywhere)
{
  ck_assert(same_file(in_folder("here/tiny"), in_folder("far/away/from/there/tiny")));
}
END_TEST

START_TEST(emitted_code_is_the_same_anywhere)
{
  glob_t files;
  ck_assert_int_eq(glob(in_folder("here/c/*"), 0, NULL, &files), 0);
  ck_assert_uint_ge(files.gl_pathc, 7);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    const char *name = strrchr(files.gl_pathv[i], '/') + 1;
    ck_assert_msg(same_file(files.gl_pathv[i], in_folder("far/away/from/there/c/%s", name)), "%s",
                  name);
  }
  globfree(&files);
}
END_TEST

/* ---- No folders, no hours ---- */

static bool holds(const char *bytes, size_t size, const char *word)
{
  size_t length = strlen(word);
  for (size_t i = 0; i + length <= size; i++)
    if (bytes[i] == word[0] && memcmp(bytes + i, word, length) == 0)
      return true;
  return false;
}

static const char *const products[] = {"lathe", "libcompiler.a", "liblathe-f32.a",
                                       "liblathe-f64.a"};

START_TEST(nothing_names_the_folder)
{
  char here[4096];
  size_t size;
  ck_assert_ptr_nonnull(getcwd(here, sizeof here));
  char *bytes = read_file(built(products[_i]), &size);
  ck_assert_msg(!holds(bytes, size, here), "%s has %s in it", products[_i], here);
  free(bytes);
}
END_TEST

/* An archive's members carry no time, owner or group: 0 in the header's columns. */
START_TEST(archives_have_no_hours)
{
  size_t size;
  char *bytes = read_file(built(products[_i]), &size);
  ck_assert(size > 8 && memcmp(bytes, "!<arch>\n", 8) == 0);
  for (size_t at = 8; at + 60 <= size;) {
    const char *header = bytes + at;
    bool names = memcmp(header, "//  ", 4) == 0; /* of members, where they are long: no file */
    ck_assert_msg(names || strncmp(header + 16, "0           0     0     ", 24) == 0, "%.48s",
                  header);
    at += 60 + (size_t)strtoul(header + 48, NULL, 10);
    at += at % 2;
  }
  free(bytes);
}
END_TEST

/* An object of the runtime and one of the compiler, compiled in another folder. */
START_TEST(objects_are_the_same_anywhere)
{
  static const char *const objects[] = {"build/f32/gmm.o", "build/compiler/schedule.o"};
  if (strcmp(build_folder(), "build") != 0 || !exists("build/f32/gmm.o"))
    return; /* the tests run beside another build folder */
  unsetenv("MAKEFLAGS");
  SPAWN_QUIETLY("cp", "-r", "compiler", "runtime", "Makefile", in_folder("."));
  for (int i = 0; i < LENGTH(objects); i++) {
    SPAWN_QUIETLY("make", "-C", in_folder("."), objects[i]);
    ck_assert_msg(same_file(in_folder("%s", objects[i]), objects[i]), "%s differs", objects[i]);
  }
}
END_TEST

/* ---- Hardening ---- */

static const void *segment(const char *bytes, const Elf64_Ehdr *elf, Elf64_Word type, int *count)
{
  for (int i = 0; i < elf->e_phnum; i++) {
    const Elf64_Phdr *header = (const void *)(bytes + elf->e_phoff + (size_t)i * elf->e_phentsize);
    if (header->p_type != type)
      continue;
    *count = (int)(header->p_filesz / sizeof(Elf64_Dyn));
    return header;
  }
  return NULL;
}

/* Position-independent; tables of addresses read-only before main, all of them; no stack that can
 * be executed; stacks and library calls that check. */
START_TEST(programs_are_hardened)
{
  const char *program = _i == 0 ? built("lathe") : in_folder("here/tiny");
  size_t size;
  int count = 0;
  bool now = false, pie = false;
  char *bytes = read_file(program, &size);
  const Elf64_Ehdr *elf = (const void *)bytes;
  ck_assert(size > sizeof *elf && memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0);
  ck_assert_int_eq(elf->e_ident[EI_CLASS], ELFCLASS64);
  ck_assert_int_eq(elf->e_type, ET_DYN);
  ck_assert_ptr_nonnull(segment(bytes, elf, PT_GNU_RELRO, &count));
  const Elf64_Phdr *stack = segment(bytes, elf, PT_GNU_STACK, &count);
  ck_assert(stack != NULL && (stack->p_flags & PF_X) == 0);
  const Elf64_Phdr *dynamic = segment(bytes, elf, PT_DYNAMIC, &count);
  ck_assert_ptr_nonnull(dynamic);
  const Elf64_Dyn *entry = (const void *)(bytes + dynamic->p_offset);
  for (int i = 0; i < count; i++) {
    now = now || (entry[i].d_tag == DT_FLAGS && (entry[i].d_un.d_val & DF_BIND_NOW)) ||
          (entry[i].d_tag == DT_FLAGS_1 && (entry[i].d_un.d_val & DF_1_NOW));
    pie = pie || (entry[i].d_tag == DT_FLAGS_1 && (entry[i].d_un.d_val & DF_1_PIE));
  }
  ck_assert_msg(now && pie, "%s: bound at once %d, PIE %d", program, now, pie);
  ck_assert(holds(bytes, size, "__stack_chk_fail"));
  ck_assert(holds(bytes, size, "printf_chk"));
  free(bytes);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("supply");
  TCase *cases = tcase_create("what is built");
  tcase_set_timeout(cases, 2 * SPAWN_SECONDS);
  tcase_add_unchecked_fixture(cases, setup, remove_folder);
  tcase_add_test(cases, binaries_are_the_same_anywhere);
  tcase_add_test(cases, emitted_code_is_the_same_anywhere);
  tcase_add_loop_test(cases, nothing_names_the_folder, 0, LENGTH(products));
  tcase_add_loop_test(cases, archives_have_no_hours, 1, LENGTH(products));
  tcase_add_test(cases, objects_are_the_same_anywhere);
#ifdef __linux__
  tcase_add_loop_test(cases, programs_are_hardened, 0, 2);
#endif
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
