/* The language server: whole sessions, message by message, as an editor has them. */
#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")
#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum { MESSAGES_MOST = 32 };

struct session {
  json_t *messages[MESSAGES_MOST]; /* what the server wrote, in order */
  int count, status;
};

/* Runs a session on bytes as they are. */
static struct session run_bytes(const char *bytes, size_t size)
{
  char command[2 * SPAWN_PATH];
  struct session session = {.count = 0};
  write_file(in_folder("input"), bytes, size);
  snprintf(command, sizeof command, "exec '%s' lsp < '%s'", LATHE, in_folder("input"));
  struct said said = SPAWN("sh", "-c", command);
  session.status = said.status;
  for (const char *at = said.out; *at != '\0';) {
    size_t length = 0;
    const char *body = strstr(at, "\r\n\r\n");
    ck_assert_int_eq(sscanf(at, "Content-Length: %zu\r\n", &length), 1);
    ck_assert_ptr_nonnull(body);
    at = body + 4;
    ck_assert_uint_ge(strlen(at), length);
    ck_assert_int_lt(session.count, MESSAGES_MOST);
    json_t *message = json_loadb(at, length, 0, NULL);
    ck_assert_msg(message != NULL, "%.200s", at);
    ck_assert_str_eq(json_string_value(json_object_get(message, "jsonrpc")), "2.0");
    session.messages[session.count++] = message;
    at += length;
  }
  ck_assert_msg(strstr(said.err, "rror:") == NULL, "%s", said.err);
  said_free(&said);
  return session;
}

/* The same for bodies, each of which gets its header. */
static struct session run_bodies(const char *const *bodies)
{
  char *bytes = NULL;
  size_t size;
  FILE *out = open_memstream(&bytes, &size);
  for (int i = 0; bodies[i] != NULL; i++)
    fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(bodies[i]), bodies[i]);
  fclose(out);
  struct session session = run_bytes(bytes, size);
  free(bytes);
  return session;
}

#define RUN(...) run_bodies((const char *const[]){__VA_ARGS__, NULL})

static void session_free(struct session *session)
{
  for (int i = 0; i < session->count; i++)
    json_decref(session->messages[i]);
}

/* Asserts that a part of a message, by a path of keys and numbers, is this JSON. */
static void check_part(const json_t *json, const char *path, const char *expected)
{
  char keys[256];
  const json_t *part = json;
  snprintf(keys, sizeof keys, "%s", path);
  for (char *key = strtok(keys, "/"); key != NULL; key = strtok(NULL, "/"))
    part =
        json_is_array(part) ? json_array_get(part, (size_t)atoi(key)) : json_object_get(part, key);
  char *all = json_dumps(json, JSON_COMPACT);
  char *text = part == NULL ? strdup("nothing") : json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY);
  ck_assert_msg(strcmp(text, expected) == 0, "%s is %s, not %s, in %.2000s", path, text, expected,
                all);
  free(all);
  free(text);
}

static const char *text_part(const json_t *json, const char *key, const char *inner)
{
  const json_t *part = json_object_get(json_object_get(json, "result"), key);
  return json_string_value(json_object_get(part, inner));
}

#define INITIALIZE                                                                                 \
  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"capabilities\":{}}}"
#define INITIALIZED "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}"
#define SHUTDOWN "{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\"shutdown\"}"
#define EXIT "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}"
#define OPEN(text)                                                                                 \
  "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{"        \
  "\"uri\":\"file:///m.lathe\",\"languageId\":\"lathe\",\"version\":1,\"text\":\"" text "\"}}}"
#define CHANGE(text)                                                                               \
  "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{"      \
  "\"uri\":\"file:///"                                                                             \
  "m.lathe\",\"version\":2},\"contentChanges\":[{\"text\":\"old\"},{\"text\":\"" text "\"}]}}"
#define CLOSE                                                                                      \
  "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didClose\",\"params\":{\"textDocument\":{"       \
  "\"uri\":\"file:///m.lathe\"}}}"
#define ASK(method, line, character)                                                               \
  "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"textDocument/" method                                \
  "\",\"params\":{\"textDocument\":{\"uri\":\"file:///m.lathe\"},\"position\":{\"line\":" line     \
  ",\"character\":" character "}}}"
#define GOOD                                                                                       \
  "model m {\\n  input x [1, 6, 6];\\n  latent z [2];\\n"                                          \
  "  encoder { repeat 2 { conv2d 3, kernel 3; relu; } gaussian z; }\\n"                            \
  "  decoder { linear 36; reshape [1, 6, 6]; }\\n  loss { gaussian; }\\n}\\n"

