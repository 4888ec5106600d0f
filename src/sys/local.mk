# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/sys/libsys.a
src_sys_libsys_a_SOURCES = \
	src/sys/address.c src/sys/address.h \
	src/sys/cmdline.c src/sys/cmdline.h \
	src/sys/faults.c src/sys/faults.h \
	src/sys/ini.c src/sys/ini.h src/sys/ini_internal.h \
	src/sys/ini_translate.c \
	src/sys/config_checks.c src/sys/config_checks.h \
	src/sys/main_config.c src/sys/main_config.h \
	src/sys/backend_config.c src/sys/backend_config.h \
	src/sys/keyfile.c src/sys/keyfile.h \
	src/sys/log.c src/sys/log.h \
	src/sys/notify.c src/sys/notify.h \
	src/sys/sockets.c src/sys/sockets.h \
	src/sys/loop.c src/sys/loop.h \
	src/sys/memory.c src/sys/memory.h \
	src/sys/worker.c src/sys/worker.h \
	src/sys/exit_codes.h
