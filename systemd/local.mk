# SPDX-License-Identifier: MIT
# Made here and not by configure, which would leave ${exec_prefix} in them.

UNITS_IN = \
	systemd/chain-main.service.in \
	systemd/chain-backend@.service.in
UNITS_MADE = \
	systemd/chain-main.service \
	systemd/chain-backend@.service
EXTRA_DIST += \
	$(UNITS_IN) \
	systemd/chain.target \
	systemd/90-alichain.preset \
	systemd/sysusers/alichain.conf \
	systemd/tmpfiles/alichain.conf \
	systemd/alichain.catalog
CLEANFILES += $(UNITS_MADE)

noinst_DATA = $(UNITS_MADE)

$(UNITS_MADE): Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) \
		-e 's|[@]sbindir[@]|$(sbindir)|g' \
		-e 's|[@]sysconfdir[@]|$(sysconfdir)|g' \
		'$(srcdir)/$@.in' > '$@.tmp' && mv '$@.tmp' '$@'
systemd/chain-main.service: systemd/chain-main.service.in
systemd/chain-backend@.service: systemd/chain-backend@.service.in

if INSTALL_SYSTEMDSYSTEMUNIT
systemdsystemunit_DATA = $(UNITS_MADE) systemd/chain.target
endif
if INSTALL_SYSTEMDSYSTEMPRESET
systemdsystempreset_DATA = systemd/90-alichain.preset
endif
if INSTALL_SYSUSERS
sysusers_DATA = systemd/sysusers/alichain.conf
endif
if INSTALL_TMPFILES
tmpfiles_DATA = systemd/tmpfiles/alichain.conf
endif
if INSTALL_CATALOG
catalog_DATA = systemd/alichain.catalog
endif
