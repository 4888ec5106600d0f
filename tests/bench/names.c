/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>

#include "names.h"

void user_name(uint32_t user, char out[USER_NAME_LEN])
{
	uint32_t rest = user / 2;

	out[0] = 'u';
	out[1] = (char)('0' + user % 2);
	for (int i = USER_NAME_LEN - 1; i > 1; i--) {
		out[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
}

int user_number(struct slice name, uint32_t *ret)
{
	uint64_t n = 0;

	if (name.len != USER_NAME_LEN || name.p[0] != 'u' ||
	    (name.p[1] != '0' && name.p[1] != '1'))
		return -EINVAL;

	for (size_t i = 2; i < name.len; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return -EINVAL;
		n = 10 * n + (uint64_t)(name.p[i] - '0');
	}
	n = 2 * n + (uint64_t)(name.p[1] - '0');
	if (n >= USERS_MAX)
		return -EINVAL;

	*ret = (uint32_t)n;
	return 0;
}
