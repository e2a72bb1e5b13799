/** Vectors of spec/json.md: what each profile takes, and what is canonical. */
import { formatBase64 } from "@countersign/evidence/base64";
import { canonicalText } from "@countersign/evidence/canonical";
import type { ErrorCode } from "@countersign/evidence/errors";
import { utf8 } from "@countersign/evidence/hash";
import type { JsonProfile } from "@countersign/evidence/strict-json";

/** `text` or, where the bytes are not text, `base64`. `error` and `pointer` are null when the document is accepted. */
export type JsonVector = {
  readonly desc: string;
  readonly profile: JsonProfile;
  readonly text?: string;
  readonly base64?: string;
  readonly error: ErrorCode | null;
  readonly pointer: string | null;
};

export type CanonicalVector = {
  readonly desc: string;
  readonly profile: JsonProfile;
  readonly text: string;
  /** The canonical form of what `text` says; null when the profile refuses it. */
  readonly canonical: string | null;
  readonly faults: readonly string[];
};

export function jsonVectors(): Record<string, JsonVector> {
  const accepted = (profile: JsonProfile, desc: string, text: string): JsonVector => ({
    desc,
    profile,
    text,
    error: null,
    pointer: null,
  });
  const refused = (
    profile: JsonProfile,
    desc: string,
    text: string,
    error: ErrorCode,
    pointer: string,
  ): JsonVector => ({ desc, profile, text, error, pointer });
  const bytes = (desc: string, start: string, middle: readonly number[], end: string, pointer: string): JsonVector => ({
    desc,
    profile: "payload",
    base64: formatBase64(Uint8Array.from([...utf8(start), ...middle, ...utf8(end)])),
    error: "malformed-json",
    pointer,
  });
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const notAllowed = "json-not-allowed";
  return {
    "entry-number/valid": accepted(
      "entry",
      "integers up to ±(2^53−1)",
      '{"n":[0,-1,9007199254740991,-9007199254740991]}',
    ),
    "entry-number/fraction": refused("entry", "a fraction", '{"n":1.5}', notAllowed, "/n"),
    "entry-number/fraction-of-zero": refused(
      "entry",
      "an integer written with a fraction",
      '{"n":1.0}',
      notAllowed,
      "/n",
    ),
    "entry-number/exponent": refused("entry", "an integer written with an exponent", '{"n":1e3}', notAllowed, "/n"),
    "entry-number/too-large": refused("entry", "2^53", '{"n":9007199254740992}', notAllowed, "/n"),
    "entry-number/rounded": refused(
      "entry",
      "2^53+1, which a double rounds to 2^53",
      '{"n":[1,9007199254740993]}',
      notAllowed,
      "/n/1",
    ),
    "entry-number/negative-zero": refused(
      "entry",
      "−0, which canonical JSON writes as 0",
      '{"n":-0}',
      notAllowed,
      "/n",
    ),
    "entry-name/valid": accepted("entry", "names that only resemble integers", '{"01":1,"-1":2,"1e3":3,"":4}'),
    "entry-name/integer-like": refused(
      "entry",
      "a name JavaScript would list first",
      '{"a":{"17":1}}',
      notAllowed,
      "/a/17",
    ),
    "entry-name/integer-like-escaped": refused(
      "entry",
      "the same name with an escape",
      '{"a":{"1\\u0037":1}}',
      notAllowed,
      "/a/17",
    ),
    "entry-name/proto": refused("entry", "__proto__", '{"a":{"__proto__":{}}}', notAllowed, "/a/__proto__"),
    "entry-depth/valid": accepted("entry", "16 levels", nested(16)),
    "entry-depth/too-deep": refused("entry", "17 levels", nested(17), notAllowed, "/0".repeat(16)),
    "payload-number/valid": accepted(
      "payload",
      "fractions, exponents, −0, integers no double holds: the bytes are kept",
      "[1.5,1e-400,-0,123456789012345678901234567890]",
    ),
    "payload-number/overflow": refused("payload", "a number no double reaches", '{"a":1e400}', notAllowed, "/a"),
    "payload-name/valid": accepted(
      "payload",
      "integer-like names and __proto__ are members like any other",
      '{"17":1,"__proto__":{"a":1}}',
    ),
    "payload-depth/valid": accepted("payload", "64 levels", nested(64)),
    "payload-depth/too-deep": refused("payload", "65 levels", nested(65), notAllowed, "/0".repeat(64)),
    "members/valid": accepted("entry", "one name in several objects", '{"k":1,"a":{"k":1},"b":[{"k":1},{"k":2}]}'),
    "members/duplicate": refused("payload", "one name twice", '{"a":{"k":1,"l":2,"k":1}}', notAllowed, "/a/k"),
    "members/duplicate-escaped": refused(
      "payload",
      "one name twice, in two spellings",
      '{"k":1,"\\u006b":2}',
      notAllowed,
      "/k",
    ),
    "strings/valid": accepted(
      "entry",
      "every escape, a surrogate pair, a noncharacter, NUL",
      '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9","\\ud834\\udd1e","𝄞","\\uffff","\\u0000"]',
    ),
    "strings/lone-high-surrogate": refused(
      "payload",
      "a high surrogate before a letter",
      '["","\\ud834x"]',
      notAllowed,
      "/1",
    ),
    "strings/lone-low-surrogate": refused(
      "payload",
      "a low surrogate alone, in a name",
      '{"a":{"\\udd1e":1}}',
      notAllowed,
      "/a",
    ),
    "strings/control-character": refused("payload", "an unescaped tab", '{"a":"\t"}', "malformed-json", "/a"),
    "strings/unknown-escape": refused("payload", "\\v", '{"a":"\\v"}', "malformed-json", "/a"),
    "strings/overlong-utf-8": bytes("U+002F in two bytes", '{"a":"', [0xc0, 0xaf], '"}', "/a"),
    "strings/surrogate-in-utf-8": bytes("U+D800 in three bytes", '["', [0xed, 0xa0, 0x80], '"]', "/0"),
    "strings/latin-1": bytes("é in one byte", '["', [0xe9], '"]', "/0"),
    "document/valid": accepted("payload", "white space around a scalar", " \t\r\n7 \n"),
    "document/byte-order-mark": bytes("a byte-order mark", "", [0xef, 0xbb, 0xbf], "{}", ""),
    "document/two-documents": refused("payload", "something after the document", "{} {}", "malformed-json", ""),
    "document/empty": refused("payload", "nothing", "", "malformed-json", ""),
    "document/trailing-comma": refused("payload", "a comma before the end", '{"a":[1,]}', "malformed-json", "/a/1"),
    "document/leading-zero": refused("payload", "a number with a leading zero", '{"a":012}', "malformed-json", "/a"),
    "document/cut-off": refused("payload", "the end is missing", '{"a":[{"b":"x"', "malformed-json", "/a/0/b"),
  };
}

