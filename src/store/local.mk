# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/store/libstore.a
src_store_libstore_a_SOURCES = \
	src/store/textstore.c src/store/textstore.h \
	src/store/load.c src/store/load.h \
	src/store/batch.c src/store/batch.h \
	src/store/scan.c src/store/scan.h \
	src/store/judge.c src/store/judge.h \
	src/store/tail.c src/store/tail.h \
	src/store/blockfile.c src/store/blockfile.h \
	src/store/index.c src/store/index.h \
	src/store/catalog.c src/store/catalog.h \
	src/store/query.c src/store/query.h \
	src/store/names.c src/store/names.h \
	src/store/lines.c src/store/lines.h \
	src/store/promise.c src/store/promise.h \
	src/store/store.h
