#!/bin/bash
# SPDX-License-Identifier: MIT
# --help and the manual name the same options and commands.
#
# In --help every option is found, short ones at the start of a line or before
# the comma; commands are the first words below a line "Commands:", up to an
# empty line.  In the manual an option is ".It Fl", a command ".It Cm".
. "$(dirname "$0")/lib.sh"

need_program src/main/chain-main
need_program src/backend/chain-backend
need_program src/walletctl/walletctl
need_program src/check/chain-check
need_program src/generator/chain-generator
need_scratch

help_options() {
	grep -oE '(^|[[:space:][|])--[a-z][a-z0-9-]*' "$1" | sed 's/^[^-]*//'
	sed -nE 's/^[[:space:]]+(-[A-Za-z0-9])([ ,].*)?$/\1/p' "$1"
}

page_options() {
	sed -nE '/^\.It Fl/p' "$1" | grep -oE 'Fl -?[A-Za-z0-9][A-Za-z0-9-]*' |
		sed 's/^Fl /-/'
}

help_commands() {
	sed -nE '/^Commands:/,/^$/s/^[[:space:]]+([a-z][a-z-]*).*/\1/p' "$1"
}

page_commands() {
	sed -nE 's/^\.It Cm ([a-z][a-z-]*).*/\1/p' "$1"
}

compare() {
	local what=$1 page=$2

	sort -u -o "$scratch/help" "$scratch/help"
	sort -u -o "$scratch/page" "$scratch/page"
	fault_lines < <(comm -23 "$scratch/help" "$scratch/page" |
		sed "s|\$|: $what in --help, not in $page|")
	fault_lines < <(comm -13 "$scratch/help" "$scratch/page" |
		sed "s|\$|: $what in $page, not in --help|")
}

check_program() {
	local program=$1 page=$2 text=$scratch/text

	"$build/$program" --help > "$text" < /dev/null ||
		fault "$program --help fails"
	[ -s "$text" ] || fault "$program --help says nothing"

	help_options "$text" > "$scratch/help"
	page_options "$page" > "$scratch/page"
	compare "option" "$page"

	help_commands "$text" > "$scratch/help"
	page_commands "$page" > "$scratch/page"
	compare "command" "$page"
}

check_program src/main/chain-main man/chain-main.8
check_program src/backend/chain-backend man/chain-backend.8
check_program src/walletctl/walletctl man/walletctl.1
check_program src/check/chain-check man/chain-check.8
check_program src/generator/chain-generator man/chain-generator.8
finish
