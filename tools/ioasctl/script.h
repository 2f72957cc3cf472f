/* SPDX-License-Identifier: GPL-2.0 */
/* A little language to try address spaces out, a command a line */
#ifndef IOASCTL_SCRIPT_H
#define IOASCTL_SCRIPT_H

#include <stdio.h>

/* The part of the help text about commands */
extern const char script_help[];

/**
 * script_run() - carry out commands
 * @fd: open /dev/iommu
 * @in: where they come from
 * @out: where what they say goes
 *
 * A command that fails ends the run, unless '!' stands before it: then it has
 * to fail.
 *
 * Return: 0, or the number of the line that ended it.
 */
int script_run(int fd, FILE *in, FILE *out);

#endif
