# SPDX-License-Identifier: MIT
# src/main/ids.c: an id is forgotten when its record is durable.
/^void ids_settled(/,/^}/s/^	if (ids_remember(/	if (!bug_on(BUG_ID_NOT_KEPT) \&\& ids_remember(/
