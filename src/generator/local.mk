# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/generator/libgenerator.a
src_generator_libgenerator_a_SOURCES = \
	src/generator/generator.c src/generator/generator.h

# Run by the service manager, where that looks for such programs.
if INSTALL_SYSTEMDSYSTEMGENERATOR
systemdsystemgenerator_PROGRAMS = src/generator/chain-generator
else
noinst_PROGRAMS = src/generator/chain-generator
endif
src_generator_chain_generator_SOURCES = src/generator/main.c
src_generator_chain_generator_LDADD = $(GENERATOR_LIBS) $(DAEMON_LIBS)
