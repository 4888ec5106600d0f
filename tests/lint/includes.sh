#!/bin/bash
# SPDX-License-Identifier: MIT
# Dependencies point down only: what each directory of src may include, and which
# libraries have one user.  Every .c file begins with config.h.
. "$(dirname "$0")/lib.sh"

# The directories whose headers one may include, or single headers.
allowed() {
	case $1 in
	util) echo util ;;
	ledger) echo util ledger ;;
	wire) echo util wire ;;
	store) echo util store ledger/record.h ledger/name.h ledger/amount.h \
		ledger/chain.h ledger/whole.h ;;
	sys) echo util sys ;;
	backend) echo util ledger wire store sys backend ;;
	main) echo util ledger wire sys main ;;
	walletctl) echo util ledger wire sys walletctl ;;
	check) echo util ledger store sys check ;;
	generator) echo util sys generator ;;
	esac
}

# The directory that a library belongs to, if it does.
owner() {
	case $1 in
	systemd/* | confuse.h) echo sys ;;
	hiredis* | libsmartcols*) echo walletctl ;;
	utf8proc.h) echo ledger ;;
	check.h) echo tests ;;
	esac
}

check_own() {
	local where=$1 module=$2 header=$3 place

	for place in $(allowed "$module"); do
		case $header in "$place" | "$place"/*) return ;; esac
	done
	fault "$where: src/$module may not include \"$header\""
}

check_library() {
	local where=$1 module=$2 header=$3 place

	place=$(owner "$header")
	[ -z "$place" ] || [ "$place" = "$module" ] ||
		fault "$where: <$header> is for $place only"
}

# Prints FILE:LINE "header" or FILE:LINE <header>.
includes() {
	awk '
	/^[ \t]*#[ \t]*include/ {
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "")
		print FILENAME ":" FNR, $1
	}' "$@"
}

check_first() {
	local first

	first=$(includes "$1" | head -n 1)
	[ "${first#* }" = '"config.h"' ] || fault "$1: does not include config.h first"
}

mapfile -t files < <(c_files src)
[ "${#files[@]}" -gt 0 ] || exit 99
while read -r where what; do
	module=${where#src/}
	module=${module%%/*}
	header=${what:1:-1}
	case $what in
	\"config.h\") case $where in *.h:*) fault "$where: config.h in a header" ;; esac ;;
	\"*) check_own "$where" "$module" "$header" ;;
	*) check_library "$where" "$module" "$header" ;;
	esac
done < <(includes "${files[@]}")

while IFS= read -r file; do
	check_first "$file"
done < <(c_files src tests | grep '\.c$')
finish
