/* bash's completion, the manual page, and the description that people start from. */
#include "../runtime/version.h"
#include "command_line.h"
#include "diagnostics.h"
#include "forms.h"
#include "rules.h"
#include "support.h"
#include <string.h>

void starter_print(FILE *out, const char *name)
{
  fputs("# A variational autoencoder with a Gaussian mixture on its latent space. `lathe check` "
        "says\n"
        "# what is wrong with it, `lathe summary` what it costs, `lathe help WORD` what a word "
        "means.\n"
        "\n",
        out);
  fprintf(out, "model %s {\n", name);
  fputs("  input  image [1, 28, 28], range [0, 1];  # channels, height, width; a vector: [784]\n"
        "  latent z [8];                            # the dimensions that are left of an image\n"
        "\n"
        "  encoder {\n"
        "    flatten;\n"
        "    linear 256;\n"
        "    relu;\n"
        "    gaussian z;  # the mean and the log-variance of z\n"
        "  }\n"
        "\n"
        "  decoder {\n"
        "    linear 256;\n"
        "    relu;\n"
        "    linear 784;\n"
        "    reshape [1, 28, 28];  # what it ends with has the input's shape\n"
        "    sigmoid;              # each pixel a probability\n"
        "  }\n"
        "\n"
        "  loss    { bernoulli; kl 1.0; }  # another kl makes it a beta-VAE\n"
        "  mixture { components 10; }      # so many clusters are looked for\n"
        "  train { adam 1e-3; batch 64; epochs 20; seed 0; }\n"
        "}\n",
        out);
}

/* ---- bash ---- */

static void print_commands(FILE *out)
{
  const struct command *command;
  for (int i = 0; (command = command_at(i)) != NULL; i++)
    fprintf(out, "%s%s", i > 0 ? " " : "", command->name);
}

/* The words that `lathe help` and `lathe explain` know. */
static void print_words(FILE *out)
{
  const struct rule *rule;
  const struct section_rule *section;
  const struct form *form;
  print_commands(out);
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    fprintf(out, " %s", section->name);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    fprintf(out, " %s", rule->name);
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    fprintf(out, " %s", form->name);
}

static void print_codes(FILE *out)
{
  for (int i = 0; i < CODES; i++)
    fprintf(out, "%s%s", i > 0 ? " " : "", diagnostic_of((enum diag_code)i)->code);
}

/* One line for each option of the command whose value is one of a few words. */
static void print_values(FILE *out, const struct command *command)
{
  const struct option_rule *option;
  const char *words;
  size_t length;
  for (int i = 0; (option = option_at(i)) != NULL; i++) {
    if (!command_takes(command, option, &words, &length) || length == 0)
      continue;
    fprintf(out, "  '%s --%s') words='", command->name, option->name);
    for (size_t k = 0; k < length; k++)
      fputc(words[k] == '|' ? ' ' : words[k], out);
    fputs("' ;;\n", out);
  }
}

/* The command's options; and those with values, of which bash itself completes file names. */
static void print_options(FILE *out, const struct command *command, bool valued)
{
  const struct option_rule *option;
  const char *words;
  size_t length;
  for (int i = 0; (option = option_at(i)) != NULL; i++) {
    if (!command_takes(command, option, &words, &length) ||
        (valued && option->kind == OPTION_KIND_FLAG))
      continue;
    fprintf(out, " --%s", option->name);
    if (option->letter != 0)
      fprintf(out, " -%c", option->letter);
  }
}

