# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/wire/libwire.a
src_wire_libwire_a_SOURCES = \
	src/wire/frame.c src/wire/frame.h \
	src/wire/message.c src/wire/message.h \
	src/wire/resp.c src/wire/resp.h
