# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/util/libutil.a
src_util_libutil_a_SOURCES = \
	src/util/buf.c src/util/buf.h \
	src/util/cursor.c src/util/cursor.h \
	src/util/fileops.c src/util/fileops.h \
	src/util/map.c src/util/map.h \
	src/util/parse.c src/util/parse.h \
	src/util/timestamp.c src/util/timestamp.h \
	src/util/percent.c src/util/percent.h \
	src/util/random.c src/util/random.h \
	src/util/cleanup.h \
	src/util/list.h \
	src/util/slice.h \
	src/util/swar.h
