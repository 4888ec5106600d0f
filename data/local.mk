# SPDX-License-Identifier: MIT
# The sample blocks of the original system.
sampledir = $(pkgdatadir)/sample
dist_sample_DATA = \
	data/block1.txt \
	data/block2.txt \
	data/block3.txt

# Named as the program: bash looks for it by that.
EXTRA_DIST += data/bash-completion/walletctl
if INSTALL_BASHCOMPLETION
bashcompletion_DATA = data/bash-completion/walletctl
endif

# A package for Debian, in ./deb: its debian/ is made of data/debian.  The tests are
# those of make check; with DEB_BUILD_OPTIONS= they are run once more.
DEBIAN_FILES = \
	data/debian/alichain.config \
	data/debian/alichain.docs \
	data/debian/alichain.lintian-overrides \
	data/debian/alichain.postinst \
	data/debian/alichain.postrm \
	data/debian/alichain.preinst \
	data/debian/alichain.prerm \
	data/debian/alichain.templates \
	data/debian/changelog.in \
	data/debian/control \
	data/debian/copyright \
	data/debian/po/POTFILES.in \
	data/debian/po/templates.pot \
	data/debian/rules \
	data/debian/source/format
EXTRA_DIST += $(DEBIAN_FILES)

deb: dist
	rm -rf deb && $(MKDIR_P) deb
	mv $(distdir).tar.xz deb/$(PACKAGE)_$(VERSION).orig.tar.xz
	cd deb && tar -xf $(PACKAGE)_$(VERSION).orig.tar.xz
	cp -R deb/$(distdir)/data/debian deb/$(distdir)/debian
	chmod -R u+w deb/$(distdir)
	date=$$(LC_ALL=C date -R -r deb/$(distdir)/configure.ac) && \
		$(SED) -e 's/[@]VERSION[@]/$(VERSION)/' -e "s/[@]DATE[@]/$$date/" \
		deb/$(distdir)/debian/changelog.in > deb/$(distdir)/debian/changelog
	rm deb/$(distdir)/debian/changelog.in
	unset MAKEFLAGS MFLAGS MAKELEVEL && cd deb/$(distdir) && \
		DEB_BUILD_OPTIONS="$${DEB_BUILD_OPTIONS-nocheck}" \
		dpkg-buildpackage -us -uc
	cd deb && lintian --fail-on error,warning $(PACKAGE)_*.changes
clean-deb:
	rm -rf deb
.PHONY: deb clean-deb
