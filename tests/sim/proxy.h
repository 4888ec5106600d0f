/* SPDX-License-Identifier: MIT */
/*
 * Deliberate bugs of a store: stands in front of the real one.
 */
#ifndef SIM_PROXY_H
#define SIM_PROXY_H

#include "store/store.h"

/* @real is owned, and closed with it.  Without such a bug it is returned. */
struct store *proxy_of(struct store *real);

#endif
