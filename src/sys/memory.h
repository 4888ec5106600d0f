/* SPDX-License-Identifier: MIT */
/*
 * How much memory this process has.
 */
#ifndef SYS_MEMORY_H
#define SYS_MEMORY_H

#include <stdint.h>

/* Bytes that are resident; 0 if the system does not say. */
uint64_t memory_resident(void);
/* … and the most that ever were. */
uint64_t memory_peak(void);

#endif
