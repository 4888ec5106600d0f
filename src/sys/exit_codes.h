/* SPDX-License-Identifier: MIT */
/*
 * Exit statuses of the daemons, from sysexits.h; the units and manual pages
 * name them.
 */
#ifndef SYS_EXIT_CODES_H
#define SYS_EXIT_CODES_H

#define EXIT_STATUS_OK 0
#define EXIT_STATUS_FAILURE 1
#define EXIT_STATUS_USAGE 64
/* EX_DATAERR: a block or the chain is damaged. */
#define EXIT_STATUS_INTEGRITY 65
/* EX_UNAVAILABLE: another main daemon took over. */
#define EXIT_STATUS_FENCED 69
/* EX_IOERR: a write or sync failed. */
#define EXIT_STATUS_IO 74
/* EX_CONFIG. */
#define EXIT_STATUS_CONFIG 78

#endif
