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