START_TEST(whole_session)
{
  struct session s =
      RUN(INITIALIZE, INITIALIZED, OPEN("model m {"), CHANGE(GOOD), CLOSE, SHUTDOWN, EXIT);
  ck_assert_int_eq(s.status, 0);
  ck_assert_int_eq(s.count, 5);
  check_part(s.messages[0], "id", "1");
  check_part(s.messages[0], "result/capabilities/hoverProvider", "true");
  check_part(s.messages[0], "result/capabilities/positionEncoding", "\"utf-16\"");
  check_part(s.messages[0], "result/capabilities/textDocumentSync/change", "1");
  check_part(s.messages[0], "result/serverInfo/name", "\"lathe\"");
  check_part(s.messages[1], "method", "\"textDocument/publishDiagnostics\"");
  check_part(s.messages[1], "params/uri", "\"file:///m.lathe\"");
  check_part(s.messages[1], "params/diagnostics/0/severity", "1");
  check_part(s.messages[1], "params/diagnostics/0/code", "\"E0203\"");
  check_part(s.messages[2], "params/diagnostics", "[]");
  check_part(s.messages[3], "params/diagnostics", "[]");
  check_part(s.messages[4], "result", "null");
  session_free(&s);
}
END_TEST

/* A character of two UTF-16 units and one of one, of four and two bytes, stand before a word. */
START_TEST(places_are_in_utf16)
{
  struct session s = RUN(INITIALIZE,
                         OPEN("model m {\\n  input x [4]; latent z [2];\\n  encoder {\\n"
                              " \xF0\x9F\x99\x82\xC3\xA9 relu; gaussian z; }\\n"
                              "  decoder { linear 4; } loss { gaussian; }\\n}\\n"),
                         ASK("hover", "3", "5"), ASK("hover", "3", "3"), SHUTDOWN, EXIT);
  check_part(s.messages[1], "params/diagnostics/0/code", "\"E0102\"");
  check_part(s.messages[1], "params/diagnostics/0/range",
             "{\"start\":{\"line\":3,\"character\":1},\"end\":{\"line\":3,\"character\":4}}");
  check_part(s.messages[2], "result/range",
             "{\"start\":{\"line\":3,\"character\":5},\"end\":{\"line\":3,\"character\":9}}");
  check_part(s.messages[3], "result", "null");
  session_free(&s);
}
END_TEST

START_TEST(warnings_and_limits_are_diagnostics)
{
  struct session s =
      RUN(INITIALIZE,
          OPEN("model m {\\n  input x [4];\\n  latent z [2];\\n  encoder { gaussian z; }\\n"
               "  decoder { linear 4; sigmoid; }\\n  train { adam 5; }\\n}\\n"),
          CHANGE("model m {\\n  input x [4];\\n  latent z [2];\\n  encoder { gaussian z; }\\n"
                 "  decoder { linear 4; sigmoid; }\\n  memory_limit 1;\\n}\\n"),
          CHANGE("include \\\"/nowhere/at/all.lathe\\\";\\n"), SHUTDOWN, EXIT);
  check_part(s.messages[1], "params/diagnostics/0/severity", "2");
  check_part(s.messages[2], "params/diagnostics/0/code", "\"E0705\"");
  check_part(s.messages[2], "params/diagnostics/0/range/start", "{\"line\":5,\"character\":2}");
  check_part(s.messages[3], "params/diagnostics/0/range/start/line", "0");
  session_free(&s);
}
END_TEST

START_TEST(hover_says_shapes)
{
  struct session s =
      RUN(INITIALIZE, OPEN(GOOD), ASK("hover", "3", "24"), ASK("hover", "4", "14"),
          ASK("hover", "5", "4"), ASK("hover", "6", "0"), ASK("hover", "99", "9"),
          CHANGE("model m { encoder { linear 3"), ASK("hover", "0", "21"), SHUTDOWN, EXIT);
  ck_assert_int_eq(s.count, 10);
  assert_words(text_part(s.messages[2], "contents", "value"),
               "**encoder.0** `conv2d 3, kernel 3`: [1, 6, 6] → [3, 4, 4], 30 parameters|"
               "**encoder.2** `conv2d 3, kernel 3`: [3, 4, 4] → [3, 2, 2], 84 parameters|"
               "2-D convolution of an image");
  check_part(s.messages[2], "result/range",
             "{\"start\":{\"line\":3,\"character\":23},\"end\":{\"line\":3,\"character\":29}}");
  assert_words(text_part(s.messages[3], "contents", "value"),
               "**decoder.0** `linear 36`: [2] → [36], 108 parameters|Fully connected");
  assert_words(text_part(s.messages[4], "contents", "value"), "What training minimises");
  check_part(s.messages[5], "result", "null");
  check_part(s.messages[6], "result", "null");
  assert_words(text_part(s.messages[8], "contents", "value"), "Fully connected");
  session_free(&s);
}
END_TEST

