# SPDX-License-Identifier: MIT
# A whole cluster in one process, and the same with bugs to be found;
# tests/sim/README.
SIM_SOURCES = \
	tests/sim/backends.c \
	tests/sim/bugs.c tests/sim/bugs.h \
	tests/sim/checkpoints.c \
	tests/sim/client.c \
	tests/sim/copies.c \
	tests/sim/disk.c tests/sim/disk.h \
	tests/sim/faults.c \
	tests/sim/groups.c \
	tests/sim/losses.c \
	tests/sim/history.c tests/sim/history.h \
	tests/sim/judge.c \
	tests/sim/mains.c \
	tests/sim/network.c \
	tests/sim/oracle.c tests/sim/oracle.h \
	tests/sim/orders.c tests/sim/orders.h \
	tests/sim/proxy.c tests/sim/proxy.h \
	tests/sim/sim.c \
	tests/sim/tamper.c \
	tests/sim/world.c tests/sim/world.h
SIM_LIBS = src/main/libmain.a $(BACKEND_LIBS) $(DAEMON_LIBS)

check_PROGRAMS += tests/sim/sim tests/sim/sim-bugs
tests_sim_sim_SOURCES = $(SIM_SOURCES)
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/sim
tests_sim_sim_LDADD = $(SIM_LIBS)

# Copies of our sources with bugs in them stand before the libraries, which are
# then not asked for those.
tests_sim_sim_bugs_SOURCES = $(SIM_SOURCES)
nodist_tests_sim_sim_bugs_SOURCES = $(SIM_PATCHED)
tests_sim_sim_bugs_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/sim -DSIM_PATCHED
tests_sim_sim_bugs_LDADD = $(SIM_LIBS)

SIM_PATCHED = \
	tests/sim/patched/checkpoint.c \
	tests/sim/patched/snapshot.c \
	tests/sim/patched/commit.c \
	tests/sim/patched/query.c \
	tests/sim/patched/ledger.c \
	tests/sim/patched/responder.c \
	tests/sim/patched/fileops.c \
	tests/sim/patched/placement.c \
	tests/sim/patched/recovery.c \
	tests/sim/patched/ids.c \
	tests/sim/patched/lookup.c \
	tests/sim/patched/stream.c \
	tests/sim/patched/order.c \
	tests/sim/patched/irregular.c \
	tests/sim/patched/link.c \
	tests/sim/patched/batch.c \
	tests/sim/patched/blockfile.c \
	tests/sim/patched/load.c \
	tests/sim/patched/verify.c \
	tests/sim/patched/responder_append.c \
	tests/sim/patched/engine.c \
	tests/sim/patched/refill.c \
	tests/sim/patched/survey.c \
	tests/sim/patched/textstore.c
CLEANFILES += $(SIM_PATCHED)
EXTRA_DIST += \
	tests/sim/README \
	tests/sim/measure-bugs.sh \
	tests/sim/patch-source.sh \
	tests/sim/soak.sh \
	tests/sim/bugs/absent-incomplete.sed \
	tests/sim/bugs/absent-not-named.sed \
	tests/sim/bugs/answer-early.sed \
	tests/sim/bugs/as-of-ignored.sed \
	tests/sim/bugs/balance-staged.sed \
	tests/sim/bugs/begin-empty-always.sed \
	tests/sim/bugs/begin-empty-never.sed \
	tests/sim/bugs/checkpoint-counts-ignored.sed \
	tests/sim/bugs/checkpoint-irregular-left-out.sed \
	tests/sim/bugs/checkpoint-late.sed \
	tests/sim/bugs/checkpoint-other-tip.sed \
	tests/sim/bugs/checkpoint-while-thin.sed \
	tests/sim/bugs/checkpoint-without-filter.sed \
	tests/sim/bugs/claim-over-sync.sed \
	tests/sim/bugs/directory-not-synced.sed \
	tests/sim/bugs/drop-not-undone.sed \
	tests/sim/bugs/failover-new-batch.sed \
	tests/sim/bugs/filter-not-loaded.sed \
	tests/sim/bugs/group-not-marked.sed \
	tests/sim/bugs/group-partly-sent.sed \
	tests/sim/bugs/id-not-kept.sed \
	tests/sim/bugs/incomplete-answers.sed \
	tests/sim/bugs/insufficient-early.sed \
	tests/sim/bugs/irregular-not-named.sed \
	tests/sim/bugs/last-batch-not-completed.sed \
	tests/sim/bugs/lease-from-answer.sed \
	tests/sim/bugs/lease-ignored.sed \
	tests/sim/bugs/overdue-refused.sed \
	tests/sim/bugs/page-skipped.sed \
	tests/sim/bugs/promise-open-not-cleared.sed \
	tests/sim/bugs/promise-open-not-written.sed \
	tests/sim/bugs/receipt-anew.sed \
	tests/sim/bugs/refill-acknowledged-early.sed \
	tests/sim/bugs/refill-in-sync.sed \
	tests/sim/bugs/refill-names-too-few.sed \
	tests/sim/bugs/refill-splits-group.sed \
	tests/sim/bugs/refill-splits-group-held.sed \
	tests/sim/bugs/refill-while-down.sed \
	tests/sim/bugs/refill-without-of.sed \
	tests/sim/bugs/restart-from-start.sed \
	tests/sim/bugs/reuse-unnoticed.sed \
	tests/sim/bugs/sync-error-ignored.sed \
	tests/sim/bugs/thin-forgotten.sed \
	tests/sim/bugs/time-goes-back.sed \
	tests/sim/bugs/torn-tail-kept.sed \
	tests/sim/bugs/vanished-ignored.sed \
	tests/sim/bugs/verify-late.sed \
	tests/sim/bugs/whole-batch-tail-kept.sed