void completion_bash(FILE *out)
{
  const struct command *command;
  fputs("# Completion of lathe's command line for bash; made by `lathe completion bash`.\n"
        "_lathe() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "  local command= options= valued= words= i\n"
        "  COMPREPLY=()\n"
        "  # bash takes --stage=plan apart, into three words.\n"
        "  if [ \"$cur\" = = ]; then\n"
        "    cur=\n"
        "  elif [ \"$prev\" = = ]; then\n"
        "    prev=${COMP_WORDS[COMP_CWORD-2]}\n"
        "  fi\n"
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    case ${COMP_WORDS[i]} in\n"
        "    -*) ;;\n"
        "    *) command=${COMP_WORDS[i]}; break ;;\n"
        "    esac\n"
        "  done\n"
        "  case $command in\n"
        "  '') words='",
        out);
  print_commands(out);
  fputs(" --help --version' ;;\n  help) words='", out);
  print_words(out);
  fputs("' ;;\n  explain) words='", out);
  print_codes(out);
  fputs("' ;;\n", out);
  for (int i = 0; (command = command_at(i)) != NULL; i++) {
    fprintf(out, "  %s)%s options='", command->name,
            strcmp(command->arguments, "[NAME]") == 0 ? " words=' '" : "");
    print_options(out, command, false);
    fputs("' valued='", out);
    print_options(out, command, true);
    fputs(" ' ;;\n", out);
  }
  fputs("  esac\n  case \"$command $prev\" in\n", out);
  for (int i = 0; (command = command_at(i)) != NULL; i++)
    print_values(out, command);
  fputs("  'completion completion') words=bash ;;\n"
        "  'support support') words='man vim vscode' ;;\n"
        "  esac\n"
        "  if [ -n \"$words\" ]; then\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "  elif [[ $valued == *\" $prev \"* ]]; then\n"
        "    return # a file, as bash completes it\n"
        "  elif [[ $cur == -* ]]; then\n"
        "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
        "  else\n"
        "    COMPREPLY=($(compgen -f -X '!*.lathe' -- \"$cur\") $(compgen -d -- \"$cur\"))\n"
        "  fi\n"
        "}\n"
        "complete -o default -o filenames -F _lathe lathe\n",
        out);
}

/* ---- man ---- */

/* Text in the language of man: a hyphen that is typed is one, and no line is a request. */
static void print_roff(FILE *out, const char *text)
{
  if (*text == '.' || *text == '\'')
    fputs("\\&", out);
  for (; *text != '\0'; text++)
    if (*text == '-')
      fputs("\\-", out);
    else if (*text == '\\')
      fputs("\\e", out);
    else
      fputc(*text, out);
}

void manual_page(FILE *out)
{
  const struct command *command;
  const struct option_rule *option;
  fputs(
      ".TH LATHE 1 \"\" \"lathe " LATHE_VERSION "\" \"Lathe\"\n.SH NAME\n"
      "lathe \\- compile descriptions of latent\\-variable models into C\n"
      ".SH SYNOPSIS\n.B lathe\n.I command\n.RI [ options ]\n.RI [ operands ]\n"
      ".SH DESCRIPTION\n"
      "Lathe compiles the description of a variational autoencoder with a Gaussian mixture on its\n"
      "latent space into C whose shapes are all fixed, and links it into a binary that trains,\n"
      "classifies, reconstructs and generates.\n.SH COMMANDS\n",
      out);
  for (int i = 0; (command = command_at(i)) != NULL; i++) {
    fprintf(out, ".TP\n.B lathe %s\n", command->name);
    if (command->arguments[0] != '\0') {
      print_roff(out, command->arguments);
      fputs("\n.br\n", out);
    }
    print_roff(out, command->help);
    fputs("\n", out);
  }
  fputs(".SH OPTIONS\nWhich command takes which is said above.\n", out);
  for (int i = 0; (option = option_at(i)) != NULL; i++) {
    fputs(".TP\n.B ", out);
    if (option->letter != 0)
      fprintf(out, "\\-%c, ", option->letter);
    fputs("\\-\\-", out);
    print_roff(out, option->name);
    fputs("\n", out);
    print_roff(out, option->help);
    fputs("\n", out);
  }
  fputs(
      ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nit could not be done: what is wrong is said on "
      "standard error\n.TP\n.B 2\nwrong usage\n",
      out);
}