/* Layers within others are seen where they stand, and so is what a layer with braces receives. */
START_TEST(hover_sees_layers_within_layers)
{
#define NESTED                                                                                     \
  "model m {\\n  input x [1, 6, 6];\\n  latent z [2];\\n  encoder {\\n"                            \
  "    relu;\\n    concat { conv2d 3, kernel 1; residual { tanh; } }\\n    gaussian z;\\n  }\\n"   \
  "  decoder { linear 36; reshape [1, 6, 6]; }\\n  loss { gaussian; }\\n}\\n"
  static const char *const expected[] = {
      "**encoder.1** `concat { 3 layers }`: [1, 6, 6] → [4, 6, 6], 0 parameters",
      "**encoder.1.0** `conv2d 3, kernel 1`: [1, 6, 6] → [3, 6, 6], 6 parameters",
      "**encoder.1.1** `residual { 1 layer }`: [3, 6, 6] → [3, 6, 6], 0 parameters",
      "**encoder.1.1.0** `tanh`: [3, 6, 6] → [3, 6, 6], 0 parameters",
      "**encoder.2** `gaussian z`: [4, 6, 6] → [2], 580 parameters",
  };
  struct session s =
      RUN(INITIALIZE, OPEN(NESTED), ASK("hover", "5", "6"), ASK("hover", "5", "16"),
          ASK("hover", "5", "36"), ASK("hover", "5", "46"), ASK("hover", "6", "6"), SHUTDOWN, EXIT);
  ck_assert_int_eq(s.count, 8);
  for (int i = 0; i < (int)(sizeof expected / sizeof *expected); i++) {
    const char *text = text_part(s.messages[2 + i], "contents", "value");
    assert_words(text, expected[i]);
    ck_assert_ptr_null(strstr(strstr(text, "**encoder") + 1, "**encoder"));
  }
  session_free(&s);
}
END_TEST

/* What is offered at the end of a text, and what is not. */
static const struct {
  const char *text, *offered, *not_offered;
} completions[] = {
    {"", "model let include block lathe", "conv2d encoder"},
    {"model m {\n  ", "input latent encoder train memory_limit precision repeat", "conv2d adam"},
    {"model m { encoder {\n conv2d 3; ", "conv2d gaussian relu repeat", "adam encoder"},
    {"model m { encoder { re", "relu reshape", "adam"},
    {"model m { encoder { conv2d 3, ", "kernel stride pad", "channels relu"},
    {"model m { encoder { conv2d 3, kernel 3, st", "kernel stride pad", "relu"},
    {"model m { encoder { conv2d 3, kernel ", "", "kernel relu"},
    {"model m { encoder { repeat 3 { ", "relu linear", "adam"},
    {"model m { encoder { } train { ", "adam sgd batch", "relu components"},
    {"model m { mixture { covariance ", "full diag tied spherical", "relu"},
    {"model m { memory_limit 3K, for ", "training inference", "relu"},
    {"block b(n) { ", "relu linear", "input"},
    {"model m { # enc", "", "encoder"},
    {"include \\\"mod", "", "model"},
    {"} } } ; , { { ", "relu", ""},
    {"let n = 3; block b(k, s 2) { relu; } model m { encoder { ", "b relu", "n k s"},
    {"let n = 3; block b(k, s 2) { relu; } model m { encoder { conv2d ", "n", "b k s kernel"},
    {"let n = 3; block b(k, s 2) { relu; } model m { encoder { conv2d n, kernel ", "n", "b k"},
    {"let n = 3; block b(k, s 2) { relu; } model m { encoder { b ", "n", "b k s"},
    {"let n = 3; block b(k, s 2) { relu; } model m { encoder { b n, ", "k s", "n b stride"},
    {"block a(x) { relu; } block b(k, s 2) { conv2d ", "k s", "x a b"},
    {"model m { encoder { repeat 3, index i { dropout ", "i", "index repeat"},
    {"let n = 3; model m { mixture { covariance ", "full", "n"},
};

static bool offers(const json_t *items, const char *word)
{
  for (size_t i = 0; i < json_array_size(items); i++)
    if (strcmp(json_string_value(json_object_get(json_array_get(items, i), "label")), word) == 0)
      return true;
  return false;
}

