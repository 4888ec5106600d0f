#!/bin/bash
# SPDX-License-Identifier: MIT
# systemd takes the units, the user and the catalog; the units stay hardened; each
# message id in the code has an entry in the catalog, and the other way round.
. "$(dirname "$0")/lib.sh"

# Tenths of the exposure level, of 0 (safe) to 100; the network itself is eight.
exposure_limit=10

need systemd-analyze
need_program src/main/chain-main
need_program src/backend/chain-backend
need_program src/walletctl/walletctl
need_program src/generator/chain-generator
need_scratch

# Units that start what was built here, templates as an instance of theirs, with
# the addresses of the stock configuration.
fill_in() {
	local file unit

	mkdir "$scratch/bin" "$scratch/units"
	ln -s "$build/src/main/chain-main" "$build/src/backend/chain-backend" \
		"$build/src/walletctl/walletctl" "$top/systemd/make-key" "$scratch/bin"
	for file in systemd/*.{service,service.in,socket,target,timer}; do
		# What was made in the source tree is no source.
		[ ! -e "$file.in" ] || continue
		unit=${file#systemd/}
		unit=${unit%.in}
		sed -E "s#@(sbindir|bindir|pkglibexecdir)@#$scratch/bin#; s#@sysconfdir@#/etc#" \
			"$file" > "$scratch/units/${unit/@./@A.}"
	done
	"$build/src/generator/chain-generator" --config-directory etc "$scratch/units" ||
		fault "chain-generator: fails on the stock configuration"
}

verify() {
	local unit

	for unit in "$scratch"/units/*.{service,socket,target,timer}; do
		systemd-analyze verify --man=no --recursive-errors=no "$unit" ||
			fault "systemd/${unit##*/}: rejected"
	done
}

expose() {
	local unit

	for unit in "$scratch"/units/*.service; do
		systemd-analyze security --no-pager --offline=true \
			--threshold="$exposure_limit" "$unit" > "$scratch/exposure" ||
			fault "systemd/${unit##*/}: $(tail -n 1 "$scratch/exposure")"
	done
}

sysusers() {
	mkdir -p "$scratch/root/etc"
	systemd-sysusers --dry-run --root="$scratch/root" \
		"$top/systemd/sysusers/alichain.conf" ||
		fault "systemd/sysusers/alichain.conf: rejected"
}

catalog() {
	local dir=$scratch/root/usr/lib/systemd/catalog

	mkdir -p "$dir" "$scratch/root/var/lib/systemd/catalog"
	cp systemd/alichain.catalog "$dir"
	journalctl --root="$scratch/root" --update-catalog ||
		fault "systemd/alichain.catalog: rejected"
}

# Whether written in one piece or byte by byte with commas.
ids() {
	cat "$@" | tr -d ' ,\t\n' |
		grep -oiE '5d1c7e0f4b0a4c0c9a52f1f5a0c3b1[0-9a-f]{2}' | sort -u
}

message_ids() {
	fault_lines < <(diff <(ids src/sys/*.[ch]) <(ids systemd/alichain.catalog) |
		sed -n 's/^[<>] \(.*\)/\1: not both in src\/sys and the catalog/p')
}

fill_in
verify
expose
sysusers
catalog
message_ids
finish
