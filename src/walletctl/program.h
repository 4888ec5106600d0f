/* SPDX-License-Identifier: MIT */
/*
 * walletctl as a function: a command line in, an answer and an exit status
 * out.
 */
#ifndef WALLETCTL_PROGRAM_H
#define WALLETCTL_PROGRAM_H

#include <stdio.h>

/* Answers go to @out, talk to @err; returns the exit status. */
int program_run(int argc, char **argv, FILE *out, FILE *err);

#endif