START_TEST(completion_knows_the_place)
{
  char open[1024], escaped[512] = "", words[256];
  for (const char *c = completions[_i].text; *c != '\0'; c++)
    strcat(escaped, *c == '\n' ? "\\n" : (const char[]){*c, '\0'});
  snprintf(open, sizeof open, OPEN("%s"), escaped);
  struct session s = RUN(INITIALIZE, open, ASK("completion", "1", "999"), SHUTDOWN, EXIT);
  const json_t *items = json_object_get(s.messages[2], "result");
  ck_assert(json_is_array(items));
  snprintf(words, sizeof words, "%s", completions[_i].offered);
  for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
    ck_assert_msg(offers(items, word), "%s: no %s", completions[_i].text, word);
  if (completions[_i].offered[0] == '\0')
    ck_assert_uint_eq(json_array_size(items), 0);
  snprintf(words, sizeof words, "%s", completions[_i].not_offered);
  for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
    ck_assert_msg(!offers(items, word), "%s: %s", completions[_i].text, word);
  session_free(&s);
}
END_TEST

/* Messages that are wrong get errors, and the session goes on. */
static const struct {
  const char *body, *code, *id;
} refused[] = {
    {"{", "-32700", "null"},
    {"nonsense", "-32700", "null"},
    {"[1]", "-32600", "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":3}", "-32600", "3"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"textDocument/rename\"}", "-32601", "\"a\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"textDocument/didOpen\"}", "-32600", "4"},
    {ASK("hover", "0", "0"), "-32602", "7"},
    {ASK("completion", "-1", "0"), "-32602", "7"},
    {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"textDocument/hover\",\"params\":3}", "-32602",
     "5"},
    {INITIALIZE, "-32600", "1"},
};

START_TEST(wrong_messages_are_refused)
{
  struct session s = RUN(
      INITIALIZE, refused[_i].body, CLOSE, "{\"method\":\"textDocument/didOpen\",\"params\":[]}",
      "{\"method\":\"textDocument/didChange\",\"params\":{}}", "{\"method\":\"$/unknown\"}",
      "{\"id\":8,\"result\":null}", SHUTDOWN, EXIT);
  ck_assert_int_eq(s.status, 0);
  ck_assert_int_eq(s.count, 3);
  check_part(s.messages[1], "error/code", refused[_i].code);
  check_part(s.messages[1], "id", refused[_i].id);
  check_part(s.messages[2], "id", "99");
  session_free(&s);
}
END_TEST

START_TEST(order_is_kept)
{
  struct session s = RUN(OPEN(GOOD), ASK("hover", "0", "0"), INITIALIZE, SHUTDOWN,
                         ASK("hover", "0", "0"), OPEN(GOOD), EXIT, INITIALIZE);
  ck_assert_int_eq(s.status, 0);
  ck_assert_int_eq(s.count, 4);
  check_part(s.messages[0], "error/code", "-32002");
  check_part(s.messages[3], "error/code", "-32600");
  session_free(&s);
  s = RUN(INITIALIZE, EXIT);
  ck_assert_int_eq(s.status, 1);
  session_free(&s);
  s = RUN(INITIALIZE);
  ck_assert_int_eq(s.status, 1);
  session_free(&s);
}
END_TEST

/* A stream that has lost its framing cannot be gone on with. */
START_TEST(broken_streams_end)
{
  static const char *const streams[] = {
      "hello\r\n\r\n",
      "Content-Length: x\r\n\r\n{}",
      "Content-Length: -5\r\n\r\n{}",
      "Content-Length: 99999999999999999999\r\n\r\n{}",
      "Content-Length: 17000000\r\n\r\n{}",
      "Content-Length: 50\r\n\r\n{}",
      "Content-Length: 5",
  };
  for (int i = 0; i < LENGTH(streams); i++) {
    struct session s = run_bytes(streams[i], strlen(streams[i]));
    ck_assert_int_eq(s.status, 1);
    ck_assert_int_eq(s.count, 1);
    check_part(s.messages[0], "error/code", "-32700");
    check_part(s.messages[0], "error/message",
               "\"a message without a length, cut off, or too long\"");
    session_free(&s);
  }
  struct session s = run_bytes("", 0);
  ck_assert(s.status == 1 && s.count == 0);
  /* Other headers, other cases, bare line feeds and NULs in a body are no such thing. */
  static const char bytes[] = "content-length: 2\nContent-Type: text\n\n{\0"
                              "Content-Length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}";
  s = run_bytes(bytes, sizeof bytes - 1);
  ck_assert_int_eq(s.count, 1);
  session_free(&s);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("lsp");
  TCase *tests = tcase_create("lsp");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, whole_session);
  tcase_add_test(tests, places_are_in_utf16);
  tcase_add_test(tests, warnings_and_limits_are_diagnostics);
  tcase_add_test(tests, hover_says_shapes);
  tcase_add_test(tests, hover_sees_layers_within_layers);
  tcase_add_loop_test(tests, completion_knows_the_place, 0, LENGTH(completions));
  tcase_add_loop_test(tests, wrong_messages_are_refused, 0, LENGTH(refused));
  tcase_add_test(tests, order_is_kept);
  tcase_add_test(tests, broken_streams_end);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
