# SPDX-License-Identifier: MIT
# Made here and not by configure, which would leave ${exec_prefix} in them.

UNITS_MADE = \
	systemd/chain-main.service \
	systemd/chain-backend@.service \
	systemd/chain-key.service \
	systemd/chain-verify.service
UNITS_PLAIN = \
	systemd/chain.target \
	systemd/chain-main.socket \
	systemd/chain-main-failed.target \
	systemd/chain-backend@.socket \
	systemd/chain-verify.timer \
	systemd/chain-alarm@.service
SAMPLE_MADE = systemd/tmpfiles/alichain-sample.conf
EXTRA_DIST += \
	$(UNITS_MADE:=.in) \
	$(SAMPLE_MADE).in \
	$(UNITS_PLAIN) \
	systemd/90-alichain.preset \
	systemd/sysusers/alichain.conf \
	systemd/tmpfiles/alichain.conf \
	systemd/alichain.catalog
CLEANFILES += $(UNITS_MADE) $(SAMPLE_MADE)

noinst_DATA = $(UNITS_MADE) $(SAMPLE_MADE)
# A unit calls it, nobody else.
AM_INSTALLCHECK_STD_OPTIONS_EXEMPT = systemd/make-key
dist_pkglibexec_SCRIPTS = systemd/make-key

$(UNITS_MADE): Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) \
		-e 's|[@]bindir[@]|$(bindir)|g' \
		-e 's|[@]sbindir[@]|$(sbindir)|g' \
		-e 's|[@]sysconfdir[@]|$(sysconfdir)|g' \
		-e 's|[@]pkglibexecdir[@]|$(pkglibexecdir)|g' \
		'$(srcdir)/$@.in' > '$@.tmp' && mv '$@.tmp' '$@'
systemd/chain-main.service: systemd/chain-main.service.in
systemd/chain-backend@.service: systemd/chain-backend@.service.in
systemd/chain-key.service: systemd/chain-key.service.in
systemd/chain-verify.service: systemd/chain-verify.service.in

# The lines of a block, one behind the other.
block_text = $$($(SED) 's/$$/\\\\n/' '$(srcdir)/data/$(1)' | tr -d '\n')

$(SAMPLE_MADE): Makefile $(SAMPLE_MADE).in $(dist_sample_DATA)
	$(AM_V_GEN)$(MKDIR_P) systemd/tmpfiles && $(SED) \
		-e "s|[@]block1[@]|$(call block_text,block1.txt)|" \
		-e "s|[@]block2[@]|$(call block_text,block2.txt)|" \
		-e "s|[@]block3[@]|$(call block_text,block3.txt)|" \
		'$(srcdir)/$@.in' > '$@.tmp' && mv '$@.tmp' '$@'

if INSTALL_SYSTEMDSYSTEMUNIT
systemdsystemunit_DATA = $(UNITS_MADE) $(UNITS_PLAIN)
endif
if INSTALL_SYSTEMDSYSTEMPRESET
systemdsystempreset_DATA = systemd/90-alichain.preset
endif
if INSTALL_SYSUSERS
sysusers_DATA = systemd/sysusers/alichain.conf
endif
if INSTALL_TMPFILES
tmpfiles_DATA = \
	systemd/tmpfiles/alichain.conf \
	systemd/tmpfiles/alichain-sample.conf
endif
if INSTALL_CATALOG
catalog_DATA = systemd/alichain.catalog
endif

# On the machine itself, if its manager looks for units where they are put: what
# else a fresh installation takes, or one that goes.  A package does the same in
# its own way, and nothing is done for a DESTDIR or a prefix of somebody's own.
to_system = test -z '$(DESTDIR)' && test "$$(id -u)" -eq 0 && \
	test -d /run/systemd/system && \
	systemctl show --value -p UnitPath | tr ' ' '\n' | \
		grep -qxF '$(systemdsystemunitdir)'

install-system:
	@if $(to_system); then \
		echo "systemd-sysusers, systemd-tmpfiles, journalctl, systemctl: alichain" && \
		systemd-sysusers alichain.conf && \
		systemd-tmpfiles --create alichain.conf alichain-sample.conf && \
		journalctl --update-catalog && \
		systemctl daemon-reload; \
	fi

# Stopped and disabled while its units are still known.
uninstall-running:
	@if $(to_system); then \
		systemctl stop chain.target 'chain-main.*' 'chain-backend@*' \
			'chain-verify.*' chain-key.service && \
		for unit in $(UNITS_MADE) $(UNITS_PLAIN); do \
			systemctl --quiet disable "$${unit#systemd/}" 2>/dev/null || :; \
		done; \
	fi
uninstall-system:
	@if $(to_system); then \
		journalctl --update-catalog && systemctl daemon-reload; \
	fi
.PHONY: install-system uninstall-running uninstall-system
