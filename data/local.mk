# SPDX-License-Identifier: MIT
# The sample blocks of the original system.
sampledir = $(pkgdatadir)/sample
dist_sample_DATA = \
	data/block1.txt \
	data/block2.txt \
	data/block3.txt
