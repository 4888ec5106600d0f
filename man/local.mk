# SPDX-License-Identifier: MIT
dist_man_MANS = \
	man/walletctl.1 \
	man/chain-main.conf.5 \
	man/chain-backend.conf.5 \
	man/chain-block.5 \
	man/alichain.7 \
	man/alichain-journal.7 \
	man/chain-protocol.7 \
	man/chain-main.8 \
	man/chain-backend.8 \
	man/chain-check.8 \
	man/chain-generator.8
