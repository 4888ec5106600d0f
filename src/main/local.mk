# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/main/libmain.a
src_main_libmain_a_SOURCES = \
	src/main/answer.c src/main/answer.h \
	src/main/checkpoint.c src/main/checkpoint.h \
	src/main/clients.c src/main/clients.h \
	src/main/commands.c src/main/commands.h \
	src/main/commands_internal.h \
	src/main/commit.c src/main/commit.h \
	src/main/engine.c src/main/engine.h \
	src/main/engine_internal.h \
	src/main/feed.c src/main/feed.h \
	src/main/exec.c \
	src/main/gate.c src/main/gate.h \
	src/main/group.c src/main/group.h \
	src/main/group_ids.c src/main/group_internal.h \
	src/main/histogram.c src/main/histogram.h \
	src/main/ids.c src/main/ids.h \
	src/main/info.c src/main/info.h \
	src/main/irregular.c src/main/irregular.h \
	src/main/link.c src/main/link.h \
	src/main/listeners.c src/main/listeners.h \
	src/main/lookup.c src/main/lookup.h \
	src/main/multi.c src/main/multi.h \
	src/main/options.c src/main/options.h \
	src/main/order.c src/main/order.h \
	src/main/ordertext.h \
	src/main/orders.c \
	src/main/outcome.c src/main/outcome.h \
	src/main/peers.c src/main/peers.h \
	src/main/placement.c src/main/placement.h \
	src/main/query.c src/main/query.h \
	src/main/query_internal.h \
	src/main/recent.c src/main/recent.h \
	src/main/recovery.c src/main/recovery.h \
	src/main/redis.c \
	src/main/refill.c src/main/refill.h \
	src/main/reply.c src/main/reply.h \
	src/main/roster.c src/main/roster.h \
	src/main/server.c src/main/server.h \
	src/main/session.c src/main/session.h \
	src/main/settings.c src/main/settings.h \
	src/main/shipment.c src/main/shipment.h \
	src/main/snapshot.c src/main/snapshot.h \
	src/main/statement.c src/main/statement.h \
	src/main/stats.c \
	src/main/status.c src/main/status.h \
	src/main/stream.c src/main/stream.h \
	src/main/survey.c src/main/survey.h \
	src/main/total.c src/main/total.h \
	src/main/transferlog.c src/main/transferlog.h \
	src/main/txlist.c \
	src/main/users.c \
	src/main/verify.c src/main/verify.h \
	src/main/vitals.c src/main/vitals.h

sbin_PROGRAMS += src/main/chain-main
src_main_chain_main_SOURCES = src/main/main.c
src_main_chain_main_LDADD = $(MAIN_LIBS) $(DAEMON_LIBS)
