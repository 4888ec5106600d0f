/* SPDX-License-Identifier: MIT */
/*
 * Exit statuses of walletctl; walletctl(1) promises them, so the numbers stay.
 */
#ifndef WALLETCTL_STATUS_H
#define WALLETCTL_STATUS_H

enum status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_UNAVAILABLE = 3, /* and nothing happened */
	STATUS_UNKNOWN = 4,	/* run it again, with the same operation id */
	STATUS_INTEGRITY = 5,
	STATUS_NOT_PERMITTED = 6,
};

#endif
