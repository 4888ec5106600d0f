# SPDX-License-Identifier: MIT
# The formats, read by what was written from the manual alone.
dist_check_SCRIPTS += \
	tests/decoder/test-golden.py \
	tests/decoder/test-verifier.sh
EXTRA_DIST += \
	tests/decoder/decode.py \
	tests/data/cluster.key \
	tests/data/datagrams.hex \
	tests/data/chain/block1.txt \
	tests/data/chain/block2.txt \
	tests/data/chain/block3.txt
