/**
 * Makes a name or message from elsewhere safe for terminals, logs and line-based output: C0 and C1 control characters,
 * DEL, line and paragraph separators, bidirectional overrides and lone surrogates become `\n`, `\x1b`, `\u{202e}`…; a backslash
 * becomes two, so that nothing can pose as an escape.
 * @param maxCharacters longer names are cut in the middle; default 1,024
 */
export function escapeName(name: string, maxCharacters = 1024): string {
  const half = Math.floor(maxCharacters / 2);
  const cut =
    name.length <= maxCharacters ? name : `${name.slice(0, half)}…${name.slice(name.length - half)}`;
  return cut.replace(UNSAFE, escapeCharacter);
}

/**
 * The same for a name that is not valid UTF-8: bytes that do not decode become `\x..`.
 */
export function escapeNameBytes(name: Uint8Array): string {
  let latin = '';
  for (const byte of name.subarray(0, 255)) latin += String.fromCharCode(byte);
  return latin.replace(/[^\x20-\x7e]|\\/g, escapeCharacter);
}

const UNSAFE = /[\\\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

const SHORT: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  return SHORT[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}