export function canonicalVectors(): Record<string, CanonicalVector> {
  const of = (
    desc: string,
    text: string,
    faults: readonly string[],
    profile: JsonProfile = "entry",
  ): CanonicalVector => ({
    desc,
    profile,
    text,
    canonical: canonicalText(JSON.parse(text)),
    faults,
  });
  const no = ["entry-not-canonical"];
  return {
    "object/valid": of("members sorted, no white space", '{"a":[1,null,true],"b":{"c":"é"}}', []),
    "object/order": of("members in another order", '{"b":{"c":"é"},"a":[1,null,true]}', no),
    "object/white-space": of("a space after a comma", '{"a":[1, null,true],"b":{"c":"é"}}', no),
    "object/newline-at-end": of("a newline at the end", '{"a":[1,null,true],"b":{"c":"é"}}\n', no),
    "object/escape": of("a letter escaped that stands for itself", '{"a":[1,null,true],"b":{"c":"\\u00e9"}}', no),
    "order/valid": of(
      "sorted by UTF-16 code units: U+1F600 (D83D DE00) before U+FB33",
      '{"":0,"B":1,"a":2,"ö":3,"😀":4,"\ufb33":5}',
      [],
    ),
    "order/by-code-point": of("sorted by code points instead", '{"":0,"B":1,"a":2,"ö":3,"\ufb33":5,"😀":4}', no),
    "escapes/valid": of(
      "the two-letter escapes, and \\u00xx in lower case for other controls",
      '["\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f€"]',
      [],
    ),
    "escapes/upper-case": of("hex digits in upper case", '["\\u001F"]', no),
    "escapes/solidus": of("a solidus escaped", '["\\/"]', no),
    "number/valid": of("numbers as ECMAScript writes them", "[1.5,1e+21,1e-7,0.000001,5e-324]", [], "payload"),
    "number/trailing-zero": of("a trailing zero", "[1.50]", no, "payload"),
    "number/exponent": of("an exponent where none is due", "[1e2]", no, "payload"),
    "number/negative-zero": of("−0", "[-0]", no, "payload"),
    "refused/duplicate": {
      desc: "what the profile refuses has no canonical form",
      profile: "entry",
      text: '{"a":1,"a":1}',
      canonical: null,
      faults: ["entry-malformed"],
    },
  };
}
