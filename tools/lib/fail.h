/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the libraries here tell what went wrong: a negative errno to decide on,
 * and a sentence to show. The sentence is that of the last failure.
 */
#ifndef SLUICE_TOOLS_FAIL_H
#define SLUICE_TOOLS_FAIL_H

/**
 * fail() - remember why something failed
 * @err: an errno, positive
 * @format: what was being done, as of printf(); the errno's text is appended
 *
 * Return: -@err
 */
int fail(int err, const char *format, ...);

/**
 * fail_text() - the sentence of the last failure
 *
 * Return: a string that stays valid until the next failure.
 */
const char *fail_text(void);

#endif
