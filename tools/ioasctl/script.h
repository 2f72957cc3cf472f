/* SPDX-License-Identifier: GPL-2.0 */
/* A small script language for address spaces, with one command per line */
#ifndef IOASCTL_SCRIPT_H
#define IOASCTL_SCRIPT_H

#include <stdio.h>

/* The part of the help text about commands */
extern const char script_help[];

/**
 * script_run() - run the commands of a script
 * @fd: open /dev/iommu
 * @in: the script
 * @out: output of the commands
 *
 * A command that fails ends the script. A command with '!' before it must fail.
 *
 * Return: 0, or the number of the line that ended it.
 */
int script_run(int fd, FILE *in, FILE *out);

#endif