sim_patch = $(AM_V_GEN)$(MKDIR_P) tests/sim/patched && \
	$(BASH_SHELL) $(srcdir)/tests/sim/patch-source.sh
sim_bug = $(srcdir)/tests/sim/bugs

tests/sim/patched/checkpoint.c: $(srcdir)/src/main/checkpoint.c \
		$(sim_bug)/checkpoint-counts-ignored.sed \
		$(sim_bug)/checkpoint-irregular-left-out.sed \
		$(sim_bug)/checkpoint-other-tip.sed \
		$(sim_bug)/checkpoint-while-thin.sed \
		$(sim_bug)/checkpoint-without-filter.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/checkpoint.c $@ \
		$(sim_bug)/checkpoint-counts-ignored.sed \
		$(sim_bug)/checkpoint-irregular-left-out.sed \
		$(sim_bug)/checkpoint-other-tip.sed \
		$(sim_bug)/checkpoint-while-thin.sed \
		$(sim_bug)/checkpoint-without-filter.sed
tests/sim/patched/snapshot.c: $(srcdir)/src/main/snapshot.c \
		$(sim_bug)/checkpoint-late.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/snapshot.c $@ \
		$(sim_bug)/checkpoint-late.sed
tests/sim/patched/commit.c: $(srcdir)/src/main/commit.c \
		$(sim_bug)/answer-early.sed \
		$(sim_bug)/drop-not-undone.sed \
		$(sim_bug)/group-not-marked.sed \
		$(sim_bug)/group-partly-sent.sed \
		$(sim_bug)/overdue-refused.sed \
		$(sim_bug)/time-goes-back.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/commit.c $@ \
		$(sim_bug)/answer-early.sed \
		$(sim_bug)/drop-not-undone.sed \
		$(sim_bug)/group-not-marked.sed \
		$(sim_bug)/group-partly-sent.sed \
		$(sim_bug)/overdue-refused.sed \
		$(sim_bug)/time-goes-back.sed
tests/sim/patched/query.c: $(srcdir)/src/main/query.c \
		$(sim_bug)/as-of-ignored.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/query.c $@ \
		$(sim_bug)/as-of-ignored.sed
tests/sim/patched/ledger.c: $(srcdir)/src/ledger/ledger.c \
		$(sim_bug)/balance-staged.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/ledger/ledger.c $@ \
		$(sim_bug)/balance-staged.sed
tests/sim/patched/responder.c: $(srcdir)/src/backend/responder.c \
		$(sim_bug)/begin-empty-always.sed \
		$(sim_bug)/begin-empty-never.sed \
		$(sim_bug)/claim-over-sync.sed \
		$(sim_bug)/lease-ignored.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/backend/responder.c $@ \
		$(sim_bug)/begin-empty-always.sed \
		$(sim_bug)/begin-empty-never.sed \
		$(sim_bug)/claim-over-sync.sed \
		$(sim_bug)/lease-ignored.sed
tests/sim/patched/fileops.c: $(srcdir)/src/util/fileops.c \
		$(sim_bug)/directory-not-synced.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/util/fileops.c $@ \
		$(sim_bug)/directory-not-synced.sed
tests/sim/patched/placement.c: $(srcdir)/src/main/placement.c \
		$(sim_bug)/failover-new-batch.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/placement.c $@ \
		$(sim_bug)/failover-new-batch.sed
tests/sim/patched/recovery.c: $(srcdir)/src/main/recovery.c \
		$(sim_bug)/filter-not-loaded.sed \
		$(sim_bug)/vanished-ignored.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/recovery.c $@ \
		$(sim_bug)/filter-not-loaded.sed \
		$(sim_bug)/vanished-ignored.sed
