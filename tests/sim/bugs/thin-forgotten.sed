# SPDX-License-Identifier: MIT
# src/main/survey.c: nobody looks whether the one that is absent has the only copy.
/^bool survey_covered(/,/^{/s/^{/{\
	if (bug_on(BUG_THIN_FORGOTTEN))\
		return true;/
