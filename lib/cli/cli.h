// SPDX-License-Identifier: MIT
/* The program gradgate: subcommands, options, the built-in kernels, exit codes. */
#ifndef GRADGATE_CLI_H
#define GRADGATE_CLI_H

#ifdef __cplusplus
extern "C" {
#endif

#define GRADGATE_VERSION "0.1.0"

/* The whole program but main(): runs the subcommand and returns the exit code. */
int cli_main(int argc, char *argv[]);

#ifdef __cplusplus
}
#endif

#endif
