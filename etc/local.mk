# SPDX-License-Identifier: MIT
# The administrator's files: put there once, never written over.

ETC_FILES = \
	etc/main.conf \
	etc/backend-A.conf \
	etc/backend-B.conf \
	etc/backend-C.conf
EXTRA_DIST += $(ETC_FILES)

# The files name the stock directory; with another --sysconfdir they name that.
etc_edit = $(SED) -e 's|/etc/alichain|$(sysconfdir)/alichain|g'

install-etc:
	@$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/alichain'
	@for file in $(ETC_FILES); do \
		dest='$(DESTDIR)$(sysconfdir)/alichain/'$${file#etc/}; \
		if test -e "$$dest"; then \
			echo "kept: $$dest"; \
		else \
			echo "new: $$dest"; \
			$(etc_edit) "$(srcdir)/$$file" > "$$dest.new" && \
			chmod 644 "$$dest.new" && mv "$$dest.new" "$$dest" || exit 1; \
		fi; \
	done

# What was edited stays.
uninstall-etc:
	@for file in $(ETC_FILES); do \
		dest='$(DESTDIR)$(sysconfdir)/alichain/'$${file#etc/}; \
		test -e "$$dest" || continue; \
		if $(etc_edit) "$(srcdir)/$$file" | cmp -s - "$$dest"; then \
			rm -f "$$dest"; \
		else \
			echo "kept, it was edited: $$dest"; \
		fi; \
	done
	-@rmdir '$(DESTDIR)$(sysconfdir)/alichain' 2>/dev/null || :
