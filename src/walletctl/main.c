/* SPDX-License-Identifier: MIT */
/*
 * walletctl(1): asks the main daemon and tells people or programs what it said.
 */
#include "config.h"

#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "walletctl/program.h"
#include "walletctl/status.h"

/*
 * A standard descriptor that is closed would be taken by the next socket, and
 * the answer be written into it.  Each is opened the wrong way round, so that
 * its use still fails.
 */
static int open_standard(void)
{
	static const int mode[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd)
			return -1;
	}
	return 0;
}

/* Names are UTF-8 whatever the locale says; the tables must know. */
static void set_locale(void)
{
	(void)setlocale(LC_ALL, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
	if (open_standard() < 0)
		return STATUS_UNAVAILABLE;
	set_locale();
	return program_run(argc, argv, stdout, stderr);
}
