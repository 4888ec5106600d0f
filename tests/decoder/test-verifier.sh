#!/bin/bash
# SPDX-License-Identifier: MIT
# The shell script that chain-block(5) gives its readers takes a chain over
# three blocks, and refuses it after any change of what the chain covers.
set -u
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=${top_srcdir:-$(cd "$here/../.." && pwd)}
page=$top/man/chain-block.5
data=$top/tests/data/chain
tip=dc9047029488cd779c2ee1b92e7eee7956fc77144eb39f0f1f9b0fd502a5f6e7
failed=0

command -v b2sum > /dev/null || { echo "skipped: there is no b2sum"; exit 77; }
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT

# The text between the marks of the page, its mdoc escapes undone.
extract() {
	awk '
	/^\.\\" verifier: begin$/ { inside = 1; next }
	/^\.\\" verifier: end$/ { inside = 0 }
	!inside || /^\.[BE]d/ { next }
	{
		gsub(/\\-/, "-")
		gsub(/\\\(aq/, "\047")
		gsub(/\\e/, "\\")
		print
	}' "$page"
}

fail() {
	echo "FAIL: $*"
	failed=$((failed + 1))
}

fresh() {
	rm -rf "$scratch/blocks"
	mkdir "$scratch/blocks"
	cp "$data"/block?.txt "$scratch/blocks"
	chmod u+w "$scratch/blocks"/*
}

verify() {
	sh "$scratch/verify" "$scratch/blocks"/* > "$scratch/out" 2>&1
}

accepts() {
	verify || fail "$1: refused: $(cat "$scratch/out")"
	[ "$(cat "$scratch/out")" = "serial 19 tip $tip" ] ||
		fail "$1: printed: $(cat "$scratch/out")"
}

# Refused, and by the serial of the first record that is not what it was.
refuses() {
	verify && fail "$1: accepted: $(cat "$scratch/out")"
	grep -q "^serial $2: " "$scratch/out" ||
		fail "$1: expected serial $2, found: $(cat "$scratch/out")"
	fresh
}

# Replace the byte at offset $2 of the block $1.
overwrite() {
	printf '%s' "$3" |
		dd of="$scratch/blocks/$1" bs=1 seek="$2" conv=notrunc 2> /dev/null
}

# One byte of each kind of field, in all blocks that hold the record: a copy
# that is whole would be a second story of the serial, and refused as well.
change() {
	sed -i "$2" "$scratch/blocks"/*
	refuses "$1" "$3"
}

extract > "$scratch/verify"
grep -q '^#!/bin/sh$' "$scratch/verify" || { echo "no script in $page"; exit 99; }
if command -v shellcheck > /dev/null; then
	shellcheck "$scratch/verify" || fail "shellcheck"
fi

fresh
accepts "as it is"

# Blocks that are empty or stand twice change nothing.
: > "$scratch/blocks/empty.txt"
cp "$scratch/blocks/block3.txt" "$scratch/blocks/again.txt"
accepts "with an empty block and one that stands twice"
fresh

change "sender" '/^10 /s/ Ali / Alj /' 10
change "receiver" '/^10 /s/ Luke / Lukf /' 10
change "amount" '/^10 /s/ 15 / 95 /' 10
change "time" '/^10 /s/:00\.1/:00.2/' 10
change "batch" '/^12 /s/b=2/b=1/' 12
change "batch that is no longer whole" '/^18 /s/2!/2/' 18
change "batch made whole" '/^17 /s,2/2,2/2!,' 17
change "id" '/^10 /s/id=7/id=8/' 10
change "memo" '/^12 /s/caf%/caf*/' 12
change "hash" '/^14 /s/h=c/h=d/' 14
change "last digit of the last hash" '/^19 /s/7$/6/' 19
change "space" '/^14 /s/ h=/_h=/' 14
change "no hash any more" '/^14 /s/ h=.*//' 14
change "of= that is none" '/^10 /s/of=A/of=*/' 10

# Old records are covered by the first hash behind them: the copy of 5 has one.
change "old sender" '/^1 /s/Racheal/Rachfal/' 5
change "old record with a hash" '/^5 /s/129/128/' 5
change "hash of an old record" '/^5 /s/h=./h=x/' 5
change "old amount" '/^9 /s/155/154/' 10
change "old serial" '/^9 /s/9/8/' 8
change "old record between chained ones" '/^15 /s/7/8/' 16

# Only in one of the blocks: two stories of one serial.
sed -i '/^10 /s/ 15 / 16 /' "$scratch/blocks/block2.txt"
refuses "changed in a copy" 10
sed -i '/^5 /s/129/128/' "$scratch/blocks/block1.txt"
refuses "an old record changed beside its copy" 5
sed -i '/^14 /s/ 881 / 880 /' "$scratch/blocks/block1.txt"
refuses "changed in one of two homes" 14

# Every byte of a block whose records are nowhere else; 50 cannot be their last.
size=$(wc -c < "$data/block3.txt")
for ((at = 0; at < size; at++)); do
	overwrite block3.txt "$at" '?'
	verify && fail "block3.txt: byte $at changed: accepted"
	fresh
done
printf '\0' | dd of="$scratch/blocks/block1.txt" bs=1 seek=3 conv=notrunc \
	2> /dev/null
refuses "a zero byte in a name" 5

# One that is put in: a shell's read would leave it out unsaid.
change "a zero byte more" '/^10 /s/Ali/A\x00li/' 10
echo "20 Ali Luke" >> "$scratch/blocks/block1.txt"
refuses "three columns" 20

sed -i '/^4 /d' "$scratch/blocks"/*
refuses "an old record removed" 4
sed -i '/^12 /d' "$scratch/blocks"/*
refuses "a chained record removed" 12
sed -i '/^15 /d' "$scratch/blocks"/*
refuses "a record typed in by hand removed" 15

# 12 and 13 in each other's place: as they are, and under each other's serial.
sed -i 's/^12 /x /; s/^13 /12 /; s/^x /13 /' "$scratch/blocks"/*
refuses "two records swapped" 12
sed -i 's/^3 /x /; s/^6 /3 /; s/^x /6 /' "$scratch/blocks"/*
refuses "two old records swapped" 5

echo "12 Ali Luke 1" >> "$scratch/blocks/block1.txt"
refuses "an old record inserted" 12
sed -n 's/^12 Luke/12 Ali/p' "$data/block2.txt" >> "$scratch/blocks/block1.txt"
refuses "a chained record inserted" 12
sed -i 's/^17 /18 /; s/^16 /17 /' "$scratch/blocks"/*
sed -n 's/^14 /16 /p' "$data/block2.txt" >> "$scratch/blocks/block2.txt"
refuses "a chained record inserted, what follows moved up" 16

rm "$scratch/blocks/block3.txt"
refuses "without a block" 4
sh "$scratch/verify" "$scratch/blocks/none.txt" 2> /dev/null &&
	fail "a file that is not there: accepted"
sh "$scratch/verify" "$scratch/blocks"/* "$scratch" 2> /dev/null &&
	fail "a directory: accepted"

[ "$failed" -eq 0 ]
