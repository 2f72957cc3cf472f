/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors of the libraries here: functions return a negative errno for the
 * program, and keep a sentence for its user. Only the sentence of the last
 * failure is kept.
 */
#ifndef SLUICE_TOOLS_FAIL_H
#define SLUICE_TOOLS_FAIL_H

/**
 * fail() - keep the sentence of a failure
 * @error: a positive errno
 * @format: the action that failed, as for printf(); the text of the errno is
 *	appended
 *
 * Return: -@error
 */
int fail(int error, const char *format, ...);

/**
 * fail_text() - get the sentence of the last failure
 *
 * Return: a string that stays valid until the next failure.
 */
const char *fail_text(void);

#endif
