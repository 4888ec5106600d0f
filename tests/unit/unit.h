/* SPDX-License-Identifier: MIT */
/*
 * A unit test program: test_MODULE.c names the suites of the module's
 * test_MODULE_NAME.c files and lets UNIT_MAIN run them.
 *
 *	UNIT_SUITE(test_util_buf);
 *	UNIT_SUITE(test_util_map);
 *	UNIT_MAIN(test_util_buf, test_util_map)
 *
 * CK_FORK, CK_VERBOSITY, CK_RUN_CASE and the other variables of Check work.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* Declares the function of a suite; put it above its definition as well. */
#define UNIT_SUITE(name) Suite *name(void)

typedef Suite *unit_suite(void);

/* Run all suites.  Returns the exit status of the test program. */
static inline int unit_run(unit_suite *const suites[], size_t count)
{
	SRunner *runner;
	int failed;

	runner = srunner_create(NULL);
	for (size_t i = 0; i < count; i++)
		srunner_add_suite(runner, suites[i]());

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(...)                                                         \
	int main(void)                                                         \
	{                                                                      \
		static unit_suite *const suites[] = { __VA_ARGS__ };           \
                                                                               \
		return unit_run(suites, sizeof(suites) / sizeof(suites[0]));   \
	}

#endif
