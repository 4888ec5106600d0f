# SPDX-License-Identifier: MIT
noinst_LIBRARIES += src/walletctl/libwalletctl.a
src_walletctl_libwalletctl_a_SOURCES = \
	src/walletctl/status.h \
	src/walletctl/suggest.c src/walletctl/suggest.h \
	src/walletctl/options.c src/walletctl/options.h \
	src/walletctl/catalog.c src/walletctl/catalog.h \
	src/walletctl/client.c src/walletctl/client.h \
	src/walletctl/answer.c src/walletctl/answer.h \
	src/walletctl/output.c src/walletctl/output.h \
	src/walletctl/sheet.c src/walletctl/sheet.h \
	src/walletctl/records.c src/walletctl/records.h \
	src/walletctl/context.c src/walletctl/context.h \
	src/walletctl/queries.c src/walletctl/queries.h \
	src/walletctl/listing.c src/walletctl/listing.h \
	src/walletctl/health.c src/walletctl/health.h \
	src/walletctl/order.c src/walletctl/order.h \
	src/walletctl/opstore.c src/walletctl/opstore.h \
	src/walletctl/delivery.c src/walletctl/delivery.h \
	src/walletctl/receipt.c src/walletctl/receipt.h \
	src/walletctl/orders.c src/walletctl/orders.h \
	src/walletctl/progress.c src/walletctl/progress.h \
	src/walletctl/verify.c src/walletctl/verify.h \
	src/walletctl/pipeline.c src/walletctl/pipeline.h \
	src/walletctl/csv.c src/walletctl/csv.h \
	src/walletctl/accounting.c src/walletctl/accounting.h \
	src/walletctl/forms.c src/walletctl/forms.h \
	src/walletctl/outfile.c src/walletctl/outfile.h \
	src/walletctl/export.c src/walletctl/export.h \
	src/walletctl/linefile.c src/walletctl/linefile.h \
	src/walletctl/transfers.c src/walletctl/transfers.h \
	src/walletctl/mistakes.c src/walletctl/mistakes.h \
	src/walletctl/import_read.c src/walletctl/import_read.h \
	src/walletctl/import_check.c src/walletctl/import_check.h \
	src/walletctl/import_send.c src/walletctl/import_send.h \
	src/walletctl/import.c src/walletctl/import.h \
	src/walletctl/commands.c src/walletctl/commands.h \
	src/walletctl/program.c src/walletctl/program.h

bin_PROGRAMS += src/walletctl/walletctl
src_walletctl_walletctl_SOURCES = src/walletctl/main.c
src_walletctl_walletctl_LDADD = $(WALLETCTL_LIBS) $(CLIENT_LIBS)