tests/sim/patched/ids.c: $(srcdir)/src/main/ids.c \
		$(sim_bug)/id-not-kept.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/ids.c $@ \
		$(sim_bug)/id-not-kept.sed
tests/sim/patched/lookup.c: $(srcdir)/src/main/lookup.c \
		$(sim_bug)/receipt-anew.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/lookup.c $@ \
		$(sim_bug)/receipt-anew.sed
tests/sim/patched/stream.c: $(srcdir)/src/main/stream.c \
		$(sim_bug)/incomplete-answers.sed \
		$(sim_bug)/page-skipped.sed \
		$(sim_bug)/restart-from-start.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/stream.c $@ \
		$(sim_bug)/incomplete-answers.sed \
		$(sim_bug)/page-skipped.sed \
		$(sim_bug)/restart-from-start.sed
tests/sim/patched/order.c: $(srcdir)/src/main/order.c \
		$(sim_bug)/insufficient-early.sed \
		$(sim_bug)/reuse-unnoticed.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/order.c $@ \
		$(sim_bug)/insufficient-early.sed \
		$(sim_bug)/reuse-unnoticed.sed
tests/sim/patched/irregular.c: $(srcdir)/src/main/irregular.c \
		$(sim_bug)/irregular-not-named.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/irregular.c $@ \
		$(sim_bug)/irregular-not-named.sed
tests/sim/patched/link.c: $(srcdir)/src/main/link.c \
		$(sim_bug)/lease-from-answer.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/link.c $@ \
		$(sim_bug)/lease-from-answer.sed
tests/sim/patched/batch.c: $(srcdir)/src/store/batch.c \
		$(sim_bug)/refill-splits-group-held.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/store/batch.c $@ \
		$(sim_bug)/refill-splits-group-held.sed
tests/sim/patched/blockfile.c: $(srcdir)/src/store/blockfile.c \
		$(sim_bug)/sync-error-ignored.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/store/blockfile.c $@ \
		$(sim_bug)/sync-error-ignored.sed
tests/sim/patched/load.c: $(srcdir)/src/store/load.c \
		$(sim_bug)/torn-tail-kept.sed \
		$(sim_bug)/whole-batch-tail-kept.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/store/load.c $@ \
		$(sim_bug)/torn-tail-kept.sed \
		$(sim_bug)/whole-batch-tail-kept.sed
tests/sim/patched/verify.c: $(srcdir)/src/main/verify.c \
		$(sim_bug)/verify-late.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/verify.c $@ \
		$(sim_bug)/verify-late.sed
tests/sim/patched/responder_append.c: $(srcdir)/src/backend/responder_append.c \
		$(sim_bug)/refill-acknowledged-early.sed \
		$(sim_bug)/refill-in-sync.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/backend/responder_append.c $@ \
		$(sim_bug)/refill-acknowledged-early.sed \
		$(sim_bug)/refill-in-sync.sed
tests/sim/patched/engine.c: $(srcdir)/src/main/engine.c \
		$(sim_bug)/absent-incomplete.sed \
		$(sim_bug)/absent-not-named.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/engine.c $@ \
		$(sim_bug)/absent-incomplete.sed \
		$(sim_bug)/absent-not-named.sed
tests/sim/patched/refill.c: $(srcdir)/src/main/refill.c \
		$(sim_bug)/last-batch-not-completed.sed \
		$(sim_bug)/refill-names-too-few.sed \
		$(sim_bug)/refill-splits-group.sed \
		$(sim_bug)/refill-while-down.sed \
		$(sim_bug)/refill-without-of.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/refill.c $@ \
		$(sim_bug)/last-batch-not-completed.sed \
		$(sim_bug)/refill-names-too-few.sed \
		$(sim_bug)/refill-splits-group.sed \
		$(sim_bug)/refill-while-down.sed \
		$(sim_bug)/refill-without-of.sed
tests/sim/patched/survey.c: $(srcdir)/src/main/survey.c \
		$(sim_bug)/thin-forgotten.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/main/survey.c $@ \
		$(sim_bug)/thin-forgotten.sed
tests/sim/patched/textstore.c: $(srcdir)/src/store/textstore.c \
		$(sim_bug)/promise-open-not-cleared.sed \
		$(sim_bug)/promise-open-not-written.sed \
		$(srcdir)/tests/sim/patch-source.sh
	$(sim_patch) $(srcdir)/src/store/textstore.c $@ \
		$(sim_bug)/promise-open-not-cleared.sed \
		$(sim_bug)/promise-open-not-written.sed

dist_check_SCRIPTS += tests/sim/test-sim.sh tests/sim/test-bugs.sh

# Until interrupted.
soak: tests/sim/sim tests/sim/sim-bugs
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		$(BASH_SHELL) $(srcdir)/tests/sim/soak.sh
.PHONY: soak
