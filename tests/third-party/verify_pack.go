// verify_pack checks a full pack with the Go project's own reference code (golang.org/x/mod/sumdb), none of ours.
//
//	GO111MODULE=off GOPATH="$(the folder of Debian golang-*-dev sources)" go run verify_pack.go PACK/content LOG.vkey [PACK/content/proofs ...]
//
// It opens the checkpoint with the pinned key, recomputes the root from the entries, compares every hash tile, and makes
// and checks inclusion and consistency proofs. Prints one line of counts; exit 1 with a sentence at the first difference.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func fail(format string, arguments ...interface{}) {
	fmt.Printf("FAILED: "+format+"\n", arguments...)
	os.Exit(1)
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		fail("cannot read %s: %v", path, err)
	}
	return content
}

// tilePath turns the sumdb name of a tile (tile/8/0/x001/234) into its c2sp.org/tlog-tiles name (tile/0/x001/234).
func tilePath(tile tlog.Tile) string {
	name := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
	return strings.Replace(name, "tile/data/", "tile/entries/", 1)
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: verify_pack CONTENT VKEYFILE [PROOF...]")
	}
	content, vkey := os.Args[1], strings.TrimSpace(string(read(os.Args[2])))
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		fail("the key: %v", err)
	}
	signed, err := note.Open(read(filepath.Join(content, "checkpoint")), note.VerifierList(verifier))
	if err != nil {
		fail("the checkpoint: %v", err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("the checkpoint's text: %q", signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("the tree size: %v", err)
	}
	rootBytes, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(rootBytes) != tlog.HashSize {
		fail("the root: %q", lines[2])
	}
	var root tlog.Hash
	copy(root[:], rootBytes)

	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, fmt.Errorf("no hash %d", index)
			}
			hashes[i] = stored[index]
		}
		return hashes, nil
	})

	leaves := make([]tlog.Hash, 0, size)
	for first := int64(0); first < size; first += 1 << tileHeight {
		width := size - first
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		bundle := read(filepath.Join(content, tilePath(tlog.Tile{H: tileHeight, L: -1, N: first >> tileHeight, W: int(width)})))
		for n := int64(0); n < width; n++ {
			if len(bundle) < 2 {
				fail("entry bundle of %d ends at entry %d", first, first+n)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				fail("entry %d is cut", first+n)
			}
			leaf := tlog.RecordHash(bundle[2 : 2+length])
			bundle = bundle[2+length:]
			more, err := tlog.StoredHashesForRecordHash(first+n, leaf, reader)
			if err != nil {
				fail("entry %d: %v", first+n, err)
			}
			stored = append(stored, more...)
			leaves = append(leaves, leaf)
		}
		if len(bundle) != 0 {
			fail("entry bundle of %d has %d bytes too many", first, len(bundle))
		}
	}
	computed, err := tlog.TreeHash(size, reader)
	if err != nil {
		fail("the tree: %v", err)
	}
	if computed != root {
		fail("the entries hash to %v, the checkpoint says %v", computed, root)
	}

	tiles := 0
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		// NewTiles lists every partial tile on the way; a log of this size serves the widest of each.
		if wide := int(size>>uint(tileHeight*tile.L)) - int(tile.N)<<tileHeight; tile.W < 1<<tileHeight && tile.W < wide {
			continue
		}
		expected, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			fail("tile %s: %v", tile.Path(), err)
		}
		if !bytes.Equal(expected, read(filepath.Join(content, tilePath(tile)))) {
			fail("tile %s differs", tilePath(tile))
		}
		tiles++
	}

	proofs := 0
	for index, leaf := range leaves {
		proof, err := tlog.ProveRecord(size, int64(index), reader)
		if err != nil {
			fail("proving entry %d: %v", index, err)
		}
		if err := tlog.CheckRecord(proof, size, root, int64(index), leaf); err != nil {
			fail("inclusion of entry %d: %v", index, err)
		}
		older, err := tlog.TreeHash(int64(index)+1, reader)
		if err != nil {
			fail("the tree of %d: %v", index+1, err)
		}
		consistency, err := tlog.ProveTree(size, int64(index)+1, reader)
		if err != nil {
			fail("proving the tree of %d: %v", index+1, err)
		}
		if err := tlog.CheckTree(consistency, size, root, int64(index)+1, older); err != nil {
			fail("consistency from %d: %v", index+1, err)
		}
		proofs += 2
	}

	for _, path := range os.Args[3:] {
		checkReceipt(path, verifier)
	}
	fmt.Printf("OK entries=%d tiles=%d proofs=%d receipts=%d origin=%s\n", size, tiles, proofs, len(os.Args[3:]), verifier.Name())
}

// checkReceipt checks a c2sp.org/tlog-proof beside its entry: <index>.tlog-proof and ../entries/<index>.json.
func checkReceipt(path string, verifier note.Verifier) {
	parts := strings.SplitN(string(read(path)), "\n\n", 2)
	if len(parts) != 2 {
		fail("%s: no checkpoint", path)
	}
	lines := strings.Split(parts[0], "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		fail("%s: not a tlog-proof", path)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		fail("%s: %v", path, err)
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		decoded, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(decoded) != tlog.HashSize {
			fail("%s: hash %q", path, line)
		}
		var hash tlog.Hash
		copy(hash[:], decoded)
		proof = append(proof, hash)
	}
	signed, err := note.Open([]byte(parts[1]), note.VerifierList(verifier))
	if err != nil {
		fail("%s: %v", path, err)
	}
	head := strings.Split(signed.Text, "\n")
	size, _ := strconv.ParseInt(head[1], 10, 64)
	rootBytes, _ := base64.StdEncoding.DecodeString(head[2])
	var root tlog.Hash
	copy(root[:], rootBytes)
	entry := read(filepath.Join(filepath.Dir(path), "..", "entries", strconv.FormatInt(index, 10)+".json"))
	if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)); err != nil {
		fail("%s: %v", path, err)
	}
}
