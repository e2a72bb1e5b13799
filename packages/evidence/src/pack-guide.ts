/**
 * VERIFY.md of a pack: how to check it by hand, with tools that are not ours. Every block of commands is run by a test.
 * Spec: spec/pack.md.
 */
import type { PackScope } from "./pack.ts";

/** What a guide says depends on this alone, so that it has one digest. */
export type GuideInput = { readonly scope: PackScope; readonly log: string; readonly treeSize: number };

/** The guide's text. */
export function formatGuide({ scope, log, treeSize }: GuideInput): string {
  const what =
    scope.kind === "log"
      ? `entries ${scope.from} to ${treeSize - 1} of the log`
      : scope.kind === "run"
        ? `what belongs to run \`${scope.run_id}\` in the log`
        : "what a query found in the log";
  return `# How to check this pack

This folder holds ${what} \`${log}\`, as of ${treeSize} entries. The quick way:

    npx countersign-verify . --key LOG.VKEY

where LOG.VKEY is the log's verifier key **from somewhere else than this pack**: its owner's web page, an earlier pack, a
contract. \`content/log.vkey\` is a copy for convenience; whoever made this pack could have put any key there.

The rest of this page does the essential checks with tools that know nothing of Countersign. Run it in this folder.

## 1. Files

The manifest lists the SHA-256 of every other file under \`content/\`:

\`\`\`sh
cd content
sed 's/.*"files":{\\([^}]*\\)}.*/\\1/' manifest.json | tr ',' '\\n' |
  sed 's/^"\\(.*\\)":"sha256:\\([0-9a-f]*\\)"$/\\2  \\1/' | sha256sum --check --quiet --strict -
\`\`\`

The log itself recorded the manifest's own digest when the pack was exported, if \`attest/\` is there:

\`\`\`sh
test ! -e attest/exported.json ||
  grep -q "\\"manifest_digest\\":\\"sha256:$(sha256sum content/manifest.json | cut -c1-64)\\"" attest/exported.json
\`\`\`

## 2. Signature

\`content/checkpoint\` is a C2SP signed note: origin, number of entries, root hash. Its Ed25519 signature, with openssl:

\`\`\`sh
cd content
work=$(mktemp -d)
sed '/^$/,$d' checkpoint > "$work/text"
grep '^— ' checkpoint | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c 64 > "$work/signature"
{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
  head -n 1 log.vkey | cut -d + -f 3- | base64 -d | tail -c 32; } > "$work/key.der"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/text" -sigfile "$work/signature"
rm -r "$work"
\`\`\`

Then compare \`content/log.vkey\` with the key you have from elsewhere.

## 3. Entries

${scope.kind === "log" ? ofLog() : ofProofs()}
## What these steps do not check

Whether the entries follow from each other: that every action was decided before it ran, under a policy that was in force,
approved by people entitled to it, within its scope, and that nothing of a run is missing. That is what
\`countersign-verify\` adds. \`spec/pack.md\` of the Countersign repository says step by step how.
`;
}

function ofLog(): string {
  return `\`content/\` is a C2SP tlog-tiles log. Go's own implementation hashes every entry again and compares the root
(packages golang-go and golang-golang-x-mod-dev of Debian, or the module golang.org/x/mod):

\`\`\`sh
work=$(mktemp -d)
cat > "$work/verify.go" <<'END'
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = s[index]
	}
	return out, nil
}

func path(n int64, width int64) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 256 {
		name += fmt.Sprintf(".p/%d", width)
	}
	return filepath.Join("content/tile/entries", name)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	vkey, err := os.ReadFile(os.Args[1])
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(strings.SplitN(string(vkey), "\\n", 2)[0]))
	must(err)
	signed, err := os.ReadFile("content/checkpoint")
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	var origin, root string
	var size int64
	_, err = fmt.Sscanf(opened.Text, "%s\\n%d\\n%s\\n", &origin, &size, &root)
	must(err)
	var hashes stored
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		bundle, err := os.ReadFile(path(n, width))
		must(err)
		for i := int64(0); i < width; i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			more, err := tlog.StoredHashes(n*256+i, bundle[2:2+length], hashes)
			must(err)
			hashes = append(hashes, more...)
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			log.Fatal("a bundle is longer than its entries")
		}
	}
	computed, err := tlog.TreeHash(size, hashes)
	must(err)
	if computed.String() != root {
		log.Fatalf("root is %s, the checkpoint says %s", computed, root)
	}
	fmt.Printf("OK: %d entries of %s\\n", size, origin)
}
END
GO111MODULE=off GOFLAGS= GOPATH=\${GOPATH:-/usr/share/gocode} go run "$work/verify.go" content/log.vkey
rm -r "$work"
\`\`\`

Give it your own copy of the key in place of \`content/log.vkey\`. (A pack that does not start at entry 0, or one with
pruned entries, lacks bundles; then only the hash tiles lead to the root.)

`;
}

function ofProofs(): string {
  return `Each file of \`content/entries/\` is one entry; its leaf hash is the SHA-256 of a zero byte and the file. For the first:

\`\`\`sh
cd content
entry=$(ls entries | sort -n | head -n 1)
{ printf '\\000'; cat "entries/$entry"; } | sha256sum
\`\`\`

Each file of \`content/proofs/\` leads from that hash to the root in the checkpoint (C2SP tlog-proof). Go's own
implementation follows all of them (packages golang-go and golang-golang-x-mod-dev of Debian, or golang.org/x/mod):

\`\`\`sh
work=$(mktemp -d)
cat > "$work/verify.go" <<'END'
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	vkey, err := os.ReadFile(os.Args[1])
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(strings.SplitN(string(vkey), "\\n", 2)[0]))
	must(err)
	entries, err := filepath.Glob("content/entries/*.json")
	must(err)
	for _, name := range entries {
		entry, err := os.ReadFile(name)
		must(err)
		index := strings.TrimSuffix(filepath.Base(name), ".json")
		proof, err := os.ReadFile("content/proofs/" + index + ".tlog-proof")
		must(err)
		parts := strings.SplitN(string(proof), "\\n\\n", 2)
		opened, err := note.Open([]byte(parts[1]), note.VerifierList(verifier))
		must(err)
		var origin, rootText string
		var size int64
		_, err = fmt.Sscanf(opened.Text, "%s\\n%d\\n%s\\n", &origin, &size, &rootText)
		must(err)
		root, err := tlog.ParseHash(rootText)
		must(err)
		lines := strings.Split(parts[0], "\\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != "index "+index {
			log.Fatalf("%s: not a proof of this entry", name)
		}
		var path tlog.RecordProof
		for _, line := range lines[2:] {
			hash, err := tlog.ParseHash(line)
			must(err)
			path = append(path, hash)
		}
		n, err := strconv.ParseInt(index, 10, 64)
		must(err)
		must(tlog.CheckRecord(path, size, root, n, tlog.RecordHash(entry)))
	}
	fmt.Printf("OK: %d entries\\n", len(entries))
}
END
GO111MODULE=off GOFLAGS= GOPATH=\${GOPATH:-/usr/share/gocode} go run "$work/verify.go" content/log.vkey
rm -r "$work"
\`\`\`

Give it your own copy of the key in place of \`content/log.vkey\`.

`;
}
