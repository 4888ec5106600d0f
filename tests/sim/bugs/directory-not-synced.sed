# SPDX-License-Identifier: MIT
# src/util/fileops.c: files are synced, the directories they are in are not.
/^int fileops_sync_parent(/,/^{/s/^{/{\
	if (bug_on(BUG_DIRECTORY_NOT_SYNCED))\
		return 0;/
