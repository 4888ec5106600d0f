# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/backend/libbackend.a
src_backend_libbackend_a_SOURCES = \
	src/backend/responder.c src/backend/responder.h \
	src/backend/responder_internal.h \
	src/backend/responder_append.c \
	src/backend/responder_query.c \
	src/backend/collector.c src/backend/collector.h \
	src/backend/server.c src/backend/server.h \
	src/backend/dropped.c src/backend/dropped.h \
	src/backend/loading.c src/backend/loading.h \
	src/backend/options.c src/backend/options.h \
	src/backend/setup.c src/backend/setup.h

sbin_PROGRAMS += src/backend/chain-backend
src_backend_chain_backend_SOURCES = src/backend/main.c
src_backend_chain_backend_LDADD = $(BACKEND_LIBS) $(DAEMON_LIBS)
