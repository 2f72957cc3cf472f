/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_MUTEX_H
#define HOST_LINUX_MUTEX_H

#include <pthread.h>

struct mutex {
	pthread_mutex_t mutex;
};

#define DEFINE_MUTEX(name) \
	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_lock(m)		pthread_mutex_lock(&(m)->mutex)
#define mutex_unlock(m)		pthread_mutex_unlock(&(m)->mutex)

#endif
